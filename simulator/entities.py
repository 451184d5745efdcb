"""The entities that a bot gives itself, checked as Client.cpp and MessageEntity.cpp of Telegram's own server do."""

from __future__ import annotations

from typing import Any

from simulator.errors import bad_request
from simulator.urls import check_link

Entity = dict[str, Any]

TAKEN = {
    *("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "text_link", "text_mention"),
    *("custom_emoji", "blockquote", "expandable_blockquote", "date_time"),
}
# Telegram finds these by itself, and overlooks those that are given.
FOUND = {
    *("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"),
}
FARTHEST = 1_000_000
# What must come with an entity of a kind, and as which type.
NEEDED: dict[str, tuple[str, type, str]] = {
    "text_link": ("url", str, "String"),
    "text_mention": ("user", dict, "Object"),
    "date_time": ("unix_time", int, "Number"),
}


def read_entities(given: list[Any]) -> list[Entity]:
    """The entities to keep; a wrong one refuses the whole message."""
    return [entity for each in given if (entity := _read(each)) is not None]


def _read(given: Any) -> Entity | None:
    prefix = "can't parse MessageEntity: "
    if not isinstance(given, dict):
        raise bad_request(prefix + "expected an Object")
    for name in ("offset", "length"):
        if name not in given:
            raise bad_request(prefix + f'Can\'t find field "{name}"')
        if isinstance(given[name], bool) or not isinstance(given[name], int):
            raise bad_request(prefix + f'Field "{name}" must be a Number')
    kind = given.get("type")
    if not kind:
        raise bad_request(prefix + ("Type is not specified" if kind == "" else 'Can\'t find field "type"'))
    if not isinstance(kind, str):
        raise bad_request(prefix + 'Field "type" must be of type String')
    if kind in FOUND:
        return None
    if kind not in TAKEN:
        raise bad_request(prefix + "Unsupported type specified")
    if kind in NEEDED:
        name, expected, called = NEEDED[kind]
        if name not in given:
            raise bad_request(prefix + f'Can\'t find field "{name}"')
        if not isinstance(given[name], expected):
            raise bad_request(prefix + f'Field "{name}" must be of type {called}')
    return dict(given)


def check(text: str, entities: list[Entity]) -> list[Entity]:
    """The entities without the empty ones; refuses a wrong link, and whatever does not stand within the text."""
    for entity in entities:
        if entity["type"] == "text_link":
            check_link(entity["url"], "entity")
    for entity in entities:
        for name in ("offset", "length"):
            if not 0 <= entity[name] <= FARTHEST:
                raise bad_request(f"receive an entity with incorrect {name} {entity[name]}")
    kept = [entity for entity in entities if entity["length"]]
    check_within(text, kept)
    return kept


def check_within(text: str, entities: list[Entity]) -> None:
    """Refuses an entity that begins or ends outside of the text, or in the middle of a character.

    Offsets count UTF-16 units; the places that are named count bytes of UTF-8, as in the original.
    """
    if not entities:
        return
    starts: dict[int, int] = {}  # the UTF-16 offset of each character -> its byte offset
    units = size = 0
    for character in text:
        starts[units] = size
        units += 2 if ord(character) > 0xFFFF else 1
        size += len(character.encode("utf-8", "surrogatepass"))
    starts[units] = size
    for entity in sorted(entities, key=lambda each: (each["offset"], -each["length"])):
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if start > units:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {start}")
        if start not in starts:
            place = starts[start + 1]
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {place}")
        named = f"entity beginning at UTF-16 offset {start} ends"
        if end > units:
            raise bad_request(f"{named} after the end of the text at UTF-16 offset {end}")
        if end not in starts:
            raise bad_request(f"{named} in a middle of a UTF-16 symbol at byte offset {starts[end + 1]}")


def split(entities: list[Entity]) -> list[Entity]:
    """Entities of which none sticks out of another: one that does is cut in two where the other ends."""
    left = sorted(entities, key=lambda each: (each["offset"], -each["length"]))
    done: list[Entity] = []
    ends: list[int] = []
    while left:
        entity = left.pop(0)
        start, end = entity["offset"], entity["offset"] + entity["length"]
        while ends and ends[-1] <= start:
            ends.pop()
        if ends and end > ends[-1]:
            rest = entity | {"offset": ends[-1], "length": end - ends[-1]}
            entity = entity | {"length": ends[-1] - start}
            left = sorted([*left, rest], key=lambda each: (each["offset"], -each["length"]))
        ends.append(entity["offset"] + entity["length"])
        done.append(entity)
    return done
