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
def conversation(sqlite_database: Database) -> Conversation:
    return served_at(Conversation(sqlite_database, paris("2016-11-16T10:00")), ADDRESS)
