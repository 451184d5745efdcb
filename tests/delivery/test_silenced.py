"""The law is asked when a reply leaves: it may have waited since before a quiet period, for a pause or a start."""

from __future__ import annotations

from typing import Any

import pytest

from bot.delivery.calls import Call
from bot.departure.compose import Composer
from bot.departure.silenced import Silenced
from db import updates as store
from tests.conversation import BOT, Conversation, paris

FREE, EVE, OVER = paris("2016-11-18T18:00"), paris("2016-11-19T10:00"), paris("2016-11-20T19:30")


def asked_in(conversation: Conversation) -> Silenced:
    shared = conversation.services
    composer = Composer(
        texts=shared.texts, campaign=shared.campaign, gazetteer=shared.gazetteer, bot_username=BOT
    )
    return Silenced(
        database=conversation.database, clock=conversation.clock, texts=shared.texts, composer=composer
    )


@pytest.mark.parametrize(
    ("starts_at", "speaks"), [(FREE, True), (EVE, False), (OVER, True)], ids=["free", "eve", "over"]
)
async def test_what_was_worded_before_a_quiet_period_does_not_leave_in_it(
    bench: Any, starts_at: Any, speaks: bool
) -> None:
    """The process was killed before it could post them; another one starts on the eve, or once the vote is over."""
    conversation = Conversation(bench.database, FREE)
    await conversation.add_event("lyon1", starts="2016-11-22T19:00")
    person = conversation.person(7)
    await person.sign_up()
    await person.send("/start ev_lyon1")
    worded = person.calls
    await person.tap_data("1:rsvp:lyon1:yes")
    worded += [call for call in person.calls if call.method == "editMessageText"]
    await person.send("/privacy")
    worded += person.calls
    kept = [call.to_json() for call in worded]
    assert [Call.from_json(each).to_json() for each in kept] == kept
    async with bench.database.write() as tx:
        await store.store(tx, [store.Received(update_id=900_001, chat=7, body=b"{}")], FREE)
        answered = store.AnsweredUpdate(update_id=900_001, chat=7, replies=kept)
        await store.answer(tx, [answered], "dead")
    bench.clock.move(starts_at)
    conversation.clock.move(starts_at)
    bench.silenced = asked_in(conversation)
    async with bench.running() as engine:
        await bench.idle(engine)
    said = [str(payload) for _, payload in bench.telegram.arrived]
    assert any("Lyon" in each or "rsvp" in each for each in said) is speaks
    assert any("Events are back here on Sunday" in each for each in said) is not speaks
    assert any("privacy" in each.lower() for each in said), "what people have a right to comes all the same"


async def test_nothing_is_told_to_whom_nothing_is_kept_of(bench: Any) -> None:
    conversation = Conversation(bench.database, EVE)
    late = Call(method="sendMessage", payload={"chat_id": 77, "text": "Venez"}, leave_before=FREE)
    assert await asked_in(conversation)(late) is None
