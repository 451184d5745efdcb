"""A supporter writes to the team: who is asked, who reads it, who answers, and what is left of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.consents
import db.conversations
import db.deliveries
import db.exports
import db.inbox_topics
from bot.actions import claims
from bot.actions.erasure import sealing
from bot.actions.renewals import text_hash
from bot.actions.retention import purge
from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, Outcome, Rejected
from bot.departure.conversing import Talks
from bot.departure.inbox import InboxBoard
from bot.departure.inbox_group import GroupBoard
from bot.rules.conversations import Claims, State, left_idle
from bot.rules.suppression import SuppressionKey
from bot.rules.territories import METROPOLE, zone_of
from db.conversations import Conversation as Talk
from db.deliveries import Settled, Turn
from db.erasing import erase_people
from db.exports import Selection
from db.schema import audit, broadcasts, conversations, deliveries, duties, messages, people, updates
from handlers.command_menu import team_menu_calls
from handlers.desk import composer
from tests.campaigning import revoke
from tests.conversation import CAMPAIGN, Conversation, Shown, Talker, paris
from tests.leaving import leaving
from tests.talking import arrive, on_duty

NOW = "2016-11-14T10:00"
QUESTION = "puis-je venir avec ma fille ?"


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


@pytest.fixture
async def sophie(conversation: Conversation) -> Talker:
    return await on_duty(conversation, 50, "Sophie")


async def ask(person: Talker, text: str = QUESTION) -> Shown:
    """What nobody understands goes to the team, after the question that is put once."""
    await person.send(text)
    await person.tap("Send this to the team")
    return await person.tap("Send") if "Send" in person.last.buttons else person.last


async def talk_of(person: Talker) -> Talk | None:
    stored = await person.stored()
    assert stored is not None
    async with person.conversation.database.read() as tx:
        return await db.conversations.of_person(tx, stored.id)


async def talked(conversation: Conversation, asker: Talker, *answerers: Talker) -> None:
    """A question was asked, and the first of them has taken it."""
    await ask(asker)
    await arrive(conversation, *answerers)
    await answerers[0].tap("Take it")
    await arrive(conversation, *answerers)


def seen(person: Talker) -> str:
    return "\n".join(shown.text for shown in person.screen)


# -- writing --


async def test_what_nobody_understood_goes_to_the_team_once_its_author_chose_so(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    shown = await zoe.send(QUESTION)
    assert "I didn’t understand" in shown.text
    assert "the Lyon team" in shown.text
    asked = await zoe.tap("Send this to the team")
    assert "Send this to the Lyon team?" in asked.text
    assert await talk_of(zoe) is None
    sent = await zoe.tap("Send")
    assert "It’s with the Lyon team." in sent.text
    stored = await zoe.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        (choice,) = [
            each
            for each in await db.consents.of_person(tx, stored.pseudonym)
            if each.purpose == "conversation"
        ]
        written = list(await tx.scalars(sa.select(messages.c.text)))
    assert choice.given
    assert written == [QUESTION]
    asked_by = conversation.services.texts.render("conversations/ask", "en", area="69123", team="Lyon")
    assert choice.text_hash == text_hash(asked_by.written)
    await arrive(conversation, sophie)
    assert "1 message" in sophie.last.text
    assert "Lyon" in sophie.last.text
    assert QUESTION not in seen(sophie)


async def test_who_does_not_send_it_leaves_nothing_behind(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send(QUESTION)
    await zoe.tap("Send this to the team")
    shown = await zoe.tap("Don’t send")
    assert "nothing is kept" in shown.text
    async with conversation.database.read() as tx:
        assert not list(await tx.execute(sa.select(conversations)))
        assert not list(await tx.execute(sa.select(messages)))


async def test_the_button_asks_for_a_message_and_stop_is_still_obeyed(
    conversation: Conversation, zoe: Talker
) -> None:
    await zoe.send("/menu")
    shown = await zoe.tap("Write to the team")
    assert "Write your message to the Lyon team." in shown.text
    stopped = await zoe.send("arrêtez de m’écrire")
    assert "no more messages" in stopped.text.lower() or "stop" in stopped.text.lower()
    stored = await zoe.stored()
    assert stored is not None
    assert stored.state == "stopped"
    assert await talk_of(zoe) is None


async def test_a_photo_is_handed_on_by_telegram_and_not_kept(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await zoe.send("/menu")
    await zoe.tap("Write to the team")
    photo = [{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}]
    await zoe.send_message(photo=photo, caption="c’est ici ?")
    await arrive(conversation, sophie)
    await sophie.tap("Take it")
    await arrive(conversation, sophie)
    assert "[a photo] c’est ici ?" in seen(sophie)
    stored = await zoe.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        (kept,) = list(await tx.execute(sa.select(messages.c.media, messages.c.text)))
    assert kept == ("photo", "c’est ici ?")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"text": "x" * 4096}, "too long"),
        ({"contact": {"phone_number": "1", "first_name": "A"}}, "hand that on"),
    ],
)
async def test_what_cannot_be_handed_on_is_told(
    conversation: Conversation, zoe: Talker, content: dict[str, object], told: str
) -> None:
    await zoe.send("/menu")
    await zoe.tap("Write to the team")
    shown = await zoe.send_message(**content)
    assert told in shown.text
    assert await talk_of(zoe) is None
    assert "It’s with the Lyon team." in (await zoe.send(QUESTION)).text


async def test_sent_twice_by_two_taps_it_is_there_once(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send(QUESTION)
    question = await zoe.tap("Send this to the team")
    send = question.buttons["Send"]
    reply_to = question.reply_to
    await zoe.tap("Send")
    again = Shown(id=question.id, text="…", buttons={"Send": send}, reply_to=reply_to)
    assert "It’s with the Lyon team." in (await zoe.tap_data(send, on=again)).text
    async with conversation.database.read() as tx:
        assert list(await tx.scalars(sa.select(messages.c.text))) == [QUESTION]


async def test_six_digits_at_an_open_door_are_its_code_also_of_who_writes_to_the_team(
    conversation: Conversation, zoe: Talker
) -> None:
    now = conversation.clock.now().astimezone(zone_of(METROPOLE))
    await conversation.add_event("ab12cd34", starts=f"{now:%Y-%m-%dT%H:%M}")
    await ask(zoe)
    shown = await zoe.send("482 913")
    assert "code" in shown.text.lower()
    async with conversation.database.read() as tx:
        assert list(await tx.scalars(sa.select(messages.c.text))) == [QUESTION]


async def test_ten_messages_a_minute_are_enough(conversation: Conversation, zoe: Talker) -> None:
    await ask(zoe)
    for number in range(9):
        await zoe.send(f"et encore ceci {number}")
        assert zoe.called("setMessageReaction")
    shown = await zoe.send("et encore")
    assert "Ten messages a minute are enough." in shown.text
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=1))
    await zoe.send("et encore")
    assert zoe.called("setMessageReaction")


# -- answering --


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
    assert found.standing.state is State.WAITING
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
    assert found.standing.state is State.WAITING


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
    assert found.standing.state is State.CLOSED


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
    assert copied.text == content.get("caption", "")


# -- ending it --


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
    assert (found.standing.state, found.standing.claimed_by) == (State.WAITING, None)
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
    assert found.standing.state is State.WAITING


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
    await kept_true.refresh(line, conversation.clock.now())
    assert not [call for call in line.calls if call.method == "deleteMessage"]
    async with conversation.database.write() as tx:
        (number,) = await tx.scalars(sa.select(deliveries.c.id).where(deliveries.c.state == "sending"))
        posted = Settled(id=number, state="sent", message_id=4321)
        await db.deliveries.take_turn(tx, Turn(settled=[posted]), owner="me", now=conversation.clock.now())
    await kept_true.refresh(line, conversation.clock.now())
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
    assert found.standing.state is State.WAITING


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


# -- on duty --


async def test_off_duty_and_outside_their_hours_nobody_is_told(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await sophie.tap("Hours")
    shown = await sophie.tap("18–21")
    assert "from 18:00 to 21:00" in shown.text
    sent = await ask(zoe)
    assert "Nobody is on duty right now" in sent.text
    await arrive(conversation, sophie)
    assert "Take it" not in sophie.last.buttons
    shown = await sophie.send("/inbox")
    assert "1 message" in shown.text
    await sophie.tap("Take no.")
    await arrive(conversation, sophie)
    assert QUESTION in seen(sophie)
    async with conversation.database.read() as tx:
        assert list(await tx.scalars(sa.select(duties.c.from_hour))) == [18]


async def test_who_answers_elsewhere_neither_sees_nor_takes_it(
    conversation: Conversation, zoe: Talker
) -> None:
    marseille = await on_duty(conversation, 52, "Léa", area="13")
    await ask(zoe)
    found = await talk_of(zoe)
    assert found is not None
    await arrive(conversation)
    assert "Nobody is waiting." in (await marseille.send("/inbox")).text
    refused = await marseille.tap_data(f"1:talk_take:{found.id}")
    assert "outside your area" in refused.text
    await marseille.tap_data(f"1:talk_answer:{found.id}")
    assert QUESTION not in seen(marseille)


# -- saved answers --


async def test_a_saved_answer_is_seen_as_it_reads_and_then_sent(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    boss = await on_duty(conversation, 60, "Ali", "coordinator", "R84")
    await boss.send("/inbox")
    await boss.tap("Saved answers")
    await boss.tap("Add one")
    await boss.send("Enfants")
    await boss.tap("English")
    refused = await boss.send("Yes {{ surname }}!")
    assert "surname" in refused.text
    kept = await boss.send("Yes {{ first_name }}, children are welcome in {{ commune }}.")
    assert "“Enfants” is kept." in kept.text
    await talked(conversation, zoe, sophie)
    await sophie.tap("A saved answer")
    shown = await sophie.tap("Enfants")
    assert "Yes {{ first_name }}, children are welcome in {{ commune }}." in shown.text
    assert "filled in for whoever reads it" in shown.text
    await arrive(conversation, zoe)
    assert "welcome" not in seen(zoe)
    send = shown.buttons["Send"]
    await sophie.tap("Send")
    await sophie.tap_data(send, on=shown)  # a second tap, before the first was answered
    await arrive(conversation, zoe)
    assert seen(zoe).count("Yes Zoé, children are welcome in Lyon.") == 1
    assert "Zoé" not in seen(sophie), "who reads it is not told to the team"
    await boss.send("/inbox")
    await boss.tap("Saved answers")
    assert "There are none yet" in (await boss.tap("Delete “Enfants”")).text


# -- what is kept true --


class Posted:
    """The line of an engine: what is posted reaches the screens of the conversation."""

    def __init__(self, *talkers: Talker) -> None:
        self.talkers, self.calls, self.pacing = talkers, list[Call](), self
        self.blocked_until = None

    async def call(self, call: Call) -> Outcome:
        self.calls.append(call)
        for talker in self.talkers:
            if call.chat in (None, talker.telegram_id):
                talker.receive([call])
        return Done(result=True)


def board(conversation: Conversation) -> InboxBoard:
    shared = conversation.services
    return InboxBoard(
        database=conversation.database,
        talks=Talks(texts=shared.texts, composer=composer(shared)),
        menu=lambda chat, roles, waiting: team_menu_calls(
            shared.commands, chat, roles, ("fr", "en"), waiting=waiting
        ),
    )


async def test_cards_say_who_has_taken_it_and_menus_how_many_wait(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    karim = await on_duty(conversation, 51, "Karim")
    await ask(zoe)
    await arrive(conversation, sophie, karim)
    line, kept_true = Posted(sophie, karim), board(conversation)
    await kept_true.refresh(line, conversation.clock.now())
    menus = [call.payload for call in line.calls if call.method == "setMyCommands"]
    assert len(menus) == 6
    (english,) = {
        command["description"]
        for menu in menus
        for command in menu["commands"]
        if menu.get("language_code") == "en" and command["command"] == "inbox"
    }
    assert english == "answer supporters (1 is waiting)"
    assert "Take it" in karim.last.buttons
    await sophie.tap("Take it")
    await kept_true.refresh(line, conversation.clock.now())
    assert "Sophie has taken it." in karim.last.text
    assert not karim.last.buttons
    before = len(line.calls)
    await kept_true.refresh(line, conversation.clock.now())
    assert len(line.calls) == before, "nothing changed"
    await sophie.tap_data("1:talk_back:1")
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=2))
    await arrive(conversation, karim)
    await kept_true.refresh(line, conversation.clock.now())
    assert "Take it" in karim.last.buttons


async def test_numbers_tell_who_waits_and_how_long_people_waited(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    other = conversation.person(8)
    await other.sign_up()
    await talked(conversation, zoe, sophie)
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=12))
    await sophie.send("Oui")
    await ask(other)
    conversation.clock.move(conversation.clock.now() + timedelta(hours=3))
    shown = await sophie.send("/stats")
    assert "1 is waiting, for 3 hours" in shown.text
    assert "within 12 min" in shown.text
    shown = await sophie.send("/inbox")
    assert "waiting for 3 hours" in shown.text
    assert "within 12 min" in shown.text


async def test_the_export_tells_how_it_went_and_no_word_of_it(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=12))
    await sophie.send("Oui, avec plaisir")
    async with conversation.database.read() as tx:
        rows = [row async for some in db.exports.chunks(tx, db.exports.talks(Selection())) for row in some]
        area = [
            row
            async for some in db.exports.chunks(tx, db.exports.talks(Selection(area="69", known_in=("69",))))
            for row in some
        ]
    (row,) = rows
    assert (row.state, row.written, row.answered, row.waited) == ("claimed", 1, 1, 720)
    assert "fille" not in str(rows)
    assert "plaisir" not in str(rows)
    assert len(area) == 1


@pytest.mark.parametrize("state", ["in_doubt", "failed", "unreachable"])
async def test_whose_answer_may_not_have_arrived_is_told_once(
    conversation: Conversation, zoe: Talker, sophie: Talker, state: str
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.send("Oui, avec plaisir")
    answer = sa.select(broadcasts.c.id).where(broadcasts.c.template == "notices/conversation_answer")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(deliveries.c.broadcast.in_(answer)).values(state=state))
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 1
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 0
    await arrive(conversation, sophie)
    assert "may not have arrived" in sophie.last.text


async def test_who_answers_reads_in_mydata_how(conversation: Conversation, sophie: Talker) -> None:
    await sophie.send("/mydata")
    file = sophie.called("sendDocument")[0].attachment
    assert file is not None
    assert json.loads(file.content)["answers_supporters"]["name"] == "Sophie"


# -- the group of the team --


class Forum(Posted):
    """A forum: topics and messages by number; `deleted` answer as Telegram does."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: set[int] = set()

    async def call(self, call: Call) -> Outcome:
        self.calls.append(call)
        if call.payload.get("message_id") in self.deleted:
            return Rejected(code=400, description="Bad Request: message to edit not found")
        number = len(self.calls)
        key = "message_thread_id" if call.method == "createForumTopic" else "message_id"
        return Done(result={key: number})


async def added(talker: Talker, status: str = "administrator") -> None:
    member = {"user": {"id": 1, "is_bot": True, "first_name": "Bot"}}
    rights = {} if status == "left" else dict.fromkeys(RIGHTS, False)
    await talker._update(
        my_chat_member={
            "chat": {"id": -100, "type": "supergroup", "title": "Équipe", "is_forum": True},
            "from": talker._user,
            "date": 1,
            "old_chat_member": {**member, "status": "left"},
            "new_chat_member": {**member, "status": status, **rights},
        }
    )


RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users"),
    *("can_post_stories", "can_edit_stories", "can_delete_stories"),
)


async def test_the_group_shows_who_waits_and_survives_a_deleted_topic(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    shared, line = conversation.services, Forum()
    kept_true = GroupBoard(database=conversation.database, texts=shared.texts, composer=composer(shared))

    async def refresh() -> list[str]:
        before = len(line.calls)
        await kept_true.refresh(line, conversation.clock.now())
        return [call.method for call in line.calls[before:]]

    await ask(zoe)
    await added(sophie)
    assert await refresh() == [], "an organizer’s group is none of the campaign’s"
    boss = await on_duty(conversation, 60, "Ali", "admin", "FR")
    await added(boss)
    assert await refresh() == ["createForumTopic", "sendMessage"]
    assert line.calls[0].payload["name"] == "Rhône"
    assert "1 message" in line.calls[1].payload["text"]
    assert "fille" not in str(line.calls)
    assert await refresh() == []
    await arrive(conversation, sophie, boss)
    await sophie.tap("Take it")
    assert await refresh() == ["editMessageText"]
    assert "Sophie" in line.calls[-1].payload["text"]
    line.deleted.add(2)
    await sophie.tap("Hand back") if "Hand back" in sophie.last.buttons else await sophie.tap_data(
        "1:talk_back:1"
    )
    assert await refresh() == ["editMessageText"]
    assert await refresh() == ["createForumTopic", "sendMessage"]
    for _ in range(20):
        await zoe.edit(1, "…")
        async with conversation.database.write() as tx:
            await db.inbox_topics.forget(tx, "69")
        await refresh()
    assert len(line.calls) <= 15, "a minute has no more room"
    await added(boss, "left")
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=2))
    assert await refresh() == []
