"""Videos, sounds, stickers, albums, polls, dice and contacts, through python-telegram-bot's own Bot."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import telegram
from telegram import InputFile, InputMediaAudio, InputMediaDocument, InputMediaPhoto, InputMediaVideo

from simulator.client import Person, Simulator, SimulatorError
from simulator.pictures import striped_png

Call = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def ana(simulator: Simulator) -> Person:
    return await simulator.person("Ana", id=1, started=True)


async def test_each_kind_of_file(ana: Person, bot: telegram.Bot) -> None:
    video = (
        await bot.send_video(1, InputFile(b"v", "v.mp4"), duration=3, width=4, height=5, caption="c")
    ).video
    assert video is not None
    assert (video.to_dict()["duration"], video.width, video.height, video.file_name) == (3, 4, 5, "v.mp4")
    audio = (await bot.send_audio(1, InputFile(b"a", "a.mp3"), performer="P", title="T")).audio
    assert audio is not None
    assert (audio.performer, audio.title) == ("P", "T")
    voice = (await bot.send_voice(1, InputFile(b"o", "o.ogg"), duration=9)).voice
    assert voice is not None
    assert voice.to_dict()["duration"] == 9
    note = (await bot.send_video_note(1, InputFile(b"n", "n.mp4"), length=240)).video_note
    assert note is not None
    assert note.length == 240
    moving = await bot.send_animation(1, InputFile(b"g", "g.gif"))
    assert moving.animation is not None
    assert moving.document is not None
    sticker = (await bot.send_sticker(1, InputFile(b"s", "s.webp"), emoji="🎉")).sticker
    assert sticker is not None
    assert (sticker.emoji, sticker.type, sticker.is_video) == ("🎉", "regular", False)
    again = await bot.send_video(1, video.file_id)
    assert again.video is not None
    assert again.video.file_unique_id == video.file_unique_id
    shown = [message.raw["file"]["kind"] for message in await ana.messages()]
    assert shown == ["video", "audio", "voice", "video_note", "animation", "sticker", "video"]


async def test_an_album_is_several_messages_of_one_group(ana: Person, bot: telegram.Bot) -> None:
    pictures = [
        InputMediaPhoto(striped_png(number), caption=f"<b>{number}</b>", parse_mode="HTML")
        for number in (1, 2)
    ]
    sent = await bot.send_media_group(1, [*pictures, InputMediaVideo(InputFile(b"v", "v.mp4", attach=True))])
    assert len({message.media_group_id for message in sent}) == 1
    assert [message.caption for message in sent] == ["1", "2", None]
    assert len({message.raw["album"] for message in await ana.messages()}) == 1
    for mixed, said in (
        (
            [*pictures, InputMediaDocument(InputFile(b"d", "d.txt", attach=True))],
            "document can't be mixed with other",
        ),
        (
            [InputMediaAudio(InputFile(b"a", "a.mp3", attach=True)), *pictures],
            "audio can't be mixed with other media types",
        ),
    ):
        with pytest.raises(telegram.error.BadRequest, match=rf"(?i){said}"):
            await bot.send_media_group(1, mixed)


async def test_another_file_is_put_into_a_message(ana: Person, bot: telegram.Bot) -> None:
    sent = await bot.send_photo(1, striped_png(1), caption="One")
    edited = await bot.edit_message_media(
        InputMediaDocument(InputFile(b"d", "d.txt", attach=True), caption="Two"), 1, sent.message_id
    )
    assert isinstance(edited, telegram.Message)
    assert edited.document is not None
    assert (edited.document.file_name, edited.caption, edited.photo) == ("d.txt", "Two", ())
    text = await bot.send_message(1, "A text")
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)media can't be edited"):
        await bot.edit_message_media(InputMediaPhoto(striped_png(1)), 1, text.message_id)


async def test_many_messages_are_copied_and_forwarded_at_once(ana: Person, bot: telegram.Bot) -> None:
    numbers = [(await bot.send_message(1, text)).message_id for text in ("One", "Two")]
    secret = (await bot.send_message(1, "Three", protect_content=True)).message_id
    wanted = [*numbers, secret, 999]
    assert len(await bot.copy_messages(1, 1, wanted)) == 3  # a bot copies what it protected
    assert len(await bot.forward_messages(1, 1, wanted)) == 2
    shown = await ana.messages()
    assert [message.text for message in shown[3:]] == ["One", "Two", "Three", "One", "Two"]
    assert [message.raw["forwarded"] for message in shown[3:]] == [False] * 3 + [True] * 2


async def test_a_poll_is_answered_and_closed(ana: Person, bot: telegram.Bot, simulator: Simulator) -> None:
    sent = await bot.send_poll(1, "When?", ["Now", "Later", "Never"], is_anonymous=False)
    assert sent.poll is not None

    async def vote(*numbers: int) -> None:
        content = {"message_id": sent.message_id, "options": [*numbers]}
        await simulator.call("POST", "/people/1/vote", json=content)

    await vote(1)
    kept, given = await bot.get_updates()
    assert kept.poll is not None
    assert [option.voter_count for option in kept.poll.options] == [0, 1, 0]
    assert given.poll_answer is not None
    assert (given.poll_answer.poll_id, given.poll_answer.option_ids) == (sent.poll.id, (1,))
    assert given.poll_answer.user is not None
    assert given.poll_answer.user.id == 1
    for numbers, sentence in (((0, 2), "This poll takes one answer."), ((7,), "numbered from 0 to 2")):
        with pytest.raises(SimulatorError, match=sentence):
            await vote(*numbers)
    stopped = await bot.stop_poll(1, sent.message_id)
    assert (stopped.is_closed, stopped.total_voter_count) == (True, 1)
    with pytest.raises(SimulatorError, match="This poll is closed"):
        await vote(0)
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)already been closed"):
        await bot.stop_poll(1, sent.message_id)


async def test_an_anonymous_poll_tells_of_nobody_and_a_quiz_is_answered_once(
    ana: Person, call: Call, simulator: Simulator
) -> None:
    quiz = {"question": "1 + 1?", "options": ["1", "2"], "type": "quiz", "correct_option_ids": [1]}
    sent = (await call("sendPoll", chat_id=1, **quiz))["result"]
    content = {"message_id": sent["message_id"], "options": [1]}
    await simulator.call("POST", "/people/1/vote", json=content)
    (update,) = (await call("getUpdates"))["result"]
    # Both names, as Telegram gives them where one answer is right.
    assert (update["poll"]["correct_option_ids"], update["poll"]["correct_option_id"]) == ([1], 1)
    with pytest.raises(SimulatorError, match="answered once"):
        await simulator.call("POST", "/people/1/vote", json=content)


async def test_dice_and_contacts(ana: Person, bot: telegram.Bot) -> None:
    dice = (await bot.send_dice(1)).dice
    assert dice is not None
    assert (dice.emoji, dice.value in range(1, 7)) == ("🎲", True)
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)emoticon_invalid"):
        await bot.send_dice(1, emoji="🙂")
    contact = (await bot.send_contact(1, "+331", "Ben")).contact
    assert contact is not None
    assert (contact.phone_number, contact.first_name) == ("+331", "Ben")


async def test_two_members_of_a_private_chat(ana: Person, bot: telegram.Bot) -> None:
    assert (await bot.get_chat_member(1, 1)).user.first_name == "Ana"
    assert (await bot.get_chat_member(1, 12345)).user.is_bot
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)member not found"):
        await bot.get_chat_member(1, 2)
    assert (await bot.get_user_profile_photos(1)).total_count == 0


ALBUM = "Bad Request: can't parse InputMedia"
# Sources: Client.cpp unless another is named.
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("sendVideo", {}, "Bad Request: there is no video in the request", "Client.cpp"),
    ("sendVideoNote", {}, "Bad Request: there is no video note in the request", "Client.cpp"),
    ("sendSticker", {}, "Bad Request: there is no sticker in the request", "Client.cpp"),
    ("sendMediaGroup", {}, 'Bad Request: parameter "media" is required', "Client.cpp"),
    ("sendMediaGroup", {"media": "{"}, "Bad Request: can't parse media JSON object", "Client.cpp"),
    ("sendMediaGroup", {"media": {"a": 1}}, "Bad Request: expected an Array of InputMedia", "Client.cpp"),
    ("sendMediaGroup", {"media": [1]}, f"{ALBUM}: expected an Object", "Client.cpp"),
    ("sendMediaGroup", {"media": [{"type": "photo"}]}, f"{ALBUM}: media not found", "Client.cpp"),
    (
        "sendMediaGroup",
        {"media": [{"type": "animation", "media": "x"}]},
        f'{ALBUM}: type "animation" can\'t be used in sendMediaGroup',
        "Client.cpp",
    ),
    (
        "sendMediaGroup",
        {"media": [{"type": "door", "media": "x"}]},
        f'{ALBUM}: type "door" is unsupported',
        "Client.cpp",
    ),
    # MessageContent.cpp, check_message_group_message_contents
    (
        "sendMediaGroup",
        {"media": [{"type": "photo", "media": "x"}] * 11},
        "Bad Request: too many messages to send as an album",
        "MessageContent.cpp of tdlib",
    ),
    (
        "sendMediaGroup",
        {"media": []},
        "Bad Request: there are no messages to send",
        "MessageContent.cpp of tdlib",
    ),
    ("sendContact", {"first_name": "A"}, 'Bad Request: parameter "phone_number" is required', "Client.cpp"),
    # PollOption.cpp
    (
        "sendPoll",
        {"question": "?", "options": []},
        "Bad Request: poll must have at least one answer option",
        "PollOption.cpp of tdlib",
    ),
    (
        "sendPoll",
        {"question": "?", "options": ["x"] * 13},
        "Bad Request: poll can't have more than 12 options",
        "PollOption.cpp of tdlib",
    ),
    # MessageContent.cpp
    (
        "sendPoll",
        {"question": "?" * 301, "options": ["x"]},
        "Bad Request: poll question length must not exceed 300",
        "MessageContent.cpp of tdlib",
    ),
    (
        "sendPoll",
        {"question": "?", "options": ["x"], "type": "x"},
        "Bad Request: unsupported poll type specified",
        "Client.cpp",
    ),
    ("copyMessages", {"from_chat_id": 1}, "Bad Request: message identifiers are not specified", "Client.cpp"),
    (
        "setMessageReaction",
        {"message_id": 9, "reaction": [{"type": "emoji", "emoji": "👍"}]},
        "Bad Request: message to react not found",
        "Client.cpp, check_message",
    ),
    (
        "setMessageReaction",
        {"message_id": 1, "reaction": [{"type": "shout"}]},
        "Bad Request: can't parse ReactionType: invalid reaction type specified",
        "Client.cpp",
    ),
    (
        "setMessageReaction",
        {"message_id": 1, "reaction": "{"},
        "Bad Request: can't parse reaction types JSON object",
        "Client.cpp",
    ),
]


@pytest.mark.usefixtures("ana")
async def test_refusals(call: Call) -> None:
    for method, params, description, source in REFUSED:
        assert source
        answer = await call(method, **{"chat_id": 1, **params})
        assert answer == {"ok": False, "error_code": 400, "description": description}, (method, params)


async def test_a_person_sends_an_album(simulator: Simulator, bot: telegram.Bot) -> None:
    ana = await simulator.person("Ana", id=9)
    pictures = [("a.png", striped_png(1)), ("b.png", striped_png(2)), ("c.mp4", b"film")]
    await ana.send_album(pictures, caption="Our stand")
    first, second, film = [update.message for update in await bot.get_updates() if update.message]
    assert first.media_group_id == second.media_group_id == film.media_group_id is not None
    assert (first.caption, second.caption) == ("Our stand", None)
    assert film.video is not None
    # What cannot stand beside a picture makes files of all.
    await ana.send_album([("a.png", striped_png(1)), ("b.pdf", b"%PDF")])
    files = [update.message for update in await bot.get_updates(offset=-2) if update.message]
    assert [message.document is not None for message in files] == [True, True]
    with pytest.raises(SimulatorError, match="An album holds 2 to 10 files"):
        await ana.send_album([("a.png", striped_png(1))])


async def test_a_photo_is_made_smaller_and_says_nothing_of_its_place(
    simulator: Simulator, bot: telegram.Bot
) -> None:
    images = pytest.importorskip("PIL.Image")
    content = io.BytesIO()
    picture = images.new("RGB", (2000, 1000), "teal")
    exif = picture.getexif()
    exif[0x0112] = 6  # held upright: it is shown turned by a quarter
    exif[0x010E] = "Lyon, rue Haute"
    picture.save(content, "JPEG", exif=exif)
    ana = await simulator.person("Ana", id=9)
    await ana.send_photo(content.getvalue(), name="photo.jpg")
    (update,) = await bot.get_updates()
    assert update.message is not None
    sizes = update.message.photo
    assert [(size.width, size.height) for size in sizes] == [(45, 90), (160, 320), (400, 800), (640, 1280)]
    file = await sizes[-1].get_file()
    received = images.open(io.BytesIO(await file.download_as_bytearray()))
    assert (received.size, received.format, dict(received.getexif())) == ((640, 1280), "JPEG", {})
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)image_process_failed"):
        await bot.send_photo(9, striped_png(1)[:200])


async def test_a_text_is_shown_while_it_is_written(ana: Person, call: Call, simulator: Simulator) -> None:
    group = await simulator.group("Team", owner=ana, bots=["test_bot"])
    assert (await call("sendMessageDraft", chat_id=1, draft_id=7, text="I am thin"))["result"] is True
    assert await ana.messages() == []  # it is no message
    for params in ({"chat_id": 1, "draft_id": 0}, {"chat_id": group.id, "draft_id": 7}):
        assert not (await call("sendMessageDraft", text="x", **params))["ok"]


async def test_a_button_may_be_blank(ana: Person, call: Call) -> None:
    """As the empty days of calendars are: an example of telebot has them, and misc.cpp of tdlib cuts no space."""
    keyboard = {
        "inline_keyboard": [[{"text": " ", "callback_data": "-"}, {"text": "1", "callback_data": "1"}]]
    }
    assert (await call("sendMessage", chat_id=ana.id, text="May", reply_markup=keyboard))["ok"]
