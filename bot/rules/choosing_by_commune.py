"""Whether a message was sent to people because of where they vote, which needs their consent (purpose `commune`)."""

from bot.rules.areas import ABROAD_AREA, EVERYWHERE
from bot.rules.expressions import All, AnyOf, Expression, Not, leaves_of
from bot.rules.leaves import Leaf


def chosen_by_commune(audience: Expression, area: str) -> bool:
    """Whether anybody of a broadcast was chosen by where they vote: by its audience, or by its author's `area`."""
    return area not in {EVERYWHERE, ABROAD_AREA} or any(leaf.uses_commune for leaf in leaves_of(audience))


def chosen_otherwise(audience: Expression, area: str) -> Expression | None:
    """Who of a broadcast is in it whether or not their commune may be used; None: nobody."""
    return None if area not in {EVERYWHERE, ABROAD_AREA} else _otherwise(audience, denied=False)


def _otherwise(expression: Expression, *, denied: bool) -> Expression | None:
    match expression:
        case Not(part):
            return _otherwise(part, denied=not denied)
        case All(parts) | AnyOf(parts):
            found = [_otherwise(part, denied=denied) for part in parts]
            kept = tuple(part for part in found if part is not None)
            if isinstance(expression, All) != denied:
                return All(kept) if len(kept) == len(found) else None
            return AnyOf(kept) if kept else None
        case Leaf() if expression.uses_commune:
            return None
    return Not(expression) if denied else expression
