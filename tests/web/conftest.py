"""The conversation that a console is on, with its web address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.engine import Database
from tests.conversation import Conversation, paris
from tests.web.browsing import ADDRESS


def served_at(conversation: Conversation, address: str | None) -> Conversation:
    """The same with a web part that people reach."""
    conversation.serve(replace(conversation.services, links_to=address))
    return conversation


@pytest.fixture
def conversation(request: pytest.FixtureRequest) -> Conversation:
    """On SQLite, unless a test asks for another engine by its name."""
    database: Database = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_database")
    return served_at(Conversation(database, paris("2016-11-16T10:00")), ADDRESS)
