"""Hostile input: forged buttons, and thousands of generated updates in the shapes of the Bot API.

Whatever arrives is answered without an error, to the one who sent it and with what Telegram accepts; what was
forged changes nothing. The generator is seeded: a failure shows the last updates that led to it.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import handlers
from bot.delivery.calls import Call
from bot.errors import PortevoixError
from bot.telegram_html import check_html
from db.engine import Database
from db.schema import metadata
from tests.campaigning import staff
from tests.conversation import Conversation, Shown, Talker

HUGE = "9" * 40
NUMBERS = ("0", "-1", "7", "٣", "²", "1e3", "0x1f", "9999", "99999", "9223372036854775808", HUGE)
WORDS = ("", " ", "oui", "xx", "-", "RZZ", "97", "é", "名", "💥", "\u202e", "%s", "None", "__class__")
ATTACKS = ("'; DROP TABLE people; --", "{{7*7}}", "<b>", "../../etc/passwd")

FORGED_BY_HAND = {
    "language": ("1:language:xx", "1:language:__class__"),
    "settings_language": ("1:settings_language:xx",),
    "consent": ("1:consent:contact:maybe", "1:consent:everything:yes", "1:consent:keep:"),
    "age": ("1:age:maybe",),
    "confirm": ("1:confirm:maybe",),
    "audience_is": (
        f"1:audience_is:rsvp:{HUGE}:yes",
        "1:audience_is:rsvp:9223372036854775808:yes",
        "1:audience_is:rsvp:999:yes",
        f"1:audience_is:vote:{HUGE}:planned",
        "1:audience_is:vote:99:planned",
        "1:audience_is:language:xx",
        f"1:audience_is:around:69123:{HUGE}",
        "1:audience_is:around:00000:30",
        "1:audience_is:area:RZZ",
    ),
    "event_change": (
        "1:event_change:lyon1:title:-",
        "1:event_change:lyon1:date:en",
        "1:event_change:lyon1:x:-",
    ),
    "step": (
        f"1:step:{HUGE}:plan:morning",
        "1:step:9:plan:morning",
        "1:step:٣:plan:morning",
    ),
    "rsvp": ("1:rsvp:lyon1:perhaps", "1:rsvp:nowhere:yes", "1:rsvp:lyon1:yes:yes"),
    "choice": ("1:choice:contact:maybe", "1:choice:everything:yes"),
    "messages": ("1:messages:events:maybe", "1:messages:everything:off"),
    "broadcast_do": (f"1:broadcast_do:pause:{HUGE}", "1:broadcast_do:pause:999", "1:broadcast_do:erase:1"),
    "export": ("1:export:FR:passwords", "1:export:FR:responses:exe", "1:export:FR:responses:csv:csv"),
    "staff_role": ("1:staff_role:supporter", "1:staff_role:root"),
}


FORGED_BY_SUPPORTERS = ("1:step:1:plan:never", "1:step:1:turnout:twice", "1:step:1:plan.departure:moon")
"""Answers that nobody offered to a question that was asked; others are first invited to sign up."""


def forgeries(action: str) -> Iterator[str]:
    """The action with arguments, few and many, that no version of the bot offered, and other versions of it."""
    for word in (*NUMBERS, *WORDS, *ATTACKS):
        yield f"1:{action}:{word}"
    for count in (2, 3, 4, 20):
        for word in ("", "x", HUGE, "é", "0"):
            yield ":".join(("1", action, *[word] * count))
    yield from (f"0:{action}:yes", f"2:{action}:yes", f"{action}:yes", f"1:{action}x:yes", f"1::{action}")


async def contents(database: Database) -> dict[str, str]:
    """Every row of every table. That somebody was seen is no change."""
    found = {}
    async with database.read() as tx:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if column.name != "seen_at"]
            found[table.name] = repr((await tx.execute(sa.select(*columns).order_by(*columns))).all())
    return found


async def a_supporter(conversation: Conversation) -> Talker:
    talker = conversation.person(101)
    await talker.sign_up()
    return talker


async def somebody_signing_up(conversation: Conversation) -> Talker:
    talker = conversation.person(102)
    await talker.send("/start")
    return talker


async def somebody_about_to_confirm(conversation: Conversation) -> Talker:
    talker = await somebody_signing_up(conversation)
    for purpose in ("contact", "commune", "team", "keep"):
        await talker.tap_data(f"1:consent:{purpose}:yes")
    await talker.tap_data("1:age:yes")
    await talker.send("Lyon")
    return talker


async def a_supporter_who_moves(conversation: Conversation) -> Talker:
    talker = await a_supporter(conversation)
    await talker.tap_data("1:settings_place")
    return talker


async def an_admin(conversation: Conversation) -> Talker:
    talker = await staff(conversation, 7, "admin", "FR")
    await talker.send("/menu")
    return talker


async def an_admin_inviting(conversation: Conversation) -> Talker:
    talker = await an_admin(conversation)
    for data in ("1:staff_invite", "1:staff_role:organizer"):
        await talker.tap_data(data)
    return talker


async def an_admin_broadcasting(conversation: Conversation) -> Talker:
    """At the choice of the audience."""
    talker = await an_admin(conversation)
    await talker.send("/broadcast")
    await talker.tap_data("1:broadcast_kind:gotv")
    for text in ("Bonjour", "Hello"):
        await talker.send(text)
    await talker.tap("No photo")
    return talker


async def an_admin_with_an_event(conversation: Conversation) -> Talker:
    """At the summary."""
    talker = await an_admin(conversation)
    for words in ("/new_event", "Réunion", "Venez", "Meeting", "Come", "lyon", "Salle Molière"):
        await talker.send(words)
    await talker.tap("Without a pin")
    await talker.send("24/11 19h")
    await talker.tap("2 h")
    await talker.tap("That’s it")
    return talker


STATES = (
    a_supporter,
    somebody_signing_up,
    somebody_about_to_confirm,
    a_supporter_who_moves,
    an_admin,
    an_admin_inviting,
    an_admin_broadcasting,
    an_admin_with_an_event,
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_a_forged_button_changes_nothing(
    conversation: Conversation, state: Callable[[Conversation], Awaitable[Talker]]
) -> None:
    await conversation.add_event("lyon1")
    talker = await state(conversation)
    before = await contents(conversation.database)
    chosen = random.Random(state.__name__)
    for action in handlers.ROUTES.buttons:
        for data in (*chosen.sample(list(forgeries(action)), 3), *FORGED_BY_HAND.get(action, ())):
            await tapped(talker, data)
        after = await contents(conversation.database)
        assert after == before, f"a forged {action} changed something"


async def test_a_forged_answer_of_a_supporter_changes_nothing(conversation: Conversation) -> None:
    talker = await a_supporter(conversation)
    before = await contents(conversation.database)
    for data in FORGED_BY_SUPPORTERS:
        await tapped(talker, data)
    assert await contents(conversation.database) == before


async def test_the_place_is_not_said_before_the_choices(conversation: Conversation) -> None:
    """Nothing but the chat is kept before consent, whichever button is sent."""
    talker = await somebody_signing_up(conversation)
    for data in ("1:place:69123", "1:territory:971", "1:country:BE", "1:place_by:abroad"):
        await talker.tap_data(data)
    person = await talker.stored()
    assert person is not None
    assert (person.commune, person.territory, person.country) == (None, None, None)
    assert await conversation.answers() == []


async def tapped(talker: Talker, data: str) -> None:
    """A tap with these data; it is answered once, and without an error."""
    try:
        await talker.tap_data(data)
    except Exception as error:
        raise AssertionError(f"unhandled: {data!r}") from error
    assert len(talker.called("answerCallbackQuery")) == 1, data


# -- updates of every shape --


class Hostile:
    """People who send anything: words and buttons of every dialog, and every other content of a message."""

    TEXTS = (
        *(
            "/start",
            "/start ev_lyon1",
            "/start r_x",
            "/start s_x",
            "/start " + "é" * 64,
            "/menu",
            "/events",
            "/vote",
        ),
        *(
            "/settings",
            "/why",
            "/mydata",
            "/consent",
            "/help",
            "/cancel",
            "/new_event",
            "/broadcast",
            "/nothing",
        ),
        *(
            "/broadcasts",
            "/stats",
            "/calendar",
            "/export",
            "/staff",
            "/stop@another_bot",
            "Lyon",
            "st etienne",
        ),
        *(
            "69003",
            "Paris 15",
            "Belgique",
            "abroad",
            "Rhône",
            "Réunion",
            "Bonjour {{ first_name }}",
            "SEND",
            "OUI",
        ),
        *(
            "24/11 19h",
            "31/02 19h",
            "29/02/2017 19h",
            "27/03/2017 02:30",
            "31/12/9999 23:59",
            "01/01/0100 00:00",
        ),
        *(
            "demain 25h",
            "2h",
            "999999999h",
            "72h",
            "-1",
            "x" * 5000,
            "é" * 2500,
            "<b>",
            "<b>{{7*7}}</b>",
            "{{",
            "%s",
        ),
        *(
            "{% for x in y %}",
            "\u202eabc",
            "💥" * 200,
            "\u200b",
            "   ",
            "…",
            "&lt;script&gt;",
            HUGE,
            "ARRÊT maintenant",
        ),
    )
    CONTENTS: tuple[dict[str, Any], ...] = (
        {"location": {"latitude": 45.76, "longitude": 4.83}},
        {"location": {"latitude": -90.0, "longitude": 180.0}},
        {"contact": {"phone_number": "33600000000", "first_name": "<b>"}},
        {
            "sticker": {
                "file_id": "s",
                "file_unique_id": "s",
                "type": "regular",
                "width": 1,
                "height": 1,
                "is_animated": False,
                "is_video": False,
            }
        },
        {
            "photo": [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}],
            "caption": "<b>{{ x }}",
        },
        {"document": {"file_id": "d", "file_unique_id": "d", "file_name": "../../x"}},
        {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 1}},
        {"dice": {"emoji": "🎲", "value": 6}},
        {"venue": {"location": {"latitude": 1.0, "longitude": 1.0}, "title": "<i>", "address": "{{x}}"}},
        {"new_chat_title": "x"},
        {"pinned_message": None},
        {},
    )

    def __init__(self, conversation: Conversation, talker: Talker, chosen: random.Random) -> None:
        self._conversation, self._talker, self._random = conversation, talker, chosen
        name = chosen.choice(("Zoé", "<b>{{7*7}}</b>", "{% raw %}", "", "x" * 64, "\u202e", "O'Brien & fils"))
        language = chosen.choice(("fr", "en", "fr-CA", "zh-hans", "", "xx"))
        talker._user = {
            "id": talker.telegram_id,
            "is_bot": False,
            "first_name": name,
            "language_code": language,
        }

    def update(self) -> dict[str, Any]:
        """The next thing they send."""
        kind = self._random.choices(
            (self._button, self._text, self._content, self._forged, self._other), weights=(50, 30, 6, 4, 6)
        )[0]
        return {"update_id": self._conversation.number(), **kind()}

    def _button(self) -> dict[str, Any]:
        """A button on one of the last screens; an old one as often as the newest."""
        offered = [(shown, data) for shown in self._talker.screen[-4:] for data in shown.buttons.values()]
        if not offered:
            return self._text()
        return self._tap(*self._random.choice(offered))

    def _forged(self) -> dict[str, Any]:
        action = self._random.choice(list(handlers.ROUTES.buttons))
        return self._tap(Shown(id=1, text="…"), self._random.choice(list(forgeries(action))))

    def _tap(self, on: Shown, data: str) -> dict[str, Any]:
        message: dict[str, Any] = self._message(text="…") | {"message_id": on.id}
        if self._random.random() < 0.1:  # too old to be read
            message = {"message_id": on.id, "date": 0, "chat": message["chat"]}
        query = {
            "id": "q",
            "from": self._talker._user,
            "chat_instance": "c",
            "data": data,
            "message": message,
        }
        return {"callback_query": query}

    def _text(self) -> dict[str, Any]:
        text = self._random.choice(self.TEXTS)
        message = self._message(text=text)
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        return {"message": message}

    def _content(self) -> dict[str, Any]:
        content = dict(self._random.choice(self.CONTENTS))
        if "pinned_message" in content:
            content["pinned_message"] = self._message(text="x")
        return {"message": self._message(**content)}

    def _other(self) -> dict[str, Any]:
        user, number = self._talker._user, self._conversation.number()
        member = {"user": {"id": 1, "is_bot": True, "first_name": "P"}, "status": "member"}
        gone = {"user": member["user"], "status": "kicked", "until_date": 0}
        change = {"chat": self._talker._chat, "from": user, "date": 1479286800}
        group = {"id": -100, "type": "group", "title": "<b>"}
        return self._random.choice(
            (
                {"edited_message": self._message(text="stop the count") | {"edit_date": 1479286801}},
                {
                    "channel_post": {
                        "message_id": number,
                        "date": 1479286800,
                        "chat": group | {"type": "channel"},
                    }
                },
                {"message": self._message(text="/start") | {"chat": group}},
                {"my_chat_member": change | {"old_chat_member": member, "new_chat_member": gone}},
                {"my_chat_member": change | {"old_chat_member": gone, "new_chat_member": member}},
                {"inline_query": {"id": "i", "from": user, "query": "lyo<b>", "offset": ""}},
                {
                    "callback_query": {
                        "id": "q",
                        "from": user,
                        "chat_instance": "c",
                        "inline_message_id": "m",
                        "data": "1:menu:events",
                    }
                },
                {"callback_query": {"id": "q", "from": user, "chat_instance": "c", "game_short_name": "g"}},
                {
                    "poll_answer": {
                        "poll_id": "p",
                        "user": user,
                        "option_ids": [0],
                        "option_persistent_ids": ["a"],
                    }
                },
                {"an_update_of_tomorrow": {"from": user}},
            )
        )

    def _message(self, **content: Any) -> dict[str, Any]:
        return self._talker._message(**content)


MUTED = {"delete", "staff_revoke"}
"""Buttons that would end the game for the one who plays it."""


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_arrives_is_answered(conversation: Conversation, seed: int) -> None:
    chosen = random.Random(seed)
    await conversation.add_event("lyon1")
    await conversation.add_event("tardif", starts="2016-11-20T10:00", titles={"fr": "<b>{{7*7}}</b>"})
    talkers = [await a_supporter(conversation), conversation.person(201), conversation.person(202)]
    talkers += [
        await staff(conversation, number, role, area)
        for number, role, area in ((7, "admin", "FR"), (8, "coordinator", "R84"), (9, "organizer", "69"))
    ]
    people = [Hostile(conversation, talker, chosen) for talker in talkers]
    sent: deque[str] = deque(maxlen=12)
    for _ in range(300):
        who = chosen.randrange(len(people))
        talker, update = talkers[who], people[who].update()
        if any(f":{action}:" in str(update) for action in MUTED):
            continue
        sent.append(str(update)[:300])
        try:
            talker.calls = await conversation.process(update)
        except Exception as error:
            raise AssertionError("unhandled after\n" + "\n".join(sent)) from error
        for call in talker.calls:
            fault = fault_of(call, to=talker.telegram_id)
            assert fault is None, fault + "\n" + "\n".join(sent)
            talker._show(call)


def fault_of(call: Call, *, to: int) -> str | None:
    """What Telegram, or the person, would object to."""
    payload = call.payload
    if payload.get("chat_id", to) != to and call.method not in ("setMyCommands", "deleteMyCommands"):
        return f"{call.method} goes to {payload['chat_id']}"
    for name in ("text", "caption"):
        if payload.get("parse_mode") == "HTML" and name in payload:
            try:
                check_html(payload[name], 4096 if name == "text" else 1024)
            except PortevoixError as error:
                return f"{error.sentence}\n{payload[name]}"
            if "49" in payload[name] and "{{7*7}}" not in payload[name] and "<b>49" in payload[name]:
                return f"a text of a person was run as a template: {payload[name]}"
    rows = payload.get("reply_markup", {}).get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not button["text"].strip() or len(button.get("callback_data", "").encode()) > 64:
            return f"a button that Telegram refuses: {button}"
    return None
