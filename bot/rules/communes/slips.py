"""How likely a typing error is: fingers drop, swap and double letters, and hit the neighbour of a key."""

_KEYBOARDS = (("azertyuiop", "qsdfghjklm", "wxcvbn"), ("qwertyuiop", "asdfghjkl", "zxcvbnm"))
"""The letters of a French and of an English keyboard, row by row."""
_LIKELY, _PLAUSIBLE, _ODD = 0.8, 0.9, 1.1
"""Costs of one error. Of all the names one letter away, few are so by a dropped or swapped letter:
where one is, it is far likelier to be meant."""
_DROPPED = 0.15
"""How much likelier each letter dropped is than one added, where there are several errors."""


def _neighbours() -> frozenset[tuple[str, str]]:
    """Every pair of letters side by side on a keyboard, both ways round."""
    rows = [row for keyboard in _KEYBOARDS for row in keyboard]
    pairs = [(row[at], row[at + 1]) for row in rows for at in range(len(row) - 1)]
    return frozenset(pairs + [(right, left) for left, right in pairs])


_NEIGHBOURS = _neighbours()


def cost_of_slips(typed: str, meant: str, errors: int) -> float:
    """About the number of errors; a single one costs less if it is a likely slip, more if an odd one."""
    if errors != 1:
        return errors - _DROPPED * (len(meant) - len(typed))
    at = next((at for at, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), None)
    if len(typed) < len(meant):
        return _LIKELY  # a letter dropped
    if at is None:
        at = len(typed) - 1  # a letter too many, at the end
    if len(typed) > len(meant):
        beside = {typed[at - 1 : at], typed[at + 1 : at + 2]}
        slipped = typed[at] in beside or any((typed[at], letter) in _NEIGHBOURS for letter in beside)
        return _PLAUSIBLE if slipped else _ODD
    if typed[at + 1 : at + 2] == meant[at] and typed[at] == meant[at + 1 : at + 2]:
        return _LIKELY  # two letters swapped
    return _PLAUSIBLE if (typed[at], meant[at]) in _NEIGHBOURS else _ODD
