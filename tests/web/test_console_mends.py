"""At the desk, what has left is corrected or taken back; the same rules and words as in the chat."""

from __future__ import annotations

import re

import sqlalchemy as sa

from bot.rules.kinds import Kind
from db.schema import broadcasts, deliveries
from tests.campaigning import staff
from tests.conversation import Conversation, Talker
from tests.web.browsing import signed_in
from tests.web.test_console_writing import TEXTS, WORDS, olga, seen, write

__all__ = ["olga"]


async def all_sent(conversation: Conversation) -> None:
    """Everything that is queued has left."""
    sent = sa.update(deliveries).values(state="sent", message_id=1, sent_at=conversation.clock.now())
    async with conversation.database.write() as tx:
        await tx.execute(sent)


async def test_a_neutral_reminder_is_corrected_by_nobody(conversation: Conversation, olga: Talker) -> None:
    """Not even one whose words are not the program's own, as only another program can leave it: its page broke."""
    visitor = await signed_in(olga)
    await write(visitor)
    await visitor.send(f"{WORDS}/send", seen=seen(visitor), word="SEND")
    await all_sent(conversation)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(kind=Kind.CIVIC_NEUTRAL, ballot=1))
    page = "/console/messages/1"
    assert (await visitor.open(page)).status_code == 200
    assert "Correct its words" not in visitor.text
    assert (await visitor.open(f"{page}/correct")).status_code == 409
    assert "I word neutral reminders by myself" in visitor.text
    # Of an area that is not theirs nothing is told, nor of a number that there is not.
    paul = await staff(conversation, 12, "organizer", "75")
    other = await signed_in(paul)
    assert (await other.open(f"{page}/correct")).status_code == 404
    assert (await other.open("/console/messages/99/correct")).status_code == 404


async def test_what_has_left_is_corrected_by_the_word_once_it_was_looked_at(
    conversation: Conversation, olga: Talker
) -> None:
    visitor = await signed_in(olga)
    await write(visitor)
    await visitor.send(f"{WORDS}/send", seen=seen(visitor), word="SEND")
    page = "/console/messages/1"
    assert (await visitor.open(f"{page}/correct")).status_code == 409  # nothing has gone out
    await all_sent(conversation)
    await visitor.open(page)
    assert "Correct its words" in visitor.text
    await visitor.open(f"{page}/correct")
    once = re.search(r'name="once" value="([^"]+)"', visitor.page.text)
    assert once is not None
    new = {**TEXTS, "text-A-fr": "Bonsoir <b>{{ first_name }}", "once": once[1]}
    await visitor.send(f"{page}/correct", do="correct", word="CORRECT", **new)
    assert "never closed" in visitor.text
    new["text-A-fr"] = "Bonsoir <b>{{ first_name }}</b>"
    await visitor.send(f"{page}/correct", do="look", **new)
    assert "To correct it, type CORRECT" in visitor.text
    assert "Bonsoir" in visitor.text
    await visitor.send(f"{page}/correct", do="correct", word="no", **new)
    assert "Nothing was done: to confirm, type CORRECT" in visitor.text
    assert "Bonsoir" in visitor.text, "what was typed stays"
    answer = await visitor.send(f"{page}/correct", do="correct", word="correct", **new)
    assert answer.url.path == "/console/messages/2"
    # Its own page: what it is about, what to do while it is under way, nothing to do once it is over.
    assert "Correcting no. 1" in visitor.text
    assert 'href="/console/messages/1"' in visitor.page.text
    assert 'value="pause"' in visitor.page.text
    await all_sent(conversation)
    await visitor.open("/console/messages/2")
    assert "Finished." in visitor.text
    assert "data-over" in visitor.page.text
    assert 'value="pause"' not in visitor.page.text
    assert "Cancel…" not in visitor.text


async def test_what_was_taken_back_says_so_first(conversation: Conversation, olga: Talker) -> None:
    visitor = await signed_in(olga)
    await write(visitor)
    await visitor.send(f"{WORDS}/send", seen=seen(visitor), word="SEND")
    await all_sent(conversation)
    await visitor.open("/console/messages/1")
    once = re.search(r'name="once" value="([^"]+)"', visitor.page.text)
    assert once is not None
    await visitor.send("/console/messages/1/recall", word="yes", once=once[1])
    assert "Nothing was done: to confirm, type TAKE BACK" in visitor.text
    assert 'aria-describedby="fault-recall-word"' in visitor.page.text
    await visitor.send("/console/messages/1/recall", word="TAKE BACK", once=once[1])
    assert "Taking back no. 1" in visitor.text
    await visitor.open("/console/messages/1")
    assert visitor.text.index("Being taken back") < visitor.text.index("Progress")
    await all_sent(conversation)
    await visitor.open("/console/messages/1")
    assert visitor.text.index("Taken back on Wednesday 16 November") < visitor.text.index("Progress")
