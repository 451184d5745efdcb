"""Zoe, who asks, and Sophie, who answers."""

from __future__ import annotations

import pytest

from tests.conversation import Conversation, Talker
from tests.talking import on_duty


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


@pytest.fixture
async def sophie(conversation: Conversation) -> Talker:
    return await on_duty(conversation, 50, "Sophie")
