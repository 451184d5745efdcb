"""Links that people pass on to friends: they show a code that stands nowhere else, and who came by one is counted."""

from __future__ import annotations

import re

import sqlalchemy as sa

import db.people
from db.people import Person
from db.schema import people
from tests.conversation import Conversation, Talker


async def link_of(person: Talker) -> str:
    """The code in the text that they are given to forward."""
    await person.tap_data("1:step:1:plan:midday")
    await person.tap_data("1:step:1:echo:ok")
    found = re.search(r"\?start=r_(\w+)", person.last.text)
    assert found is not None
    return found[1]


async def stored(person: Talker) -> Person:
    found = await person.stored()
    assert found is not None
    return found


async def supporter(conversation: Conversation, telegram_id: int) -> Talker:
    person = conversation.person(telegram_id)
    await person.sign_up()
    return person


async def test_a_link_for_friends_shows_no_other_name_of_the_person(conversation: Conversation) -> None:
    zoe = await supporter(conversation, 7)
    code, known = await link_of(zoe), await stored(zoe)
    assert code not in (known.pseudonym, str(known.telegram_id), str(known.id))
    said = zoe.last.text + "".join(zoe.last.urls.values())
    assert known.pseudonym not in said


async def test_who_comes_by_a_link_is_its_owners_recruit(conversation: Conversation) -> None:
    zoe, friend = await supporter(conversation, 7), conversation.person(8)
    await friend.send(f"/start r_{await link_of(zoe)}")
    assert (await stored(friend)).recruiter is None  # nothing is kept of whom they know before they agree
    await friend.tap("yes, write to me")
    assert (await stored(friend)).recruiter == (await stored(zoe)).id


async def test_a_link_sent_before_such_codes_still_works_and_no_new_one_shows_it(
    conversation: Conversation,
) -> None:
    """It shows the pseudonym, which exports have not shown since either."""
    zoe, friend = await supporter(conversation, 7), conversation.person(8)
    old = (await stored(zoe)).pseudonym
    await friend.send(f"/start r_{old}")
    await friend.tap("yes, write to me")
    assert (await stored(friend)).recruiter == (await stored(zoe)).id
    assert await link_of(zoe) != old


async def test_a_link_that_is_nobodys_changes_nothing(conversation: Conversation) -> None:
    """Nor one without a code: rows that were put in by hand have none."""
    zoe = await supporter(conversation, 7)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).values(friend_code=""))
    friend = conversation.person(8)
    for code in ("", "0", "0123456789abcdef", str((await stored(zoe)).id), "7"):
        await friend.send(f"/start r_{code}")
        assert (await stored(friend)).recruiter is None


async def test_every_code_is_another(conversation: Conversation) -> None:
    async with conversation.database.write() as tx:
        made = [
            await db.people.create(tx, telegram_id=100 + n, pseudonym=f"p{n}", now=conversation.clock.now())
            for n in range(20)
        ]
    assert len({each.friend_code for each in made} | {each.pseudonym for each in made}) == 40
