"""Where people vote: their commune's place, or the one of several that they chose, in /vote and in the reminders."""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa

import db.polling_places
from bot import communes
from bot.actions.planning import plan
from bot.actions.polling_places import import_places
from bot.actions.retention import purge
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.departure.compose import Composer
from bot.departure.decide import Departure
from bot.polling_places.file import read_file
from bot.words.texts import Texts
from db import deliveries
from db.schema import audit, broadcasts, chosen_places, polling_places
from simulator.reading import as_read
from tests.conversation import BOT, CAMPAIGN, Conversation, Talker, paris
from tests.exported import KEY

HEADER = "commune;nom;adresse;horaires;noms de famille;rues;lat;lon;tour"
LYON = (
    "69123;École A;1 rue A;8h-18h;A-K;;45,764;4,8357;",
    "69123;École B;2 rue B;8h-19h;L-Z;rues paires;;;",
)


async def imported(conversation: Conversation, *lines: str) -> None:
    reading = read_file("\n".join((HEADER, *lines)).encode(), campaign=CAMPAIGN, gazetteer=communes.load())
    assert not reading.faults
    async with conversation.database.write() as tx:
        await import_places(tx, reading.places, file="places.csv", actor="test", now=conversation.clock.now())


async def chosen(conversation: Conversation, person: Talker) -> set[int]:
    stored = await person.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        return (await db.polling_places.chosen_by(tx, [stored.id])).get(stored.id, set())


async def test_the_only_place_of_a_commune_is_ones_own(conversation: Conversation) -> None:
    """Its own hours are shown, and its point on a map."""
    await imported(conversation, "69266;Mairie <annexe>;1 place X;9h-18h;;;45,7667;4,88;")
    zoe = conversation.person(7)
    await zoe.sign_up("Villeurbanne")
    shown = await zoe.send("/vote")
    assert "<b>Where:</b> Mairie &lt;annexe&gt;, 1 place X" in shown.text
    assert "from 09:00 to 18:00" in shown.text
    (venue,) = zoe.called("sendVenue")
    assert venue.payload["title"] == "Mairie <annexe>"
    assert venue.payload["address"] == "1 place X"
    assert (venue.payload["latitude"], venue.payload["longitude"]) == (45.7667, 4.88)
    assert "Find my polling station" not in shown.urls
    shown = await zoe.tap("Show on the map")
    assert len(zoe.called("sendVenue")) == 1


async def test_nothing_changes_where_no_place_is_known(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    await zoe.sign_up()
    shown = await zoe.send("/vote")
    assert "Where:" not in shown.text
    assert "Find my polling station" in shown.urls
    assert not zoe.called("sendVenue")


async def test_one_of_several_is_chosen_remembered_and_changed(conversation: Conversation) -> None:
    await imported(conversation, *LYON)
    zoe = conversation.person(7, language="fr")
    await zoe.sign_up("Lyon")
    shown = await zoe.send("/vote")
    assert "Votre commune a plusieurs bureaux de vote" in shown.text
    shown = await zoe.tap("Choisir mon bureau de vote")
    assert "Noms de famille de A à K" in shown.text
    assert "<i>rues paires</i>" in shown.text
    shown = await zoe.tap("1. École A")
    assert "École A, 1 rue A" in shown.text
    assert "de 8 h à 18 h" in shown.text
    assert zoe.called("sendVenue")
    assert ("place", "1", "chosen") in await conversation.answers()
    conversation.clock.move(paris("2016-11-21T10:00"))  # the next round: the same place
    assert "École A" in (await zoe.send("/vote")).text
    await zoe.tap("Un autre bureau de vote")
    await zoe.tap("2. École B")
    assert "École B" in (await zoe.send("/vote")).text
    assert len(await chosen(conversation, zoe)) == 1


async def test_importing_again_replaces_and_keeps_the_choice_of_a_place_that_stays(
    conversation: Conversation,
) -> None:
    await imported(conversation, *LYON)
    zoe = conversation.person(7)
    await zoe.sign_up("Lyon")
    await zoe.send("/vote")
    shown = await zoe.tap("Choose my polling station")
    stale = shown.buttons["2. École B"]
    await zoe.tap("1. École A")
    await imported(conversation, LYON[0].replace("8h-18h", "8h-17h"), "69123;École C;3 rue C;;L-Z;;;;")
    shown = await zoe.send("/vote")
    assert "École A" in shown.text
    assert "to 17:00" in shown.text
    shown = await zoe.tap_data(stale)
    assert "has changed since" in shown.text
    assert list(shown.buttons)[:2] == ["1. École A", "2. École C"]
    await imported(conversation, "69123;École C;3 rue C;;L-Z;;;;", "69123;École D;4 rue D;;A-K;;;;")
    assert "has several polling stations" in (await zoe.send("/vote")).text
    async with conversation.database.read() as tx:
        logged = [row.details for row in await tx.execute(sa.select(audit).order_by(audit.c.id))]
        assert await tx.scalar(sa.select(sa.func.count()).select_from(polling_places)) == 2
    assert [(each["added"], each["changed"], each["same"], each["removed"]) for each in logged] == [
        (2, 0, 0, 0),
        (1, 1, 0, 1),
        (1, 0, 1, 1),
    ]


async def test_a_place_of_one_round_only(conversation: Conversation) -> None:
    await imported(conversation, "69266;Mairie;1 place X;;;;;;", "69266;Gymnase;2 place X;;;;;;2")
    zoe = conversation.person(7)
    await zoe.sign_up("Villeurbanne")
    assert "Mairie" in (await zoe.send("/vote")).text
    conversation.clock.move(paris("2016-11-21T10:00"))
    assert "Gymnase" in (await zoe.send("/vote")).text


async def test_many_places_come_by_pages(conversation: Conversation) -> None:
    await imported(conversation, *(f"69123;École {number};{number} rue A;;;;;;" for number in range(1, 20)))
    zoe = conversation.person(7)
    await zoe.sign_up("Lyon")
    await zoe.send("/vote")
    shown = await zoe.tap("Choose my polling station")
    assert [name for name in shown.buttons if "École" in name][-1] == "8. École 8"
    await zoe.tap("Next")
    shown = await zoe.tap("Next")
    assert [name for name in shown.buttons if "École" in name] == [f"{n}. École {n}" for n in (17, 18, 19)]
    assert "Next" not in shown.buttons
    shown = await zoe.tap_data("1:step:1:places:99")  # forged: the last page
    assert "17. École 17" in shown.buttons
    await zoe.tap("I don’t know")
    assert "Find my polling station" in zoe.last.urls


async def test_who_lives_in_an_arrondissement_gets_its_places_or_the_citys(
    conversation: Conversation,
) -> None:
    await imported(conversation, "75115;Mairie du 15e;31 rue P;;;;;;", "75056;Hôtel de ville;1 place H;;;;;;")
    for number, commune, place in ((7, "Paris 15", "Mairie du 15e"), (8, "Paris 14", "Hôtel de ville")):
        person = conversation.person(number)
        await person.sign_up(commune)
        assert place in (await person.send("/vote")).text


async def test_moving_and_time_forget_the_choice(
    conversation: Conversation,
) -> None:
    await imported(conversation, *LYON)
    zoe, max_, ida = (conversation.person(number) for number in (7, 8, 9))
    for person in (zoe, max_, ida):
        await person.sign_up("Lyon")
        await person.send("/vote")
        await person.tap("Choose my polling station")
        await person.tap("1. École A")
        assert await chosen(conversation, person)
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    await zoe.send("Nantes")
    assert not await chosen(conversation, zoe)
    await max_.tap_data("1:choice:commune:no")
    assert "École A" in (await max_.send("/vote")).text, "The commune still tells where one votes."
    await ida.send("/mydata")
    assert "École A" in str(ida.called("sendMessage")[0].payload["text"])
    (file,) = ida.called("sendDocument")
    assert file.attachment is not None
    assert '"name": "École A"' in file.attachment.content.decode()
    later = CAMPAIGN.ballots[-1].ends_at + timedelta(days=8)
    await purge(conversation.database, CAMPAIGN, key=KEY, actor="test", now=later)
    async with conversation.database.read() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(chosen_places)) == 0


async def test_erasing_somebody_erases_their_choice(conversation: Conversation) -> None:
    await imported(conversation, *LYON)
    zoe = conversation.person(7)
    await zoe.sign_up("Lyon")
    await zoe.send("/vote")
    await zoe.tap("Choose my polling station")
    await zoe.tap("1. École A")
    await zoe.send("/delete")
    await zoe.tap("Yes, erase everything")
    async with conversation.database.read() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(chosen_places)) == 0


async def sent(conversation: Conversation, step: str) -> str:
    """The step's message as it leaves for the one who is there."""
    now = conversation.clock.now()
    texts = Texts({"campaign": CAMPAIGN})
    composer = Composer(texts=texts, campaign=CAMPAIGN, gazetteer=communes.load(), bot_username=BOT)
    departure = Departure(
        campaign=CAMPAIGN,
        texts=texts,
        composer=composer,
        clock=MovableClock(now, speed=0),
        bot_username=BOT,
    )
    async with conversation.database.write() as tx:
        await plan(tx, CAMPAIGN, now)
        number = await tx.scalar(sa.select(broadcasts.c.id).where(broadcasts.c.step == step))
        assert number is not None
        rows = await deliveries.lease(tx, [(number, 10)], owner="sender", now=now)
        (decision,) = await departure.prepare(tx, rows)
    assert isinstance(decision, Call)
    return as_read(json.dumps(decision.payload, ensure_ascii=False))


async def test_the_reminders_tell_the_place(conversation: Conversation) -> None:
    """`where` before it is chosen, `echo` and `go` once it is."""
    await imported(conversation, *LYON)
    zoe = conversation.person(7)
    conversation.clock.move(paris("2016-11-12T12:00"))
    await zoe.sign_up("Lyon")
    conversation.clock.move(paris("2016-11-12T18:00"))
    assert "Choose my polling station" in await sent(conversation, "where")
    await zoe.tap_data("1:step:1:places:0")
    await zoe.tap("1. École A")
    for instant, step in (("2016-11-18T18:00", "echo"), ("2016-11-20T11:00", "go")):
        conversation.clock.move(paris(instant))
        told = await sent(conversation, step)
        assert "École A, 1 rue A" in told
        assert "from 08:00 to 18:00" in told
