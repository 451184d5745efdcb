"""A hall whose invitations stand in the chats of three people, true until something changes."""

from __future__ import annotations

import pytest

from db.engine import Database
from tests.cards import Posts, Shown, faces_of
from tests.conversation import Conversation, paris
from tests.hall import Hall


@pytest.fixture
async def shown(database: Database) -> Shown:
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    hall = await Hall.open(conversation, capacity=2)
    posts = Posts()
    faces = faces_of(hall, posts)
    made = Shown(hall, posts, faces)
    await made.invite(1, 2, 3)
    await faces.catch_up()
    assert posts.told() == {}
    hall.pass_time(hours=1)
    return made
