"""A number with its noun, as English says it: for the command line, whose sentences are not translated."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 person`, `2 people`, `12,000 messages`: `plural` where it is not the noun and an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def counted_people(number: int) -> str:
    """`1 person`, `2 people`."""
    return counted(number, "person", "people")
