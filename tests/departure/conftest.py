"""A hall whose invitations stand in the chats of three people, true until something changes."""

from __future__ import annotations

import pytest

from bot import communes
from bot.departure.compose import Composer
from bot.departure.faces import Faces
from bot.words.texts import Texts
from db.engine import Database
from tests.cards import LABELLED, Posts, Shown
from tests.conversation import BOT, Conversation, paris
from tests.hall import Hall


@pytest.fixture
async def shown(database: Database) -> Shown:
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    hall = await Hall.open(conversation, capacity=2)
    texts, posts = Texts({"campaign": LABELLED}), Posts()
    composer = Composer(texts=texts, campaign=LABELLED, gazetteer=communes.load(), bot_username=BOT)
    faces = Faces(
        database=database,
        clock=conversation.clock,
        texts=texts,
        composer=composer,
        bot_username=BOT,
        line=posts,
        leads=lambda: True,
    )
    made = Shown(hall, posts, faces)
    await made.invite(1, 2, 3)
    await faces.catch_up()
    assert posts.told() == {}
    hall.pass_time(hours=1)
    return made
