"""What becomes of a text before it is kept, as misc.cpp and MessageEntity.cpp of tdlib have it."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator.cleaning import clean, clean_with, is_empty, utf16_length
from simulator.errors import lower_first_letter
from simulator.parse import parse_text
from simulator.view import message_view, preview
from tests.simulator.direct import Direct


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("a\r\nb\r", "a\nb"),  # returns go
        ("a\tb\x00\x07c", "a b  c"),  # each other control character becomes a space
        ("a\u2028b\u202ec", "abc"),  # no line separators, no turning of the direction of writing
        ("a\u030ab\u0333", "ab"),  # nothing drawn over or under a letter
        ("a\u200e\u200f\u200eb", "a\u200c\u200c\u200eb"),  # of marks in a row the last one stays
        (" \n\u00a0a \n", "\u00a0a"),  # only spaces and line breaks are cut off
        ("é 😀", "é 😀"),
    ],
)
def test_a_text_is_cleaned(given_text: str, kept: str) -> None:
    assert parse_text(given_text) == (kept, b"")


@pytest.mark.parametrize("unseen", ["", " \n", "\u00a0\u200b", "\ufeff\u2800\u3000", "\u200f\U000e0001"])
def test_what_nobody_sees_is_empty(unseen: str) -> None:
    assert is_empty(unseen)
    assert not is_empty(unseen + ".")


def test_entities_move_with_what_goes() -> None:
    text, entities = parse_text("<i>\r</i>a\r\n<b>é\r😀</b>\r c \r", "HTML")
    assert text == "a\né😀 c"
    assert orjson.loads(entities) == [{"type": "bold", "offset": 2, "length": 3}]


@given(st.text(st.sampled_from("a😀\r\u202e \n\t"), max_size=12), st.data())
def test_an_entity_holds_what_it_held(text: str, data: st.DataObject) -> None:
    starts = [utf16_length(text[:at]) for at in range(len(text) + 1)]
    first, last = sorted(data.draw(st.tuples(st.sampled_from(starts), st.sampled_from(starts))))
    assume(first < last)
    held = text.encode("utf-16-le")[first * 2 : last * 2].decode("utf-16-le")
    kept, entities = clean_with(text, [{"type": "bold", "offset": first, "length": last - first}])
    found = [kept.encode("utf-16-le")[e["offset"] * 2 : (e["offset"] + e["length"]) * 2] for e in entities]
    assert [each.decode("utf-16-le") for each in found] == [clean(held)] * bool(clean(held))


def test_what_a_spoiler_hides_is_told_nowhere_in_passing() -> None:
    direct = Direct()
    hidden = {"text": "It is <tg-spoiler>😀 me</tg-spoiler>!", "parse_mode": "HTML"}
    number = direct.call("sendMessage", **hidden)["message_id"]
    quote = {"message_id": number, "quote": "<tg-spoiler>me</tg-spoiler>", "quote_parse_mode": "HTML"}
    for answer, told in (({"message_id": number}, "It is ▒▒▒▒▒!"), (quote, "▒▒")):
        direct.call("sendMessage", text="x", reply_parameters=answer)
        message = next(direct.world.newest_first(direct.ana))
        assert message_view(message)["reply"]["text"] == told
    first = direct.world.chat(direct.ana).messages[number]
    assert (preview(first), message_view(first)["brief"]) == ("It is ▒▒▒▒▒!", "It is ▒▒▒▒▒!")


def test_names_and_captions_are_cleaned_too() -> None:
    direct = Direct()
    venue = direct.call("sendVenue", latitude=1, longitude=1, title="A\rB", address="C\tD")["venue"]
    assert (venue["title"], venue["address"]) == ("AB", "C D")
    contact = direct.call("sendContact", phone_number="+33\r", first_name="Z\to")["contact"]
    assert contact == {"phone_number": "+33", "first_name": "Z o"}
    poll = direct.call("sendPoll", question="a\r\nb", options=["x\ty", " z "])["poll"]
    assert [poll["question"], *(option["text"] for option in poll["options"])] == ["a\nb", "x y", "z"]
    markup = {"inline_keyboard": [[{"text": "A\rB", "callback_data": "d"}]]}
    sent = direct.call("sendMessage", text="x", reply_markup=markup)
    assert sent["reply_markup"] == {"inline_keyboard": [[{"text": "AB", "callback_data": "d"}]]}


# Location.cpp of tdlib, process_live_location
PLACES = [
    ({"live_period": 59}, "Bad Request: wrong live location period specified"),
    ({"live_period": 86_401}, "Bad Request: wrong live location period specified"),
    ({"live_period": 60, "heading": 361}, "Bad Request: wrong live location heading specified"),
    ({"live_period": 60, "heading": -1}, "Bad Request: wrong live location heading specified"),
    (
        {"live_period": 60, "proximity_alert_radius": 100_001},
        "Bad Request: wrong live location proximity alert radius specified",
    ),
    ({"latitude": "nan"}, "Bad Request: invalid location specified"),
    ({"longitude": 180.5}, "Bad Request: invalid location specified"),
]


def test_a_place_that_moves_has_its_ranges() -> None:
    direct = Direct()
    for live, description in PLACES:
        assert direct.call("sendLocation", **{"latitude": 1, "longitude": 2, **live}) == description
    live = {"live_period": 2**31 - 1, "heading": 360, "proximity_alert_radius": 100_000}
    place = {"latitude": 1.0, "longitude": 2.0}
    sent = direct.call("sendLocation", **place, horizontal_accuracy=2000, **live)
    assert sent["location"] == place | {"horizontal_accuracy": 1500.0} | live
    still = direct.call("sendLocation", **place, heading=5, horizontal_accuracy=-1)
    assert still["location"] == place


def test_a_place_that_moves_is_moved_and_stopped() -> None:
    """MessagesManager.cpp of tdlib, edit_message_live_location."""
    direct = Direct()
    here, there = {"latitude": 1.0, "longitude": 2.0}, {"latitude": 3.0, "longitude": 4.0}
    number = direct.call("sendLocation", **here, live_period=60)["message_id"]
    still = direct.call("sendLocation", **here)["message_id"]
    nothing = "Bad Request: there is no live location in the message to edit"
    assert direct.call("editMessageLiveLocation", message_id=still, **there) == nothing
    moved = direct.call("editMessageLiveLocation", message_id=number, heading=9, **there)
    assert moved["location"] == there | {"live_period": 60, "heading": 9}
    same = direct.call("editMessageLiveLocation", message_id=number, heading=9, **there)
    assert "message is not modified" in same
    longer = direct.call("editMessageLiveLocation", message_id=number, live_period=86_461, **there)
    assert longer == "Bad Request: wrong live location period specified"
    assert direct.call("stopMessageLiveLocation", message_id=number)["location"] == there
    assert direct.call("stopMessageLiveLocation", message_id=number) == nothing
    number = direct.call("sendLocation", **here, live_period=60)["message_id"]
    direct.world.clock.move(by_seconds=60)
    late = direct.call("editMessageLiveLocation", message_id=number, **there)
    assert late == "Bad Request: message can't be edited"


BUTTON = "Bad Request: can't parse inline keyboard button: "
NOTHING = BUTTON + "Text buttons are unallowed in the inline keyboard"
BUTTONS = [
    ({"callback_data": {"a": 1}}, BUTTON + 'Field "callback_data" must be of type String'),
    ({"callback_data": [1]}, BUTTON + 'Field "callback_data" must be of type String'),
    ({"callback_data": True}, BUTTON + 'Field "callback_data" must be of type String'),
    ({"callback_data": ""}, NOTHING),
    ({"callback_data": None}, NOTHING),
    ({"url": ""}, NOTHING),
    ({"callback_data": "é" * 33}, "Bad Request: BUTTON_DATA_INVALID"),
    ({"web_app": "x"}, BUTTON + 'Field "web_app" must be of type Object'),
    ({"switch_inline_query": 1.5, "text": [1]}, BUTTON + 'Field "text" must be of type String'),
    ({"switch_inline_query_chosen_chat": {}}, "Bad Request: at least one chat type must be allowed"),
    (
        {"icon_custom_emoji_id": "x", "url": "a.b"},
        BUTTON + 'Field "icon_custom_emoji_id" must be a valid Number',
    ),
]


def test_the_data_of_a_button() -> None:
    """JsonBuilder.cpp and Client.cpp, get_inline_keyboard_button_type: a number passes for a text."""
    direct = Direct()
    for button, description in BUTTONS:
        markup = {"inline_keyboard": [[{"text": "B", **button}]]}
        assert direct.call("sendMessage", text="x", reply_markup=markup) == description, button
    taken = [({"callback_data": 7}, "7"), ({"callback_data": "é" * 32}, "é" * 32)]
    for button, data in taken:
        markup = {"inline_keyboard": [[{"text": "B", **button, "unknown": 1}]]}
        shown = direct.call("sendMessage", text="x", reply_markup=markup)["reply_markup"]
        assert shown == {"inline_keyboard": [[{"text": "B", "callback_data": data}]]}
    both = {"inline_keyboard": [[{"text": "B", "callback_data": "d", "url": "https://a.b/"}]]}
    shown = direct.call("sendMessage", text="x", reply_markup=both)["reply_markup"]
    assert shown == {"inline_keyboard": [[{"text": "B", "url": "https://a.b/"}]]}


@pytest.mark.parametrize(
    ("text", "lowered"),
    [
        ("Message text is empty", "message text is empty"),
        ("MESSAGE_TOO_LONG", "MESSAGE_TOO_LONG"),  # codes stay
        ("X_INVALID", "X_INVALID"),
        ("chat not found", "chat not found"),
        ("", ""),
    ],
)
def test_only_words_are_lowered(text: str, lowered: str) -> None:
    assert lower_first_letter(text) == lowered
