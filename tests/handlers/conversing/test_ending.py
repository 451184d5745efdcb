"""What is left of a conversation that was ended, or erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.conversations
import db.deliveries
from bot.actions import claims
from bot.actions.erasure import sealing
from bot.actions.retention import purge
from bot.rules.conversations import Claims, ConversationState
from bot.rules.suppression import SuppressionKey
from db.deliveries import Settled, Turn
from db.erasing import erase_people
from db.schema import audit, broadcasts, conversations, deliveries, messages, people, updates
from tests.conversation import CAMPAIGN, Conversation, Shown, Talker, paris
from tests.leaving import leaving
from tests.talking import NOW, QUESTION, Posted, arrive, ask, board, on_duty, refresh, seen, talk_of, talked


async def test_erased_nothing_is_left_of_it_anywhere(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await zoe.send("je m’appelle Zoé")
    await arrive(conversation, sophie)
    await zoe.tap("Erase this conversation")
    await zoe.tap("Erase it")
    assert QUESTION not in seen(sophie)
    assert "je m’appelle Zoé" not in seen(sophie)
    assert await talk_of(zoe) is None
    async with conversation.database.read() as tx:
        assert not list(await tx.execute(sa.select(messages)))
        left = list(await tx.scalars(sa.select(broadcasts.c.key).where(broadcasts.c.key.startswith("talk:"))))
    assert len(left) == 1, "whoever had taken it is told"
    await arrive(conversation, sophie)
    assert "had the conversation erased" in sophie.last.text
    assert "Send" in (await zoe_asks_again(zoe)).buttons


async def zoe_asks_again(zoe: Talker) -> Shown:
    await zoe.send(QUESTION)
    return await zoe.tap("Send this to the team")


@pytest.mark.parametrize("way", ["/stop", "/delete", "blocks"])
async def test_who_wants_silence_or_leaves_is_answered_no_more(
    conversation: Conversation, zoe: Talker, sophie: Talker, way: str
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.send("Oui, avec plaisir !")
    if way == "blocks":
        await zoe._update(
            my_chat_member={
                "chat": zoe._chat,
                "from": zoe._user,
                "date": 1,
                "old_chat_member": {"user": zoe._user, "status": "member"},
                "new_chat_member": {"user": zoe._user, "status": "kicked", "until_date": 0},
            }
        )
    else:
        await zoe.send(way)
        if way == "/delete":
            await zoe.tap_data("1:delete:yes")
    await arrive(conversation, sophie)
    assert "avec plaisir" not in seen(zoe)
    told = {
        "/stop": "wants no messages",
        "/delete": "had the conversation erased",
        "blocks": "can’t be written",
    }
    assert told[way] in sophie.last.text
    shown = await sophie.send("Vous êtes là ?")
    assert "didn’t understand" in shown.text
    async with conversation.database.read() as tx:
        states = set(await tx.scalars(sa.select(conversations.c.state)))
    assert states == (set() if way == "/delete" else {"closed"})


async def test_who_is_blocked_is_told_until_when_and_the_reason_is_theirs_to_read(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.tap("Block this person")
    await sophie.tap("7 days")
    shown = await sophie.send("insultes répétées")
    assert "for 7 days" in shown.text
    told = await zoe.send("encore")
    assert "takes no messages from you" in told.text
    await zoe.tap("Erase this conversation")
    await zoe.tap("Erase it")
    async with conversation.database.read() as tx:
        assert not list(await tx.execute(sa.select(messages)))
    await zoe.send("/mydata")
    file = zoe.called("sendDocument")[0].attachment
    assert file is not None
    assert "insultes répétées" in file.content.decode()
    conversation.clock.move(conversation.clock.now() + timedelta(days=7))
    assert "It’s with the Lyon team." in (await ask(zoe)).text


async def test_a_block_is_lifted_before_its_time(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.tap("Block this person")
    await sophie.tap("30 days")
    await sophie.send("insultes répétées")
    await arrive(conversation)
    assert "just write again" not in seen(zoe)
    shown = await sophie.tap("Lift the block")
    assert "may write to the team again" in shown.text
    assert "It’s with the Lyon team." in (await zoe.send("pardon")).text


async def test_it_is_erased_thirty_days_after_it_was_closed(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.tap("Close")
    closed_at = conversation.clock.now()

    async def purged(days: int) -> int:
        key = SuppressionKey(links=(b"k" * 32,))
        erased = await purge(
            conversation.database, CAMPAIGN, key=key, actor="test", now=closed_at + timedelta(days=days)
        )
        return erased["conversations with the team"]

    assert await purged(29) == 0
    assert await purged(30) == 1
    async with conversation.database.read() as tx:
        assert not list(await tx.execute(sa.select(messages)))


async def test_what_somebody_had_taken_who_is_purged_goes_back_without_their_name(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.send("Je demande")
    await zoe.send("alors ?")
    taker = await sophie.stored()
    assert taker is not None
    sealed = sealing(SuppressionKey(links=(b"k" * 32,)), CAMPAIGN.retention, conversation.clock.now())
    async with conversation.database.write() as tx:
        await erase_people(tx, people.c.id == taker.id, sealed)
        found = await db.conversations.get(tx, 1)
        signed = list(await tx.scalars(sa.select(messages.c.signed).where(messages.c.by_team)))
    assert found is not None
    assert (found.standing.state, found.standing.claimed_by) == (ConversationState.WAITING, None)
    assert signed == [None]


async def test_a_claim_that_leads_to_nobody_goes_back_too(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    """As an older version left them."""
    await talked(conversation, zoe, sophie)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(conversations).values(claimed_by=None))
        await claims.tend(tx, Claims(), conversation.clock.now() + timedelta(hours=2))
    found = await talk_of(zoe)
    assert found is not None
    assert found.standing.state is ConversationState.WAITING


async def test_the_log_of_the_team_tells_who_took_what_and_no_word_of_it(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.send("Oui, avec plaisir !")
    await sophie.tap("Close")
    async with conversation.database.read() as tx:
        rows: Sequence[sa.Row[tuple[str, object]]] = (
            await tx.execute(sa.select(audit.c.action, audit.c.details).order_by(audit.c.id))
        ).all()
    assert [row.action for row in rows][-2:] == ["claim_conversation", "close_conversation"]
    assert "fille" not in str(rows)
    assert "plaisir" not in str(rows)


async def test_what_arrives_as_it_is_erased_goes_from_the_chat_too(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await zoe.send("je m’appelle Zoé")
    await leaving(conversation)  # it is being posted
    async with conversation.database.write() as tx:
        body = {
            "update_id": 77,
            "state": "failed",
            "chat": 7,
            "body": b"{}",
            "received_at": paris(NOW),
            "begun": 0,
        }
        await tx.execute(sa.insert(updates).values(body))
    await zoe.tap("Erase this conversation")
    await zoe.tap("Erase it")
    line, kept_true = Posted(sophie), board(conversation)
    await refresh(kept_true, conversation, line)
    assert not [call for call in line.calls if call.method == "deleteMessage"]
    async with conversation.database.write() as tx:
        (number,) = await tx.scalars(sa.select(deliveries.c.id).where(deliveries.c.state == "sending"))
        posted = Settled(id=number, state="sent", message_id=4321)
        await db.deliveries.take_turn(tx, Turn(settled=[posted]), owner="me", now=conversation.clock.now())
    await refresh(kept_true, conversation, line)
    (gone,) = [call for call in line.calls if call.method == "deleteMessage"]
    assert (gone.chat, gone.payload["message_id"]) == (50, 4321)
    async with conversation.database.read() as tx:
        assert not list(
            await tx.scalars(sa.select(broadcasts.c.id).where(broadcasts.c.key.startswith("erased:")))
        )
        failed = (await tx.execute(sa.select(updates.c.body).where(updates.c.update_id == 77))).scalar_one()
    assert failed is None, "it may hold what they wrote"


async def test_what_may_not_have_arrived_is_shown_again(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await ask(zoe)
    await arrive(conversation, sophie)
    await sophie.tap("Take it")
    await leaving(conversation)
    async with conversation.database.write() as tx:
        await tx.execute(
            sa.update(deliveries).where(deliveries.c.state == "sending").values(state="in_doubt")
        )
        await claims.tend(tx, Claims(), conversation.clock.now())
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 0, "it is told once"
    await arrive(conversation, sophie)
    assert "may not have reached you" in sophie.last.text
    await sophie.tap("Show it again")
    await arrive(conversation, sophie)
    assert QUESTION in seen(sophie)


async def test_who_blocked_the_bot_keeps_no_claim(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    async with conversation.database.write() as tx:
        await tx.execute(
            sa.update(people).where(people.c.telegram_id == 50).values(unreachable_at=paris(NOW))
        )
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 1
    found = await talk_of(zoe)
    assert found is not None
    assert found.standing.state is ConversationState.WAITING


async def test_taking_one_ends_nothing_that_is_being_written(conversation: Conversation, zoe: Talker) -> None:
    boss = await on_duty(conversation, 60, "Ali", "coordinator", "R84")
    await ask(zoe)
    await arrive(conversation, boss)
    await boss.tap("Saved answers")
    await boss.tap("Add one")
    await boss.tap("Take it")
    assert "finish it first" in boss.toast
    assert "which language" in (await boss.send("Enfants")).text


async def test_what_the_team_writes_after_a_claim_is_not_taken_for_a_question_of_their_own(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await sophie.sign_up()
    await sophie.tap_data("1:talk_write:-")
    await sophie.send("et moi ?")
    await talked(conversation, zoe, sophie)
    await sophie.tap("Hand back")
    assert "Send this to the team" in (await sophie.send("Venez donc")).buttons


async def test_a_forged_event_is_none(conversation: Conversation, zoe: Talker) -> None:
    await zoe.tap_data(f"1:talk_write:{'x' * 40}")
    assert "didn’t understand" in (await zoe.send(QUESTION)).text


async def test_nobody_is_given_a_second_one(conversation: Conversation, zoe: Talker, sophie: Talker) -> None:
    """As where it is passed to somebody who takes another one in the same moment."""
    other = conversation.person(8)
    await other.sign_up()
    await talked(conversation, zoe, sophie)
    await ask(other)
    first, second = await talk_of(zoe), await talk_of(other)
    assert first is not None
    assert second is not None
    async with conversation.database.write() as tx:
        assert not await db.conversations.move(tx, second, replace(first.standing))
        assert await db.conversations.get(tx, second.id) == second
