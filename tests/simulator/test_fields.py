"""What a message is given comes back with it: keyboards, entities, quotes, places, previews, thumbnails."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import telegram
from telegram import InputFile

from simulator.client import Person, Simulator
from simulator.pictures import striped_png

Call = Callable[..., Awaitable[dict[str, Any]]]


def inline(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


def bold(offset: int, length: int) -> dict[str, Any]:
    return {"type": "bold", "offset": offset, "length": length}


@pytest.fixture
async def ana(simulator: Simulator) -> Person:
    return await simulator.person("Ana", id=1, started=True)


async def test_a_keyboard_holds_twelve_keys_a_row_and_the_rest_is_left_out(ana: Person, call: Call) -> None:
    keys = [[str(number) for number in range(14)], [{"text": ""}], *[["x"] * 12] * 30]
    assert (await call("sendMessage", chat_id=1, text="x", reply_markup={"keyboard": keys}))["ok"]
    await ana.refresh()
    widths = [len(row) for row in ana.reply_keyboard]
    assert widths[0] == 12
    assert sum(widths) == 300
    # An inline button without text is left out too.
    rows = [[{"text": "", "callback_data": "d"}, {"text": "B", "callback_data": "d"}], [{"text": ""}]]
    sent = await call("sendMessage", chat_id=1, text="x", reply_markup=inline(*rows))
    assert sent["result"]["reply_markup"] == inline(rows[0][1:])


@pytest.mark.usefixtures("ana")
async def test_crossing_entities_are_cut(call: Call) -> None:
    italic = {"type": "italic", "offset": 3, "length": 5}
    sent = await call("sendMessage", chat_id=1, text="Hello you!", entities=[bold(0, 5), italic])
    assert sent["result"]["entities"] == [
        bold(0, 5),
        {"type": "italic", "offset": 3, "length": 2},
        {"type": "italic", "offset": 5, "length": 3},
    ]
    # Those that Telegram finds by itself are overlooked, empty ones left out.
    given = [{"type": "url", "offset": 0, "length": 3}, bold(2, 0)]
    assert "entities" not in (await call("sendMessage", chat_id=1, text="Hello", entities=given))["result"]


@pytest.mark.usefixtures("ana")
async def test_a_quote_is_the_part_of_the_message_nearest_to_its_place(call: Call) -> None:
    message = (await call("sendMessage", chat_id=1, text="ab ab ab"))["result"]["message_id"]
    for place, found in ((0, 0), (4, 3), (7, 6)):
        reply = {"message_id": message, "quote": "ab", "quote_position": place}
        sent = await call("sendMessage", chat_id=1, text="x", reply_parameters=reply)
        assert sent["result"]["quote"] == {"text": "ab", "position": found, "is_manual": True}


@pytest.mark.usefixtures("ana")
async def test_no_field_is_dropped(call: Call) -> None:
    place = {"latitude": 1.0, "longitude": 2.0, "horizontal_accuracy": 5.0}
    live = {"live_period": 600, "heading": 90, "proximity_alert_radius": 50}
    sent = (await call("sendLocation", chat_id=1, **place, **live))["result"]
    assert sent["location"] == place | live
    four = {"foursquare_id": "4", "foursquare_type": "arts/museum"}
    google = {"google_place_id": "g", "google_place_type": "museum"}
    named = {"title": "T", "address": "A"}
    for given, kept in ((google, google), (four | google, four)):
        sent = (await call("sendVenue", chat_id=1, **place, **named, **given))["result"]
        assert sent["venue"] == named | kept | {"location": place}
    preview = {"url": "https://example.org/", "show_above_text": True}
    sent = await call("sendMessage", chat_id=1, text="x", link_preview_options=preview, message_effect_id="7")
    assert (sent["result"]["link_preview_options"], sent["result"]["effect_id"]) == (preview, "7")
    sent = await call("sendMessage", chat_id=1, text="x", disable_web_page_preview=True, protect_content=True)
    assert sent["result"]["link_preview_options"] == {"is_disabled": True}
    assert sent["result"]["has_protected_content"] is True


async def test_a_document_has_its_thumbnail(ana: Person, bot: telegram.Bot) -> None:
    sent = await bot.send_document(ana.id, InputFile(b"x", "a.pdf"), thumbnail=striped_png(1))
    assert sent.document is not None
    assert sent.document.thumbnail is not None
    assert sent.document.thumbnail.width == 90
