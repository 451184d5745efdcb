"""The conversation that a console is on, with its web address, and somebody who looks at it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.engine import Database
from tests.campaigning import staff, supporters
from tests.conversation import Conversation, paris
from tests.drafting import send_broadcast
from tests.web.browsing import ADDRESS, Browser, signed_in


def served_at(conversation: Conversation, address: str | None) -> Conversation:
    """The same with a web part that people reach."""
    conversation.serve(replace(conversation.services, links_to=address))
    return conversation


@pytest.fixture
def conversation(request: pytest.FixtureRequest) -> Conversation:
    """On SQLite, unless a test asks for another engine by its name."""
    database: Database = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_database")
    return served_at(Conversation(database, paris("2016-11-16T10:00")), ADDRESS)


@pytest.fixture
async def olga(conversation: Conversation) -> Browser:
    """An organizer of the Rhône, whose message to twelve supporters waits to leave."""
    await supporters(conversation, range(100, 112), "69123")
    talker = await staff(conversation, 11, "organizer", "69")
    await send_broadcast(talker)
    return await signed_in(talker)
