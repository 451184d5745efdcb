"""Conversations on the console: no word before one is taken, and none to anybody but who took it."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from db.schema import audit, conversations, messages, people
from tests.campaigning import rows, staff, supporter
from tests.conversation import Conversation
from tests.talking import QUESTION, arrive, ask
from tests.web.browsing import Browser, signed_in

ZOE, SOPHIE, OLGA, KARIM = 31, 11, 13, 12
ROOM = "/console/conversations"


async def waiting(conversation: Conversation) -> tuple[Browser, Browser, int]:
    """Zoé asked; Sophie and Olga may answer, and say how they sign."""
    await supporter(conversation, ZOE, "69123", language="en")
    sophie = await signed_in(await staff(conversation, SOPHIE, "organizer", "69"))
    olga = await signed_in(await staff(conversation, OLGA, "coordinator", "69"))
    for visitor, name in ((sophie, "Sophie"), (olga, "Olga")):
        await visitor.open(ROOM)
        assert "Take no." not in visitor.text
        await visitor.send(f"{ROOM}/duty", name=name)
        await visitor.send(f"{ROOM}/duty", hours="9-12")
        assert "You’re on duty from" in visitor.text
    await ask(conversation.person(ZOE))
    await sophie.open(ROOM)
    (number,) = re.findall(rf"{ROOM}/(\d+)/take", sophie.page.text)
    return sophie, olga, int(number)


async def test_whoever_takes_one_reads_it_alone_and_answers(conversation: Conversation) -> None:
    sophie, olga, number = await waiting(conversation)
    one = f"{ROOM}/{number}"
    assert QUESTION not in sophie.text
    assert (await sophie.open(one)).status_code == 409
    assert QUESTION not in sophie.text
    await sophie.open(ROOM)
    await olga.open(ROOM)
    page = await sophie.send(f"{one}/take")
    assert QUESTION in sophie.text
    assert page.headers["cache-control"] == "no-store"
    await olga.send(f"{one}/take")
    assert "Sophie was first" in olga.text
    for path in (one, ROOM):
        await olga.open(path)
        assert QUESTION not in olga.text, path
    await sophie.send(f"{one}/answer", text=" \n ", once="0" * 14)
    assert "There is no text in it: write something." in sophie.text
    page = await sophie.open(one)
    # Sent twice, the same form answers once.
    once = re.search(r'name="once" value="(\w+)"', page.text)
    assert once is not None
    for _ in range(2):
        await sophie.open(one)
        await sophie.send(f"{one}/answer", text="Oui, avec plaisir !", once=once[1])
    assert sophie.text.count("Oui, avec plaisir !") == 1
    written = await rows(conversation, messages)
    assert [(row.text, row.by_team, row.signed) for row in written] == [
        (QUESTION, False, None),
        ("Oui, avec plaisir !", True, "Sophie"),
    ]
    zoe = conversation.person(ZOE)
    await arrive(conversation, zoe, conversation.person(SOPHIE))
    assert "Oui, avec plaisir !" in zoe.last.text
    # What came since the page was made keeps it open.
    await sophie.open(one)
    await zoe.send("merci, et où exactement ?")
    await arrive(conversation, conversation.person(SOPHIE))
    seen = str(written[-1].id)
    assert (await sophie.send(f"{one}/close", seen=seen)).status_code == 409
    await sophie.open(one)
    assert "où exactement" in sophie.text
    newest = (await rows(conversation, messages))[-1].id
    assert (await sophie.send(f"{one}/close", seen=str(newest))).url.path == ROOM
    # Nothing of what was said is in the log.
    log = str([(row.action, row.details) for row in await rows(conversation, audit)])
    assert "claim_conversation" in log
    assert "close_conversation" in log
    assert "plaisir" not in log
    assert (await sophie.open(one)).status_code == 409


async def test_whoever_answers_reads_which_language_the_other_one_reads(conversation: Conversation) -> None:
    sophie, _olga, number = await waiting(conversation)
    one = f"{ROOM}/{number}"
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == ZOE).values(language="fr"))
    await sophie.send(f"{one}/take")
    assert "They read: French." in sophie.text
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == ZOE).values(language="en"))
    await sophie.open(one)
    assert "They read" not in sophie.text, "both read English"


async def test_it_is_handed_back_passed_on_and_its_author_blocked(conversation: Conversation) -> None:
    sophie, olga, number = await waiting(conversation)
    one = f"{ROOM}/{number}"
    await sophie.send(f"{one}/take")
    await sophie.send(f"{one}/back")
    assert f"Take no. {number}" in sophie.text
    await sophie.send(f"{one}/take")
    to = re.search(r'<option value="(\d+)">Olga', sophie.page.text)
    assert to is not None
    assert (await sophie.send(f"{one}/pass", to=to[1])).url.path == ROOM
    assert (await sophie.open(one)).status_code == 409
    await olga.open(one)
    assert QUESTION in olga.text
    for fields in ({"days": "2", "reason": "x"}, {"days": "7", "reason": " "}):
        await olga.open(one)
        assert (await olga.send(f"{one}/block", **fields)).status_code in (403, 409)
    await olga.open(one)
    await olga.send(f"{one}/block", days="7", reason="insultes")
    assert "reaches nobody for now" in olga.text
    await olga.send(f"{one}/unblock")
    assert [row.action for row in await rows(conversation, audit)][-2:] == ["block_sender", "lift_block"]


async def test_a_saved_answer_is_looked_at_and_sent(conversation: Conversation) -> None:
    sophie, olga, number = await waiting(conversation)
    one = f"{ROOM}/{number}"
    await olga.open(f"{ROOM}/saved")
    await olga.send(f"{ROOM}/saved", title="Children", language="en", text="Yes, {{ first_name }}!\r\nCome.")
    assert "Yes, {{ first_name }}!" in olga.text
    assert (
        await olga.send(f"{ROOM}/saved", title="x", language="en", text="{{ nothing }}")
    ).status_code == 409
    await sophie.open(f"{ROOM}/saved")
    assert "Children" in sophie.text
    assert (await sophie.send(f"{ROOM}/saved", title="x", language="en", text="y")).status_code == 403
    await sophie.open(ROOM)
    await sophie.send(f"{one}/take")
    saved = re.search(r"\?saved=(\d+)", sophie.page.text)
    assert saved is not None
    page = await sophie.open(f"{one}?saved={saved[1]}")
    assert "filled in for whoever reads it" in sophie.text
    once = re.search(r'name="once" value="(\w+)"', page.text)
    assert once is not None
    await sophie.send(f"{one}/answer", saved=saved[1], once=once[1])
    zoe = conversation.person(ZOE)
    await arrive(conversation, zoe)
    assert "Yes, Awa!\nCome." in zoe.last.text
    await olga.open(f"{ROOM}/saved")
    await olga.send(f"{ROOM}/saved/delete", number=saved[1])
    assert "Children" not in olga.text


async def test_elsewhere_nobody_takes_it(conversation: Conversation) -> None:
    _sophie, _olga, number = await waiting(conversation)
    karim = await signed_in(await staff(conversation, KARIM, "organizer", "13"))
    await karim.open(ROOM)
    await karim.send(f"{ROOM}/duty", name="Karim")
    assert "Nobody is waiting" in karim.text
    told = []
    for each in (number, number + 9):
        await karim.open(ROOM)
        assert (await karim.send(f"{ROOM}/{each}/take")).status_code == 404
        told.append(karim.text)
    assert told[0] == told[1], "whoever may not see it is told what is told of one that there is not"
    assert QUESTION not in karim.text


async def test_today_says_who_has_waited_for_a_day_in_ones_areas(conversation: Conversation) -> None:
    sophie, _olga, _number = await waiting(conversation)
    elsewhere = await signed_in(await staff(conversation, 14, "coordinator", "13"))
    await sophie.open("/console/")
    assert ROOM + '">Open' not in sophie.page.text, "not a day yet"
    async with conversation.database.write() as tx:
        day = conversation.clock.now() - timedelta(hours=25)
        await tx.execute(sa.update(conversations).values(waiting_since=day))
    await sophie.open("/console/")
    assert ROOM + '">Open' in sophie.page.text
    assert "Conversations waiting: 1, the oldest since" in sophie.text
    await elsewhere.open("/console/")
    assert ROOM + '">Open' not in elsewhere.page.text
    # Of whoever cannot be answered nobody has to decide anything.
    async with conversation.database.write() as tx:
        gone = sa.update(people).where(people.c.telegram_id == ZOE)
        await tx.execute(gone.values(unreachable_at=conversation.clock.now()))
    await sophie.open("/console/")
    assert ROOM + '">Open' not in sophie.page.text
