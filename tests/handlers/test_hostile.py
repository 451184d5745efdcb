"""Hostile input: forged buttons, and thousands of generated updates in the shapes of the Bot API.

Whatever arrives is answered without an error, to the one who sent it and with what Telegram accepts; what was
forged changes nothing. The generator is seeded: a failure shows the last updates that led to it.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

import handlers
from db.engine import Database
from db.schema import metadata
from tests.campaigning import staff
from tests.conversation import Conversation, Talker
from tests.hostile import FORGED_BY_HAND, FORGED_BY_SUPPORTERS, Hostile, fault_of, forgeries


async def contents(database: Database) -> dict[str, str]:
    """Every row of every table. That somebody was seen is no change."""
    found = {}
    async with database.read() as tx:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if column.name != "seen_at"]
            found[table.name] = repr((await tx.execute(sa.select(*columns).order_by(*columns))).all())
    return found


async def a_supporter(conversation: Conversation) -> Talker:
    talker = conversation.person(101)
    await talker.sign_up()
    return talker


async def somebody_signing_up(conversation: Conversation) -> Talker:
    talker = conversation.person(102)
    await talker.send("/start")
    return talker


async def somebody_about_to_confirm(conversation: Conversation) -> Talker:
    talker = await somebody_signing_up(conversation)
    for purpose in ("contact", "commune", "team", "keep"):
        await talker.tap_data(f"1:consent:{purpose}:yes")
    await talker.tap_data("1:age:yes")
    await talker.send("Lyon")
    return talker


async def a_supporter_who_moves(conversation: Conversation) -> Talker:
    talker = await a_supporter(conversation)
    await talker.tap_data("1:settings_place")
    return talker


async def an_admin(conversation: Conversation) -> Talker:
    talker = await staff(conversation, 7, "admin", "FR")
    await talker.send("/menu")
    return talker


async def an_admin_inviting(conversation: Conversation) -> Talker:
    talker = await an_admin(conversation)
    for data in ("1:staff_invite", "1:staff_role:organizer"):
        await talker.tap_data(data)
    return talker


async def an_admin_broadcasting(conversation: Conversation) -> Talker:
    """At the choice of the audience."""
    talker = await an_admin(conversation)
    await talker.send("/broadcast")
    await talker.tap_data("1:broadcast_kind:gotv")
    for text in ("Bonjour", "Hello"):
        await talker.send(text)
    await talker.tap("No photo")
    return talker


async def an_admin_with_an_event(conversation: Conversation) -> Talker:
    """At the summary."""
    talker = await an_admin(conversation)
    for words in ("/new_event", "Réunion", "Venez", "Meeting", "Come", "lyon", "Salle Molière"):
        await talker.send(words)
    await talker.tap("Without a pin")
    await talker.send("24/11 19h")
    await talker.tap("2 h")
    await talker.tap("That’s it")
    return talker


STATES = (
    a_supporter,
    somebody_signing_up,
    somebody_about_to_confirm,
    a_supporter_who_moves,
    an_admin,
    an_admin_inviting,
    an_admin_broadcasting,
    an_admin_with_an_event,
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_a_forged_button_changes_nothing(
    conversation: Conversation, state: Callable[[Conversation], Awaitable[Talker]]
) -> None:
    await conversation.add_event("lyon1")
    talker = await state(conversation)
    before = await contents(conversation.database)
    chosen = random.Random(state.__name__)
    for action in handlers.ROUTES.buttons:
        for data in (*chosen.sample(list(forgeries(action)), 3), *FORGED_BY_HAND.get(action, ())):
            await tapped(talker, data)
        after = await contents(conversation.database)
        assert after == before, f"a forged {action} changed something"


async def test_a_forged_answer_of_a_supporter_changes_nothing(conversation: Conversation) -> None:
    talker = await a_supporter(conversation)
    before = await contents(conversation.database)
    for data in FORGED_BY_SUPPORTERS:
        await tapped(talker, data)
    assert await contents(conversation.database) == before


async def test_the_place_is_not_said_before_the_choices(conversation: Conversation) -> None:
    """Nothing but the chat is kept before consent, whichever button is sent."""
    talker = await somebody_signing_up(conversation)
    for data in ("1:place:69123", "1:territory:971", "1:country:BE", "1:place_by:abroad"):
        await talker.tap_data(data)
    person = await talker.stored()
    assert person is not None
    assert (person.commune, person.territory, person.country) == (None, None, None)
    assert await conversation.answers() == []


async def tapped(talker: Talker, data: str) -> None:
    """A tap with these data; it is answered once, and without an error."""
    try:
        await talker.tap_data(data)
    except Exception as error:
        raise AssertionError(f"unhandled: {data!r}") from error
    assert len(talker.called("answerCallbackQuery")) == 1, data


MUTED = {"delete", "staff_revoke"}
"""Buttons that would end the game for the one who plays it."""


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_arrives_is_answered(conversation: Conversation, seed: int) -> None:
    chosen = random.Random(seed)
    await conversation.add_event("lyon1")
    await conversation.add_event("tardif", starts="2016-11-20T10:00", titles={"fr": "<b>{{7*7}}</b>"})
    talkers = [await a_supporter(conversation), conversation.person(201), conversation.person(202)]
    talkers += [
        await staff(conversation, number, role, area)
        for number, role, area in ((7, "admin", "FR"), (8, "coordinator", "R84"), (9, "organizer", "69"))
    ]
    people = [Hostile(conversation, talker, chosen) for talker in talkers]
    sent: deque[str] = deque(maxlen=12)
    for _ in range(300):
        who = chosen.randrange(len(people))
        talker, update = talkers[who], people[who].update()
        if any(f":{action}:" in str(update) for action in MUTED):
            continue
        sent.append(str(update)[:300])
        try:
            talker.calls = await conversation.process(update)
        except Exception as error:
            raise AssertionError("unhandled after\n" + "\n".join(sent)) from error
        for call in talker.calls:
            fault = fault_of(call, to=talker.telegram_id)
            assert fault is None, fault + "\n" + "\n".join(sent)
            talker._show(call)
