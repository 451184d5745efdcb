"""The conversation that a console is on, with its web address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.engine import Database
from tests.conversation import Conversation, paris
from tests.web.browsing import ADDRESS


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    made = Conversation(sqlite_database, paris("2016-11-16T10:00"))
    made.serve(replace(made.services, links_to=ADDRESS))
    return made
