"""Hostile people, for tests: buttons that nobody offered, and updates of every shape of the Bot API."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import handlers
from bot.delivery.calls import Call
from bot.errors import PortevoixError
from bot.words.telegram_html import check_html
from tests.conversation import Conversation, Shown, Talker
from tests.shapes import Shapes

HUGE = "9" * 40
NUMBERS = ("0", "-1", "7", "٣", "²", "1e3", "0x1f", "9999", "99999", "9223372036854775808", HUGE)
WORDS = ("", " ", "oui", "xx", "-", "RZZ", "97", "é", "名", "💥", "\u202e", "%s", "None", "__class__")
ATTACKS = ("'; DROP TABLE people; --", "{{7*7}}", "<b>", "../../etc/passwd")

OFFERED = {("talk_write", "-")}
"""What looks forged and is not: about no event."""

FORGED_BY_HAND = {
    "language": ("1:language:xx", "1:language:__class__"),
    "settings_language": ("1:settings_language:xx",),
    "consent": ("1:consent:contact:maybe", "1:consent:everything:yes", "1:consent:keep:"),
    "age": ("1:age:maybe", "1:age:yes"),
    "begin": ("1:begin:ev_", "1:begin:nowhere", "1:begin:ev_lyon1:more"),
    "agree": ("1:agree:contact:yes", "1:agree:team:maybe", "1:agree:commune:no"),
    "help": ("1:help:everything", "1:help:open:more"),
    "help_choose": ("1:help_choose:money", "1:help_choose:meeting:yes"),
    "help_contact": ("1:help_contact:maybe", "1:help_contact:yes:7"),
    "offer": (f"1:offer:take:{HUGE}", "1:offer:erase:1", "1:offer:take:999", "1:offer:open:٣"),
    "privacy": ("1:privacy:../../etc", "1:privacy:short:more"),
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
    "broadcast_send_back": ("1:broadcast_send_back:999", f"1:broadcast_send_back:{HUGE}"),
    "mend": (f"1:mend:recall:{HUGE}", "1:mend:recall:999", "1:mend:erase:1", "1:mend:correction:٣"),
    "mend_leave": ("1:mend_leave:fr", "1:mend_leave:xx"),
    "broadcast": (f"1:broadcast:{HUGE}", "1:broadcast:999"),
    "broadcasts": (f"1:broadcasts:all:{HUGE}", "1:broadcasts:none:0", "1:broadcasts:mine:-1"),
    "broadcast_edit": ("1:broadcast_edit:999", f"1:broadcast_edit:{HUGE}"),
    "broadcast_copy": ("1:broadcast_copy:999", "1:broadcast_copy:é"),
    "broadcast_renew": ("1:broadcast_renew:999", f"1:broadcast_renew:{HUGE}"),
    "broadcast_renew_now": ("1:broadcast_renew_now:999", f"1:broadcast_renew_now:{HUGE}"),
    "broadcast_do": (f"1:broadcast_do:pause:{HUGE}", "1:broadcast_do:pause:999", "1:broadcast_do:erase:1"),
    "export": (
        "1:export:FR:passwords",
        "1:export:FR:responses:csv",
        "1:export:FR:responses:all:-:exe",
        "1:export:FR:responses:all:b9:csv",
        "1:export:FR:responses:all:-:csv:csv",
    ),
    "export_events": ("1:export_events:FR:passwords:all", "1:export_events:FR:audit:all"),
    "staff_role": ("1:staff_role:supporter", "1:staff_role:root"),
}


FORGED_BY_SUPPORTERS = ("1:step:1:plan:never", "1:step:1:turnout:twice", "1:step:1:plan.departure:moon")
"""Answers that nobody offered to a question that was asked; others are first invited to sign up."""


def forgeries(action: str) -> Iterator[str]:
    """The action with arguments, few and many, that no version of the bot offered, and other versions of it."""
    for word in (*NUMBERS, *WORDS, *ATTACKS):
        if (action, word) not in OFFERED:
            yield f"1:{action}:{word}"
    for count in (2, 3, 4, 20):
        for word in ("", "x", HUGE, "é", "0"):
            yield ":".join(("1", action, *[word] * count))
    yield from (f"0:{action}:yes", f"2:{action}:yes", f"{action}:yes", f"1:{action}x:yes", f"1::{action}")


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
        self._shapes = Shapes(chosen)
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
            (self._button, self._text, self._content, self._forged, self._other, self._shaped),
            weights=(40, 24, 4, 4, 4, 24),
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
            "id": f"q{self._conversation.number()}",
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

    def _shaped(self) -> dict[str, Any]:
        """Any shape that the Bot API knows, from this person; half of them in their own chat."""
        talker = self._talker
        if self._random.random() < 0.5:
            return {"message": self._shapes.message() | self._message()}
        ((kind, content),) = ((k, v) for k, v in self._shapes.update(0).items() if k != "update_id")
        for name in ("from", "user"):
            if name in content:
                content[name] = talker._user
        if "chat" in content and self._random.random() < 0.5:
            content["chat"] = talker._chat
        return {kind: content}

    def _message(self, **content: Any) -> dict[str, Any]:
        return self._talker._message(**content)


def fault_of(call: Call, *, to: int, update: Mapping[str, Any]) -> str | None:
    """What Telegram, or the person, would object to."""
    payload = call.payload
    for name, kind in (("callback_query_id", "callback_query"), ("inline_query_id", "inline_query")):
        if name in payload and payload[name] != update.get(kind, {}).get("id"):
            return f"{call.method} answers another query"
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
