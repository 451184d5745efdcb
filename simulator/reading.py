"""How a person reads: nobody sees which kind of space stands between two words."""

_NO_BREAK_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " "})


def as_read(text: str) -> str:
    """The text with plain spaces for those at which a line may not end."""
    return text.translate(_NO_BREAK_SPACES)


def holds(text: str, wanted: str) -> bool:
    """Whether somebody who looks for the words finds them, whatever the case."""
    return as_read(wanted).casefold() in as_read(text).casefold()
