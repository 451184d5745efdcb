"""Hostile input: forged buttons, and thousands of generated updates in the shapes of the Bot API.

Whatever arrives is answered without an error, to the one who sent it and with what Telegram accepts; what was
forged changes nothing. The generator is seeded: a failure shows the last updates that led to it.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import handlers
from bot.actions.dialogs import ASKED
from bot.delivery.calls import Call
from bot.delivery.hooks import ReadFirst
from bot.delivery.intake import chat_of
from db.engine import Database, savepoint
from db.portable import CURRENT
from db.schema import consents, people, responses
from db.schema import staff as staff_table
from tests.campaigning import rows, staff
from tests.conversation import Conversation, Talker
from tests.drafting import send_broadcast, write_broadcast, write_event
from tests.hostile import FORGED_BY_HAND, FORGED_BY_SUPPORTERS, Hostile, fault_of, forgeries
from tests.thorough import IS_THOROUGH, seeds

UNCHANGING = frozenset({"seen_at", "newest_message"})
KEPT = {table.name: [column for column in table.c if column.name not in UNCHANGING] for table in CURRENT}
ROWS_OF = {name: sa.select(*columns).order_by(*columns) for name, columns in KEPT.items()}


async def contents(database: Database) -> dict[str, str]:
    """Every row of every table. That somebody was seen, and answered, is no change; nor where a question now stands."""
    found = {}
    async with database.read() as tx:
        for name, query in ROWS_OF.items():
            rows = await tx.execute(query)
            found[name] = repr([[_without_place(value) for value in row] for row in rows])
    return found


def _without_place(value: object) -> object:
    return {name: said for name, said in value.items() if name != ASKED} if isinstance(value, dict) else value


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
    await talker.tap_data("1:consent:contact:yes")
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
    await write_broadcast(talker)
    return talker


async def an_admin_with_an_event(conversation: Conversation) -> Talker:
    """At the summary."""
    talker = await an_admin(conversation)
    await write_event(talker)
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


LOOKED_AT_TOGETHER = 15
"""Actions after which all that is kept is looked at: that takes longer than their taps."""
BY_CHANCE = len(seeds(3))
"""Forged by chance of each action in each state, beside all that were by hand: other ones in each of them."""


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_a_forged_button_changes_nothing(
    conversation: Conversation, state: Callable[[Conversation], Awaitable[Talker]]
) -> None:
    await conversation.add_event("lyon1")
    talker = await state(conversation)
    before = await contents(conversation.database)
    chosen = random.Random(state.__name__)
    every = [*handlers.ROUTES.buttons]
    for begin in range(0, len(every), LOOKED_AT_TOGETHER):
        actions = every[begin : begin + LOOKED_AT_TOGETHER]
        for action in actions:
            for data in (*chosen.sample(list(forgeries(action)), BY_CHANCE), *FORGED_BY_HAND.get(action, ())):
                await tapped(talker, data)
        after = await contents(conversation.database)
        assert after == before, f"a forged button changed something, one of {actions}"


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


UPDATES, BATCH = (
    1_050 if IS_THOROUGH else 550,
    50,
)  # some taps are left out: of five seeds 5,000 remain, of two 1,000


async def handled(conversation: Conversation, tx: AsyncConnection, update: dict[str, Any]) -> list[Call]:
    """What answers it; what has to be looked up first is."""
    while True:
        try:
            async with savepoint(tx):
                return await conversation.handle(tx, update)
        except ReadFirst as first:
            await first.read()


# Of what its own attributes will be one day; in the bot it warns once.
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
@pytest.mark.parametrize("seed", seeds(5))
async def test_whatever_arrives_is_answered(conversation: Conversation, seed: int) -> None:
    """Hundreds of updates a seed: none fails, each is answered to whom it came from, and changes nobody else."""
    chosen = random.Random(seed)
    await conversation.add_event("lyon1")
    await conversation.add_event("tardif", starts="2016-11-20T10:00", titles={"fr": "<b>{{7*7}}</b>"})
    talkers = [await a_supporter(conversation), conversation.person(201), conversation.person(202)]
    talkers += [
        await staff(conversation, number, role, area)
        for number, role, area in ((7, "admin", "FR"), (8, "coordinator", "R84"), (9, "organizer", "69"))
    ]
    people_ = [Hostile(conversation, talker, chosen) for talker in talkers]
    sent: deque[str] = deque(maxlen=12)
    sender_of: dict[int, int] = {}
    for _ in range(UPDATES // BATCH):
        async with conversation.database.write() as tx:
            for _ in range(BATCH):
                who = chosen.randrange(len(people_))
                talker, update = talkers[who], people_[who].update()
                if any(f":{action}:" in str(update) for action in MUTED):
                    continue
                sent.append(str(update)[:300])
                sender_of[update["update_id"]] = talker.telegram_id
                assert isinstance(chat_of(update), int)
                try:
                    talker.calls = await handled(conversation, tx, update)
                except Exception as error:
                    raise AssertionError("unhandled after\n" + "\n".join(sent)) from error
                for call in talker.calls:
                    fault = fault_of(call, to=talker.telegram_id, update=update)
                    assert fault is None, fault + "\n" + "\n".join(sent)
                    talker._show(call)
    await nobody_else_was_changed(conversation, sender_of)


async def nobody_else_was_changed(conversation: Conversation, sender_of: dict[int, int]) -> None:
    """Every answer and every choice belongs to whoever sent the update it came with."""
    whose = {row.id: row.telegram_id for row in await rows(conversation, people)}
    named = {row.pseudonym: row.telegram_id for row in await rows(conversation, people)}
    for row in await rows(conversation, responses):
        if row.person is not None and row.update_id in sender_of:
            assert whose[row.person] == sender_of[row.update_id], row
    for row in await rows(conversation, consents):
        if row.pseudonym in named and row.update_id in sender_of:
            assert named[row.pseudonym] == sender_of[row.update_id], row
    assert {row.telegram_id for row in await rows(conversation, people)} <= {*sender_of.values(), 101}


# -- what was offered to somebody else --


async def offered_to_an_admin(conversation: Conversation) -> set[str]:
    """Every button that an admin has seen, of each thing that is there."""
    await conversation.add_event("lyon1")
    admin = await an_admin(conversation)
    for words in ("/staff", "/broadcasts", "/stats", "/calendar", "/export", "/events"):
        await admin.send(words)
    for data in (
        "1:staff_invite",
        "1:staff_role:organizer",
        "1:staff_area:69",
        "1:staff",
        "1:my_event:lyon1",
    ):
        await admin.tap_data(data)
    await send_broadcast(admin)
    seen = {data for shown in admin.screen for data in shown.buttons.values()}
    numbered = {"1:staff_revoke:1", "1:staff_unlink:1", "1:broadcast_do:cancel:1", "1:broadcast_do:pause:1"}
    changes = {f"1:event_change:lyon1:{field}:-" for field in ("date", "address", "commune")}
    return seen | numbered | changes | {"1:event_cancel:lyon1", "1:broadcast:1", "1:export:FR:responses:csv"}


STRANGERS = {
    "a supporter": None,
    "an organizer elsewhere": "organizer",
    "a coordinator elsewhere": "coordinator",
    "an admin elsewhere": "admin",
}
OF_THE_CAMPAIGN = (
    "broadcasts",
    "deliveries",
    "events",
    "event_texts",
    "staff",
    "staff_links",
    "audit",
    "facts",
)


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_what_was_offered_to_another_is_refused(conversation: Conversation, stranger: str) -> None:
    """Buttons copied from an admin of everywhere, tapped by whoever may not: twice, as a replay would."""
    offered = await offered_to_an_admin(conversation)
    role = STRANGERS[stranger]
    if role is None:
        talker = await a_supporter(conversation)
    else:
        talker = await staff(conversation, 55, role, "13")
    before = await contents(conversation.database)
    for data in sorted(offered):
        for _ in range(2):
            await tapped(talker, data)
    after = await contents(conversation.database)
    # An admin elsewhere may invite there; that is theirs to do.
    allowed = {"staff_links", "audit"} if role == "admin" else set()
    assert [name for name in OF_THE_CAMPAIGN if name not in allowed and after[name] != before[name]] == []


@pytest.mark.parametrize(
    "token", ["s_", "s_x", "s_" + "A" * 32, "s_' OR 1=1 --", "s_%", "s_" + "0" * 64, "s_\u202e", "S_x"]
)
async def test_a_guessed_link_gives_nothing(conversation: Conversation, token: str) -> None:
    admin = await an_admin(conversation)
    for data in ("1:staff_invite", "1:staff_role:admin", "1:staff_area:FR"):
        await admin.tap_data(data)
    talker = conversation.person(66)
    await talker.send(f"/start {token}")
    assert [row.telegram_id for row in await rows(conversation, staff_table)] == [7]
    assert "campaign team" in (await talker.send("/new_event")).text
