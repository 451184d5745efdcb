"""The conversation on each engine, on 16 November 2016 at 10:00 in Paris."""

from __future__ import annotations

import pytest

from db.engine import Database
from tests.conversation import Conversation, paris


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, paris("2016-11-16T10:00"))
