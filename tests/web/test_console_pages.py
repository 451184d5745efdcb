"""The rooms of the console, as a coordinator goes through them: the same actions, rules and words as in the chat."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.delivery_accounts
import db.people
from bot.actions import broadcast_approvals
from bot.actions.authority import author_of
from db.schema import audit, broadcasts, deliveries, events, seats
from tests.campaigning import revoke, rows, staff
from tests.conversation import Conversation, paris
from tests.drafting import announce_event
from tests.surveying import ask as survey_asked
from tests.talking import ask, on_duty
from tests.web.browsing import Browser, signed_in

OLGA, KARIM, ADMIN, PAUL = 11, 12, 13, 14
EVERYBODYS = "/console/ /console/messages /console/events /console/more /console/erasure".split()
COORDINATORS, ADMINS = ["/console/exports"], ["/console/team", "/console/log"]


async def state(conversation: Conversation, number: int = 1) -> str:
    async with conversation.database.read() as tx:
        found = sa.select(broadcasts.c.state).where(broadcasts.c.id == number)
        return str((await tx.execute(found)).scalar_one())


async def test_each_role_sees_its_rooms_in_both_languages(conversation: Conversation) -> None:
    ranks = {"organizer": (OLGA, EVERYBODYS), "coordinator": (KARIM, COORDINATORS), "admin": (ADMIN, ADMINS)}
    seen: list[str] = []
    for role, (number, more) in ranks.items():
        seen += more
        talker = await staff(conversation, number, role, "FR" if role == "admin" else "69")
        for language in ("en", "fr"):
            talker = conversation.person(number, language=language)
            visitor = await signed_in(talker)
            for path in [*EVERYBODYS, *COORDINATORS, *ADMINS]:
                answer = await visitor.open(path)
                assert answer.status_code == (200 if path in seen else 403), (role, path)
                assert len(answer.content) < 150_000
                if path in seen and path != "/console/":
                    assert (
                        f'href="{path}"' in (await visitor.open("/console/more")).text or path in EVERYBODYS
                    )
        await revoke(conversation, number)
        assert (await visitor.open("/console/")).status_code == 401


async def test_a_message_is_read_paused_resumed_and_cancelled(
    conversation: Conversation, olga: Browser
) -> None:
    await olga.open("/console/messages")
    assert "Sent: < 10 of 10–19" in olga.text  # as an organizer reads counts
    page = "/console/messages/1"
    await olga.open(page)
    assert "Bonjour" in olga.text
    assert "Hello" in olga.text
    for change, becomes in (("pause", "paused"), ("resume", "active"), ("cancel", "cancelled")):
        answer = await olga.send(f"{page}/control", change=change)
        assert answer.url.path == page
        assert await state(conversation) == becomes
    assert (await olga.send(f"{page}/control", change="explode")).status_code == 403
    async with conversation.database.read() as tx:
        noted = sa.select(audit.c.details).where(audit.c.action == "control_broadcast")
        assert [each["change"] for each in await tx.scalars(noted)] == ["pause", "resume", "cancel"]


async def test_events_of_today_and_of_the_map_lead_to_their_page_for_whoever_may_open_it(
    conversation: Conversation,
) -> None:
    talker = await staff(conversation, OLGA, "organizer", "69")
    await announce_event(talker)
    (event,) = await rows(conversation, events)
    olga, other = (
        await signed_in(talker),
        await signed_in(await staff(conversation, KARIM, "organizer", "69")),
    )
    for path in ("/console/", "/console/map/69"):
        for visitor, leads in ((olga, True), (other, False)):
            await visitor.open(path)
            assert "Meeting" in visitor.text.rpartition("Events to come")[2], visitor.text
            listed = visitor.page.text.rpartition("Events to come")[2]
            assert (f'href="/console/events/{event.code}"' in listed) is leads, (path, leads)
    assert (await olga.open(f"/console/events/{event.code}")).status_code == 200
    # Whoever has planned none is not told that none is planned: the first page lists one.
    await other.open("/console/events")
    assert "You have planned none" in other.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_events_that_were_moved_or_cancelled_stand_as_they_are_now_though_counts_are_kept(
    conversation: Conversation, language: str
) -> None:
    talker = await staff(conversation, OLGA, "organizer", "69")
    await announce_event(talker)
    (event,) = await rows(conversation, events)
    olga = await signed_in(conversation.person(OLGA, language=language))
    heading = {"en": "Events to come", "fr": "Événements à venir"}[language]
    pages = ("/console/", "/console/map/69")
    for starts_at in (event.starts_at, event.starts_at + timedelta(days=1)):
        async with conversation.database.write() as tx:
            await tx.execute(
                sa.update(events).values(starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
            )
        told = re.compile(rf"\b{starts_at.day}\b")
        for path in pages:
            await olga.open(path)
            listed = olga.text.rpartition(heading)[2]
            assert told.search(listed), (path, listed)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(state="cancelled"))
    for path in pages:
        listed = (await olga.open(path)).text.rpartition(heading)[2]
        assert f'href="/console/events/{event.code}"' not in listed, path


async def test_two_tabs_approve_only_what_they_show(conversation: Conversation, olga: Browser) -> None:
    """What was written anew since the page was made was not read: it is not let go by the old page."""
    talker = await staff(conversation, KARIM, "coordinator", "69")
    karim = await signed_in(talker)
    async with conversation.database.write() as tx:
        person = await db.people.find(tx, OLGA)
        assert person is not None
        services, now = conversation.services, conversation.clock.now()
        author = await author_of(
            tx, person, campaign=services.campaign, gazetteer=services.gazetteer, now=now
        )
        await broadcast_approvals.ask(tx, author, 1)
    await karim.open("/console/")
    assert "waits for your approval" in karim.text
    await karim.open("/console/messages/1")
    shown = re.search(r'name="approval" value="(\d+)"', karim.page.text)
    assert shown is not None
    async with conversation.database.write() as tx:
        await broadcast_approvals.ask(tx, author, 1)  # as whoever writes it anew does
    form = {"said": "yes", "approval": shown[1]}
    assert (await karim.send("/console/messages/1/decide", **form)).status_code == 409
    assert await state(conversation) == "unapproved"
    await karim.open("/console/messages/1")
    shown = re.search(r'name="approval" value="(\d+)"', karim.page.text)
    assert shown is not None
    await karim.send("/console/messages/1/decide", said="yes", approval=shown[1])
    assert await state(conversation) == "active"
    late = await karim.send("/console/messages/1/decide", said="no", approval=shown[1])
    assert late.status_code == 409
    assert "You agreed to this yourself on" in karim.text
    headed = re.compile(r"<h2[^>]*>(Under way|Paused)</h2>")
    await karim.open("/console/")
    assert headed.findall(karim.page.text) == ["Under way"]
    await karim.open("/console/messages/1")
    await karim.send("/console/messages/1/control", change="pause")
    await karim.open("/console/")
    assert headed.findall(karim.page.text) == ["Paused"], "What is paused is not on its way."


async def test_on_the_polling_day_what_leaves_at_each_persons_own_time_is_told_all_day(
    conversation: Conversation,
) -> None:
    conversation.clock.move(paris("2016-11-20T12:00"))
    visitor = await signed_in(await staff(conversation, OLGA, "organizer", "69"))
    await visitor.arrive()
    assert "an hour before each person’s own time" in visitor.text
    assert "fewer than ten people signed up" in visitor.text


async def test_today_tells_the_day_where_an_hour_is_another_day_for_its_reader(
    conversation: Conversation,
) -> None:
    """Tuesday evening in Tahiti is Wednesday morning in Paris; in Guadeloupe it is another hour of the same day."""
    conversation.clock.move(paris("2016-11-15T20:00"))
    visitor = await signed_in(await staff(conversation, OLGA, "admin", "FR"))
    await visitor.arrive()
    assert "Tuesday 15 November, 18:00 local time: Guadeloupe (23:00 for you), " in visitor.text
    assert "French Polynesia (Wednesday 16 November at 05:00 for you)" in visitor.text
    assert "Wednesday 16 November, 18:00 local time: Metropolitan France, " in visitor.text


@pytest.mark.parametrize("role", ["organizer", "coordinator"])
async def test_no_address_tells_whoever_may_not_look_whether_something_is_there(
    conversation: Conversation, olga: Browser, role: str
) -> None:
    """What is of another area is answered to the letter as what there is not, by every page with a number or a code."""
    author, zoe = conversation.person(OLGA), conversation.person(150)
    await announce_event(author)
    await zoe.sign_up()
    await ask(zoe)
    await survey_asked(conversation, zoe)
    async with conversation.database.write() as tx:
        code = (await tx.execute(sa.select(events.c.code))).scalar_one()
    paul = await signed_in(await staff(conversation, PAUL, role, "13"))
    pairs = [
        *(
            (f"/console/messages/1{page}", f"/console/messages/99{page}")
            for page in ("", "/live", "/correct")
        ),
        ("/console/surveys/trains", "/console/surveys/nowhere"),
        ("/console/conversations/1", "/console/conversations/99"),
        *(
            (f"/console/events/{code}{page}", f"/console/events/nothere{page}")
            for page in ("", "/cancel", "/people", "/door", "/door/code", "/shifts", "/shifts/1", "/team")
        ),
    ]
    for there, nowhere in pairs:
        answers = []
        for path in (there, nowhere):
            answer = await paul.open(path)
            answers.append((answer.status_code, paul.text))
        assert answers[0] == answers[1], there
        assert answers[0][0] != 200 or there.endswith("/live"), there
    for there, nowhere, fields in (
        ("/console/messages/1/control", "/console/messages/99/control", {"change": "cancel"}),
        (f"/console/events/{code}/write", "/console/events/nothere/write", {}),
        (
            f"/console/events/{code}/seats",
            "/console/events/nothere/seats",
            {"capacity": "3", "sequence": "0"},
        ),
        (f"/console/events/{code}/team/link", "/console/events/nothere/team/link", {}),
    ):
        answers = []
        for path in (there, nowhere):
            await paul.open("/console/")
            answer = await paul.send(path, **fields)
            answers.append((answer.status_code, paul.text))
        assert answers[0] == answers[1], there
        assert answers[0][0] == 404, there


async def test_what_is_of_another_area_or_of_nobody_is_not_there(
    conversation: Conversation, olga: Browser
) -> None:
    paul = await signed_in(await staff(conversation, PAUL, "coordinator", "13"))
    for path in ("/console/messages/1", "/console/messages/1/live"):
        answer = await paul.open(path)
        assert "Bonjour" not in answer.text
    recalled = {"word": "TAKE BACK", "once": "0" * 16}
    for what, form in (("control", {"change": "cancel"}), ("recall", recalled), ("renew", {})):
        await paul.open("/console/")
        assert (await paul.send(f"/console/messages/1/{what}", **form)).status_code == 404, what
    assert await state(conversation) == "active"
    for path in ("/console/messages/0", "/console/messages/999999999999999", "/console/events/nothere"):
        assert (await olga.open(path)).status_code in {404, 409}, path
    for path in (
        "/console/messages/x",
        "/console/events/a-b",
        "/console/?area=nowhere",
        "/console/messages?part=x",
    ):
        assert (await olga.open(path)).status_code == 404, path
    assert (await olga.open("/console/?area=13")).status_code == 403
    assert (await olga.open("/console/messages?page=" + "9" * 400)).status_code == 200


async def test_a_doubt_waits_today_and_is_sent_again_by_the_word(
    conversation: Conversation, olga: Browser
) -> None:
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="in_doubt"))
    await olga.open("/console/")
    assert "nobody knows whether" in olga.text
    await olga.open("/console/messages/1")
    until = re.search(r'name="until" value="([^"]+)"', olga.page.text)
    assert until is not None
    again = "/console/messages/1/doubts"
    await olga.send(again, until=until[1], word="yes")
    assert "Nothing was done: to confirm, type SEND" in olga.text
    assert 'aria-describedby="fault-doubts-word"' in olga.page.text
    await olga.open("/console/messages/1")
    assert (await olga.send(again, until="tomorrow", word="SEND")).status_code == 403
    await olga.open("/console/messages/1")
    assert (await olga.send(again, until=until[1], word="send")).status_code == 200
    async with conversation.database.read() as tx:
        states = set(await tx.scalars(sa.select(deliveries.c.state)))
    assert states == {"queued"}
    assert "nobody knows whether" not in (await olga.open("/console/")).text


async def test_what_was_sent_is_taken_back_once_by_the_word(
    conversation: Conversation, olga: Browser
) -> None:
    async with conversation.database.write() as tx:
        sent = sa.update(deliveries).values(state="sent", message_id=1, sent_at=conversation.clock.now())
        await tx.execute(sent)
    await olga.open("/console/messages/1")
    once = re.search(r'name="once" value="([^"]+)"', olga.page.text)
    assert once is not None
    token = re.search(r'name="form" value="([^"]+)"', olga.page.text)
    assert token is not None
    for _ in range(2):
        answer = await olga.send("/console/messages/1/recall", token=token[1], once=once[1], word="take back")
    assert answer.status_code == 409  # it is being taken back already
    async with conversation.database.read() as tx:
        mends = sa.select(sa.func.count()).select_from(broadcasts).where(broadcasts.c.mends == 1)
        assert (await tx.execute(mends)).scalar_one() == 1
    assert (await olga.open("/console/messages/2")).status_code == 200


async def test_an_event_is_changed_and_whoever_comes_second_is_told(
    conversation: Conversation, olga: Browser
) -> None:
    talker = conversation.person(OLGA)
    await announce_event(talker)
    async with conversation.database.write() as tx:
        code = (await tx.execute(sa.select(events.c.code))).scalar_one()
        event = (await tx.execute(sa.select(events.c.id))).scalar_one()
    page = f"/console/events/{code}"
    await olga.open("/console/events")
    assert page in olga.page.text
    await olga.open(page)
    assert (await olga.send(f"{page}/seats", capacity="10", guests="1", overbooking="0")).status_code == 200
    for wrong in ({"capacity": "0"}, {"capacity": "9" * 15}, {"capacity": "ten"}, {"guests": "99"}):
        await olga.open(page)
        refused = await olga.send(f"{page}/seats", **wrong)
        assert refused.status_code in {403, 409}, wrong
        # What was typed is still there, beside what is wrong with it.
        assert refused.status_code == 403 or f'value="{wrong["capacity"]}"' in refused.text
    # More want to come than there are seats: it waits for a decision, which one form takes.
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(seats).where(seats.c.event == event).values(taken=10, waiting=3))
    await olga.open("/console/")
    assert "is full. Waiting: 3" in olga.text
    await olga.open(page)
    other, mine = (re.search(r'name="sequence" value="(\d+)"', olga.page.text) for _ in range(2))
    assert other is not None
    assert mine is not None
    hostile = "<script>alert(1)</script>"
    await olga.send(f"{page}/change", sequence=mine[1], address="Salle Rameau", **{"title-en": hostile})
    assert "Salle Rameau" in olga.text
    assert hostile not in olga.page.text
    answer = await olga.send(f"{page}/change", sequence=other[1], address="Elsewhere")
    assert answer.status_code == 409
    assert re.search("You changed this event yourself|in the meantime", olga.text)
    await olga.open(page)
    assert (await olga.send(f"{page}/change", sequence="0", starts="31/12/2016")).status_code == 409
    assert "This is not a date" in olga.text
    for wrong in ({"address": " "}, {"title-fr": " "}, {"ends": "2016-11-24T18:00"}, {"place": "nowhere"}):
        await olga.open(page)
        sequence = re.search(r'name="sequence" value="(\d+)"', olga.page.text)
        assert sequence is not None
        kept = await olga.send(f"{page}/change", sequence=sequence[1], reason="The hall is shut", **wrong)
        assert (kept.status_code, "The hall is shut" in kept.text) == (409, True), wrong
    for stale in ("seats", "cancel"):
        await olga.open(page)
        kept = await olga.send(f"{page}/{stale}", sequence="0", capacity="9", reason="The hall is shut")
        typed = "The hall is shut" if stale == "cancel" else 'value="9"'
        assert (kept.status_code, typed in kept.text) == (409, True), stale
    assert (await olga.open(f"{page}/people")).status_code == 200
    await olga.open(page)
    sheet = await olga.send(f"{page}/sheet")
    assert "List no. 1, noted in the log" in olga.text
    assert sheet.status_code == 200
    await olga.open(page)
    sequence = re.search(r'name="sequence" value="(\d+)"', olga.page.text)
    assert sequence is not None
    assert (await olga.send(f"{page}/cancel", sequence=sequence[1])).status_code == 200
    assert "cancelled" in (await olga.open(page)).text


async def test_a_question_that_waits_for_a_day_is_told_of_today(conversation: Conversation) -> None:
    sophie = await on_duty(conversation, OLGA, "Sophie")
    zoe = conversation.person(7)
    await zoe.sign_up()
    await zoe.send("puis-je venir avec ma fille ?")
    await zoe.tap("Send this to the team")
    await zoe.tap("Send")
    visitor = await signed_in(sophie)
    await visitor.arrive()
    assert "Nothing needs you" in visitor.text
    conversation.clock.move(conversation.clock.now() + timedelta(hours=25))
    visitor = await signed_in(sophie)
    await visitor.arrive()
    assert "Conversations waiting: 1" in visitor.text


async def test_a_step_is_told_once_with_each_of_its_hours(conversation: Conversation) -> None:
    """It leaves on another day where people vote on Saturday: one line for each, under one name."""
    conversation.clock.move(paris("2016-11-15T10:00"))
    visitor = await signed_in(await staff(conversation, 12, "admin", "FR"))
    await visitor.open("/console/")
    soon = visitor.page.text.partition('id="leaves"')[2].partition("</section>")[0]
    assert soon.count("When will you go?") == 1
    (card,) = re.findall(r'<li class="card">(?:(?!</li>).)*When will you go\?.*?</li>', soon, re.DOTALL)
    lines = re.findall(r'<p class="small">(.*?)</p>', card, re.DOTALL)
    assert len(lines) == 2
    assert sum("Guadeloupe" in each for each in lines) == 1
