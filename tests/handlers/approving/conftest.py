"""A campaign in which a second person decides: an organizer, and Karim and Nadia, who may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.engine import Database
from tests.approving import LYON, NOW, member
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation, Talker


@pytest.fixture
def asking(sqlite_database: Database) -> Conversation:
    """A campaign in which what is for more than one person waits for a second one."""
    return Conversation(sqlite_database, NOW, campaign=replace(CAMPAIGN, approval_above=1))


@pytest.fixture
async def organizer(asking: Conversation) -> Talker:
    """Of the Rhône, where three people live; written to in English."""
    for number in range(100, 103):
        await supporter(asking, number, LYON)
    return await member(asking, 7, "organizer", "69")


@pytest.fixture
async def karim(asking: Conversation, organizer: Talker) -> Talker:
    return await member(asking, 8, "coordinator", "69")


@pytest.fixture
async def nadia(asking: Conversation, organizer: Talker) -> Talker:
    return await member(asking, 9, "admin", "FR")
