"""/help: short, and to each what their role may do; /privacy, short too."""

from __future__ import annotations

import re

import pytest

import handlers
from handlers.command import allowed
from handlers.privacy import PARTS
from tests.campaigning import staff
from tests.conversation import Conversation

MOST_WORDS, SHORT_NOTICE = 90, 120
ROLES = {"supporter": 0, "organizer": 8, "coordinator": 10, "admin": 11}
"""How many commands of the team each is told of."""


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("role", ROLES)
async def test_each_role_reads_its_own_help_in_a_few_words(
    conversation: Conversation, role: str, language: str
) -> None:
    talker = conversation.person(7, language=language)
    if role == "supporter":
        await talker.sign_up()
    else:
        talker = await staff(conversation, 7, role, "FR")
        await talker.tap_data(f"1:language:{language}")
    shown = await talker.send("/help")
    assert len(re.findall(r"[\w@./’]*\w", shown.text)) <= MOST_WORDS
    held = set() if role == "supporter" else {role}
    told = [command for command in allowed(handlers.COMMANDS, held) if command.name != "help"]
    assert all(f"/{command.name}" in shown.text for command in told)
    others = [command for command in handlers.COMMANDS if command.listed and command not in told]
    assert not any(f"/{command.name} " in shown.text for command in others if command.name != "help")
    assert shown.text.count(" – ") == (ROLES[role] or 5)


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_notice_is_short_and_its_buttons_tell_the_rest(
    conversation: Conversation, language: str
) -> None:
    shown = await conversation.person(7, language=language).send("/privacy")
    words = re.findall(r"[^\W_][\w’'@.-]*", re.sub(r"<[^>]+>", "", shown.text))
    assert len(words) <= SHORT_NOTICE
    assert len(shown.buttons) == len(PARTS)
