"""The texts and captions of a call."""

from simulator.errors import bad_request
from simulator.params import Params
from simulator.parse import parse_text

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024


def read_text(params: Params, name: str = "text", list_name: str = "entities") -> tuple[str, bytes]:
    """The parsed text of a message, which must not be empty."""
    if not params.text(name):
        raise bad_request("message text is empty")
    text, entities = parsed(params, name, list_name)
    if not text:
        raise bad_request("text must be non-empty")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text, entities


def read_caption(params: Params) -> tuple[str, bytes]:
    """The parsed caption of a photo or document, which may be empty."""
    text, entities = parsed(params, "caption", "caption_entities")
    if len(text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities


def parsed(params: Params, name: str, list_name: str) -> tuple[str, bytes]:
    given = params.structure(list_name, "can't parse message entities: can't parse JSON") or []
    # What is no list is overlooked (Client.cpp, get_formatted_text).
    return parse_text(
        params.text(name), params.text("parse_mode"), given if isinstance(given, list) else None
    )
