"""What a bot offers to be sent in a person's name is checked when it is given; each refusal says whose words it has."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.errors import PersonError
from simulator.inline import choose_result, type_inline
from simulator.params import Upload
from simulator.pictures import striped_png
from tests.simulator.direct import Direct

BAD = "Bad Request: can't parse inline query result: "
HELLO = {"message_text": "Hello"}


def article(**fields: Any) -> dict[str, Any]:
    return {"type": "article", "id": "1", "title": "T", "input_message_content": HELLO} | fields


def saying(**content: Any) -> dict[str, Any]:
    return article(input_message_content=content)


def other(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "id": "1"} | fields


CLIENT, INLINE, CODE = (
    "Client.cpp",
    "InlineQueriesManager.cpp of tdlib",
    "core.telegram.org/method/messages.setInlineBotResults",
)
REFUSED: list[tuple[Any, str, str]] = [
    ({}, "Bad Request: expected an Array of inline query results", CLIENT),
    ([article()] * 51, "Bad Request: too many inline query results specified", CLIENT),
    (["x"], BAD + "Inline query result must be an object", CLIENT),
    ([{"id": "1"}], BAD + 'Can\'t find field "type"', "JsonBuilder.cpp of tdlib"),
    ([article(type=["article"])], BAD + 'Field "type" must be of type String', "JsonBuilder.cpp of tdlib"),
    ([other("song")], BAD + 'type "song" is unsupported for the inline query result', CLIENT),
    ([article(id=None)], BAD + 'Can\'t find field "id"', "JsonBuilder.cpp of tdlib"),
    ([article(id="é" * 33)], "Bad Request: RESULT_ID_INVALID", CODE),
    ([article(id="")], "Bad Request: RESULT_ID_INVALID", CODE),
    ([article(), article(id=1)], "Bad Request: RESULT_ID_DUPLICATE", CODE),
    ([article(title="")], "Bad Request: ARTICLE_TITLE_EMPTY", CODE),
    ([article(title=None)], BAD + 'Can\'t find field "title"', "JsonBuilder.cpp of tdlib"),
    # An article says what it sends
    ([article(input_message_content=None)], BAD + 'Can\'t find field "message_text"', CLIENT),
    (
        [article(input_message_content="x")],
        BAD + 'Field "input_message_content" must be of type Object',
        CLIENT,
    ),
    ([article(input_message_content={})], BAD + "Input message content is not specified", CLIENT),
    ([article(input_message_content=None, message_text="")], BAD + "Message text is empty", CLIENT),
    ([saying(message_text=" ")], "Bad Request: text must be non-empty", "MessageEntity.cpp of tdlib"),
    ([saying(message_text="x" * 4097)], "Bad Request: MESSAGE_TOO_LONG", CODE),
    (
        [saying(message_text="<b>x", parse_mode="HTML")],
        BAD + "Can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        "MessageEntity.cpp of tdlib",
    ),
    (
        [saying(message_text="x", entities=[{"type": "bold", "offset": 0, "length": 9}])],
        "Bad Request: entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 9",
        "MessageEntity.cpp of tdlib",
    ),
    ([saying(latitude=95, longitude=1)], "Bad Request: invalid location specified", "Location.cpp of tdlib"),
    (
        [saying(latitude=5, longitude=1, live_period=5)],
        "Bad Request: wrong live location period specified",
        "Location.cpp of tdlib",
    ),
    ([saying(phone_number="1")], BAD + 'Can\'t find field "first_name"', "JsonBuilder.cpp of tdlib"),
    # Keyboards
    (
        [article(reply_markup={"keyboard": [["A"]]})],
        "Bad Request: inline keyboard expected",
        "ReplyMarkup.cpp of tdlib",
    ),
    (
        [article(reply_markup={"inline_keyboard": [[{"text": "B"}]]})],
        BAD + "Can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        CLIENT,
    ),
    (
        [article(reply_markup={"inline_keyboard": [[{"text": "B", "callback_data": "é" * 33}]]})],
        "Bad Request: BUTTON_DATA_INVALID",
        CODE,
    ),
    # Others
    ([other("photo")], BAD + 'Can\'t find field "photo_file_id"', CLIENT),
    (
        [other("photo", photo_file_id="AgAC")],
        "Bad Request: wrong remote file identifier specified: can't unserialize it. Wrong last symbol",
        "FileManager.cpp of tdlib",
    ),
    (
        [other("photo", photo_url="https://a.b/c.jpg", caption="x" * 1025)],
        "Bad Request: MEDIA_CAPTION_TOO_LONG",
        CODE,
    ),
    ([other("sticker", sticker_file_id="a.webp")], "Bad Request: wrong sticker_file_id specified", INLINE),
    ([other("document", document_url="https://a.b/c")], BAD + 'Can\'t find field "title"', CLIENT),
    (
        [other("document", title="T", document_url="https://a.b/c", mime_type="text/plain")],
        "Bad Request: unallowed document MIME type",
        INLINE,
    ),
    ([other("video", title="T", video_url="https://a.b/c")], BAD + 'Can\'t find field "mime_type"', CLIENT),
    (
        [other("contact", phone_number=" ", first_name="A")],
        'Bad Request: field "phone_number" must contain a valid phone number',
        INLINE,
    ),
    ([other("location", latitude=1, longitude=1)], BAD + 'Can\'t find field "title"', CLIENT),
    ([other("venue", latitude=1, longitude="1")], BAD + 'Field "longitude" must be of type Number', CLIENT),
]


def test_wrong_results_are_refused() -> None:
    direct = Direct()
    query = type_inline(direct.world, direct.ana, "x").query_id
    for results, description, source in REFUSED:
        answer = direct.call("answerInlineQuery", inline_query_id=query, results=results)
        assert answer == description, (results, source)
    assert direct.call("answerInlineQuery", inline_query_id=query, results=[article()]) is True


SINGLE: list[tuple[Any, str]] = [
    (None, "Bad Request: result isn't specified"),
    ("[", "Bad Request: can't parse JSON encoded web view query results"),
    ([], "Bad Request: inline query result must be an object"),
    (saying(), "Bad Request: input message content is not specified"),
    (other("song"), 'Bad Request: type "song" is unsupported for the inline query result'),
    (article(id="x" * 65), "Bad Request: RESULT_ID_INVALID"),
    (
        saying(message_text="<i", parse_mode="HTML"),
        "Bad Request: can't parse entities: Unclosed start tag at byte offset 0",
    ),
]


@pytest.mark.parametrize("method", ["answerWebAppQuery", "savePreparedInlineMessage"])
def test_a_wrong_result_of_a_mini_app_is_refused(method: str) -> None:
    """Without a sentence around what is wrong (Client.cpp, process_answer_web_app_query_query)."""
    direct = Direct()
    for result, description in SINGLE:
        assert direct.call(method, user_id=1, allow_user_chats=True, result=result) == description


BUTTONS: list[tuple[Any, str]] = [
    ([], "Bad Request: can't parse inline query results button: InlineQueryResultsButton must be an Object"),
    (
        {"text": "x"},
        "Bad Request: can't parse inline query results button: "
        "InlineQueryResultsButton must have exactly one optional field",
    ),
    ({"text": "x", "start_parameter": "é"}, "Bad Request: START_PARAM_INVALID"),
    (
        {"start_parameter": "x"},
        "Bad Request: can't parse inline query results button: Can't find field \"text\"",
    ),
]


def test_the_button_above_results() -> None:
    direct = Direct()
    query = type_inline(direct.world, direct.ana, "x")
    for button, description in BUTTONS:
        given = direct.call("answerInlineQuery", inline_query_id=query.query_id, results=[], button=button)
        assert given == description
    button = {"text": "Start", "start_parameter": "a-b"}
    assert direct.call("answerInlineQuery", inline_query_id=query.query_id, results=[], button=button) is True
    assert query.answer == {"results": [], "button": button}


def test_results_of_each_kind_are_sent() -> None:
    direct = Direct()
    world = direct.world
    photo = world.files.add_photo(Upload("p.png", "image/png", striped_png(1)))[-1]["file_id"]
    video = world.files.add_file("video", Upload("v.mp4", "video/mp4", b"v"), {"duration": 3})["file_id"]
    place = {"latitude": 1.5, "longitude": 2}
    results = [
        other("photo", photo_file_id=photo, caption="*c*", parse_mode="Markdown"),
        other("video", video_file_id=video, title="T"),
        other("venue", title="V", address="A", **place),
        other("contact", phone_number="+33", first_name="Zoé"),
        other("location", title="L", live_period=60, **place),
        other("photo", photo_url="https://example.org/p.jpg", input_message_content=HELLO),
        other("photo", photo_url="https://example.org/p.jpg"),
    ]
    results = [result | {"id": number} for number, result in enumerate(results)]
    query = type_inline(world, direct.ana, "x")
    assert direct.call("answerInlineQuery", inline_query_id=query.query_id, results=results) is True
    sent = [choose_result(world, direct.ana, query.query_id, str(number)) for number in range(6)]
    kinds = [next(iter(message.media or {}), "") for message in sent]
    assert kinds == ["photo", "video", "venue", "contact", "location", ""]
    assert [message.text for message in sent] == ["c", "", "", "", "", "Hello"]
    assert (sent[1].media or {})["video"]["duration"] == 3
    assert (sent[4].media or {})["location"] == place | {"live_period": 60}
    with pytest.raises(PersonError, match="is not on this machine"):
        choose_result(world, direct.ana, query.query_id, "6")
