"""The conversation some weeks before the vote."""

from __future__ import annotations

import pytest

from db.engine import Database
from tests.comparing import NOW
from tests.conversation import Conversation


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, NOW)
