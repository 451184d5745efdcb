"""Who reads what was written to the team, and who answers it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.conversations
from bot.actions import claims
from bot.rules.conversations import Claims, ConversationState, left_idle
from bot.words.telegram_html import CAPTION_LIMIT
from db.schema import conversations, people
from tests.campaigning import revoke
from tests.conversation import Conversation, Talker, paris
from tests.talking import NOW, QUESTION, arrive, ask, on_duty, seen, talk_of, talked


async def test_whoever_takes_it_reads_it_alone_and_answers_in_the_name_of_the_team(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    karim = await on_duty(conversation, 51, "Karim")
    await talked(conversation, zoe, sophie, karim)
    assert QUESTION in seen(sophie)
    assert QUESTION not in seen(karim)
    taken = await karim.tap("Take it")
    assert "Sophie was first" in taken.text
    await sophie.send("Oui, avec plaisir !")
    assert sophie.called("setMessageReaction")
    await arrive(conversation, zoe)
    assert "Sophie, Lyon team" in zoe.last.text
    assert "Oui, avec plaisir !" in zoe.last.text
    await zoe.send("merci")
    await arrive(conversation, sophie)
    assert "merci" in sophie.last.text
    assert "merci" not in seen(karim)


async def test_one_at_a_time_and_never_ones_own(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    other = conversation.person(8)
    await other.sign_up()
    await talked(conversation, zoe, sophie)
    await ask(other)
    await arrive(conversation, sophie)
    await sophie.tap("Take it")
    assert "One at a time" in sophie.toast
    await sophie.tap("Hand back")
    await sophie.sign_up()
    await sophie.tap_data("1:talk_write:-")
    await sophie.send("et moi ?")
    own = await talk_of(sophie)
    assert own is not None
    await sophie.tap_data(f"1:talk_take:{own.id}")
    assert "answered by somebody else" in sophie.toast


async def test_handed_back_it_waits_for_others(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    karim = await on_duty(conversation, 51, "Karim")
    await talked(conversation, zoe, sophie, karim)
    await sophie.tap("Hand back")
    await arrive(conversation, karim)
    await karim.tap("Take it")
    await arrive(conversation, karim)
    assert QUESTION in seen(karim)
    shown = await sophie.send("Trop tard")
    assert "Trop tard" not in seen(karim)
    assert "didn’t understand" in shown.text


async def test_passed_on_it_is_read_by_whoever_it_went_to(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    karim = await on_duty(conversation, 51, "Karim")
    await talked(conversation, zoe, sophie, karim)
    await sophie.tap("Pass on")
    shown = await sophie.tap("Karim")
    assert "Karim has no." in shown.text
    await arrive(conversation, karim)
    assert QUESTION in seen(karim)
    await zoe.send("vous êtes là ?")
    await arrive(conversation, karim)
    assert "vous êtes là ?" in karim.last.text
    assert "vous êtes là ?" not in seen(sophie)


async def test_closed_its_author_is_told_and_reopens_it_by_writing(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.tap("Close")
    await arrive(conversation, zoe)
    assert "is closed" in zoe.last.text
    await zoe.send("encore une question")
    found = await talk_of(zoe)
    assert found is not None
    assert found.standing.state is ConversationState.WAITING
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=5))
    await arrive(conversation, sophie)
    await sophie.tap("Take it")
    await arrive(conversation, sophie)
    await sophie.tap("Close")
    conversation.clock.move(conversation.clock.now() + timedelta(days=2))
    assert "Send this to the team" in (await zoe.send("et deux jours après")).buttons


async def test_an_idle_claim_goes_back_and_what_nobody_answers_goes_up(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    boss = await on_duty(conversation, 60, "Ali", "coordinator", "R84")
    await boss.tap("Go off duty")
    await talked(conversation, zoe, sophie)
    now = conversation.clock.now()
    conversation.clock.move(now + timedelta(hours=2))
    async with conversation.database.write() as tx:
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 1
    await arrive(conversation, sophie)
    assert "no longer yours" in seen(sophie)
    shown = await sophie.send("Venez donc")
    assert "didn’t understand" in shown.text
    conversation.clock.move(now + timedelta(hours=24))
    async with conversation.database.write() as tx:
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 1
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 0
    await arrive(conversation, boss)
    assert "Nobody has answered for too long" in boss.last.text
    await boss.tap("Take it")
    await arrive(conversation, boss)
    assert QUESTION in seen(boss)


async def test_who_loses_their_role_loses_what_they_have_taken(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await revoke(conversation, 50)
    await zoe.send("vous êtes là ?")
    async with conversation.database.write() as tx:
        await claims.end_unfounded(tx, 50, conversation.clock.now())
    await arrive(conversation)
    assert "vous êtes là ?" not in seen(sophie)
    found = await talk_of(zoe)
    assert found is not None
    assert found.standing.state is ConversationState.WAITING


async def test_what_arrives_as_it_is_closed_is_read_first(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.send("Oui")
    await zoe.send("et à quelle heure ?")
    await sophie.tap("Close")
    assert "read it first" in sophie.toast
    await arrive(conversation, sophie)
    assert "et à quelle heure ?" in seen(sophie)
    await sophie.tap("Close")
    found = await talk_of(zoe)
    assert found is not None
    assert found.standing.state is ConversationState.CLOSED


async def test_who_votes_elsewhere_now_is_read_and_answered_there(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    lea = await on_duty(conversation, 52, "Léa", area="13")
    await talked(conversation, zoe, sophie)
    await place_of(zoe, "13055")
    sent = await zoe.send("je viens de déménager")
    assert "It’s with the Marseille team." in sent.text
    await arrive(conversation, sophie, lea)
    assert "votes elsewhere now" in sophie.last.text
    assert "déménager" not in seen(sophie)
    shown = await sophie.send("Bienvenue")
    assert "didn’t understand" in shown.text
    await lea.tap("Take it")
    await arrive(conversation, lea)
    assert "je viens de déménager" in seen(lea)


async def place_of(person: Talker, commune: str) -> None:
    """They vote somewhere else from now on."""
    where = person.conversation.services.gazetteer.by_code(commune)
    assert where is not None
    lives = {"commune": commune, "department": where.department, "region": where.region}
    async with person.conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == person.telegram_id).values(lives))


@pytest.mark.parametrize("way", ["Hand back", "Close"])
async def test_whoever_has_taken_it_can_always_let_it_go(
    conversation: Conversation, zoe: Talker, sophie: Talker, way: str
) -> None:
    """Also where they may not answer there any more, or nobody can reach its author."""
    await talked(conversation, zoe, sophie)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(conversations).values(area="13055"))
        await tx.execute(sa.update(people).where(people.c.telegram_id == 7).values(unreachable_at=paris(NOW)))
    await sophie.tap(way)
    found = await talk_of(zoe)
    assert found is not None
    assert found.standing.claimed_by is None


async def test_whose_author_cannot_be_reached_waits_for_nobody(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    """A message to them was refused: nobody could take it, and it would be counted and go up for ever."""
    await talked(conversation, zoe, sophie)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 7).values(unreachable_at=paris(NOW)))
    async with conversation.database.write() as tx:
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 1
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 0
    await arrive(conversation, sophie)
    assert "can’t be written to any more" in sophie.last.text
    assert "Nobody is waiting." in (await sophie.send("/inbox")).text


async def test_of_who_restricted_their_data_nothing_leaves_that_was_on_its_way(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    """Whatever became of the conversation meanwhile."""
    await ask(zoe)
    await arrive(conversation, sophie)
    await sophie.tap("Take it")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 7).values(state="restricted"))
    await arrive(conversation)
    assert QUESTION not in seen(sophie)


async def test_what_moved_meanwhile_is_not_moved_by_who_saw_it_before(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    """They wrote while their conversation was found idle and answered: it does not close over what they wrote."""
    await talked(conversation, zoe, sophie)
    await sophie.send("Oui")
    seen_before = await talk_of(zoe)
    assert seen_before is not None
    await zoe.send("et à quelle heure ?")
    async with conversation.database.write() as tx:
        idle = left_idle(seen_before.standing, conversation.clock.now())
        assert not await db.conversations.move(tx, seen_before, idle)


async def test_what_is_changed_is_shown_as_changed(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    await zoe.send("elle a sept ans")
    await arrive(conversation, sophie)
    await zoe.edit(zoe.last_sent, "elle a huit ans")
    assert "elle a huit ans" in sophie.last.text
    assert "(changed)" in sophie.last.text
    await sophie.send("Bien sûr")
    await arrive(conversation, zoe)
    await sophie.edit(sophie.last_sent, "Bien sûr !")
    assert "Bien sûr !" in zoe.last.text
    assert "(changed)" in zoe.last.text


async def test_a_caption_is_changed_as_a_text_is(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    photo = [{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}]
    await zoe.send_message(photo=photo, caption="elle a sept ans")
    await arrive(conversation, sophie)
    changed = zoe._message(photo=photo, caption="elle a huit ans") | {"message_id": zoe.last_sent}
    await zoe._update(edited_message=changed)
    (edit,) = zoe.called("editMessageCaption")
    assert edit.chat == sophie.telegram_id
    assert "elle a huit ans" in edit.payload["caption"]
    assert "(changed)" in edit.payload["caption"]


@pytest.mark.parametrize(
    "content",
    [
        {"location": {"latitude": 45.7, "longitude": 4.8}},
        {"photo": [{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}], "caption": "x" * 1000},
        {"photo": [{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}], "caption": "x" * 1500},
    ],
)
async def test_an_answer_without_room_for_it_comes_after_who_answers(
    conversation: Conversation, zoe: Talker, sophie: Talker, content: dict[str, object]
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.send_message(**content)
    await arrive(conversation, zoe)
    signed, copied = zoe.screen[-2:]
    assert signed.text.strip() == "<b>Sophie, Lyon team</b>"
    caption = str(content.get("caption", ""))
    # One that Telegram takes of no bot stays the original's own.
    assert copied.text == (caption if len(caption) <= CAPTION_LIMIT else "")
