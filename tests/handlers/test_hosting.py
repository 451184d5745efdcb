"""Whoever hosts an event: what they may do with it, who helps them, and whom the team trusts."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.links import list_link
from bot.printing.tick_lists import TickList
from bot.rules.territories import METROPOLE, zone_of
from db.schema import (
    audit,
    broadcasts,
    deliveries,
    events,
    hosts,
    rsvps,
    trusted_hosts,
)
from handlers import check_ins
from tests.campaigning import rows, supporter
from tests.conversation import Conversation, Talker, paris
from tests.handlers.test_hosts import LYON, organizer, proposes, told


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


async def test_a_host_runs_their_own_event_and_no_other(conversation: Conversation, zoe: Talker) -> None:
    olga = await organizer(conversation, 20)
    await proposes(zoe)
    await zoe.tap_data("1:host_send")
    await told(conversation, olga)
    await olga.tap("See the proposal")
    await olga.tap("Yes, announce it")
    (event,) = await rows(conversation, events)
    named = await supporter(conversation, 1, LYON, consent_team=True, first_name="Anna")
    shy = await supporter(conversation, 2, LYON, first_name="Boris")
    async with conversation.database.write() as tx:
        for person in (named, shy):
            await tx.execute(
                sa.insert(rsvps).values(
                    event=event.id, person=person, answer="yes", at=conversation.clock.now()
                )
            )
    await zoe.tap_data(f"1:my_event:{event.code}")
    assert "Coming: <b>2</b>" in zoe.last.text
    await zoe.tap("Who comes")
    assert "Anna" in zoe.last.text
    assert "Boris" not in zoe.last.text
    await zoe.tap_data(f"1:attendees_file:{event.code}")
    assert not zoe.called("sendDocument")
    # A word to those who come, twice a day at most.
    for _ in range(3):
        await zoe.tap_data(f"1:attendees_write:{event.code}")
        await zoe.send("Apportez <un> gâteau")
        await zoe.tap("Send it")
    assert "that is enough for a day" in zoe.last.text
    words = [
        each for each in await rows(conversation, broadcasts) if each.template == "broadcasts/event_word"
    ]
    assert [each.details["words"] for each in words] == ["Apportez <un> gâteau"] * 2
    reached = {each.person for each in await rows(conversation, deliveries) if each.broadcast == words[0].id}
    assert reached == {named, shy}
    other = await conversation.add_event("other1", starts="2016-11-24T19:00")
    assert other
    for button in (
        "my_event:other1",
        "attendees:other1:coming:0",
        "event_change:other1:cancel:-",
        "host_team:other1",
    ):
        await zoe.tap_data(f"1:{button}")
    assert [each.state for each in await rows(conversation, events)] == ["open", "open"]
    assert "Anna" not in zoe.last.text


async def test_trust_needs_nobody_and_ends_with_every_right(conversation: Conversation, zoe: Talker) -> None:
    olga = await organizer(conversation, 20)
    await proposes(zoe)
    await zoe.tap_data("1:host_send")
    await told(conversation, olga)
    await olga.tap("See the proposal")
    await olga.tap("Yes, and trust this host from now on")
    (trust,) = await rows(conversation, trusted_hosts)
    assert trust.area == "69"
    await proposes(zoe)
    assert "The team trusts you" in zoe.last.text
    await zoe.tap_data("1:host_send")
    assert [each.state for each in await rows(conversation, events)] == ["open", "open"]

    _, second = await rows(conversation, events)
    # Whoever organizes in the area looks after what is hosted there, and takes the trust back.
    carl = await organizer(conversation, 21, "69")
    stranger = await organizer(conversation, 22, "13")
    await stranger.tap_data(f"1:host_trust:{second.code}:{trust.person}:no")
    assert len(await rows(conversation, trusted_hosts)) == 1
    await carl.tap_data("1:my_events")
    assert carl.last.text.count("Réunion") + carl.last.text.count("Meeting") == 2
    await carl.tap_data(f"1:host_team:{second.code}")
    await carl.tap_data(f"1:host_trust:{second.code}:{trust.person}:no")
    assert await rows(conversation, trusted_hosts) == []
    assert await rows(conversation, hosts) == []
    await zoe.tap_data(f"1:my_event:{second.code}")
    assert "Coming:" not in zoe.last.text
    await carl.tap_data(f"1:my_event:{second.code}")
    assert "Coming:" in carl.last.text
    await told(conversation, zoe)
    assert "You no longer run events" in zoe.last.text


async def test_somebody_helps_by_a_link_and_cannot_cancel(conversation: Conversation, zoe: Talker) -> None:
    olga = await organizer(conversation, 20)
    await proposes(zoe)
    await zoe.tap_data("1:host_send")
    await told(conversation, olga)
    await olga.tap("See the proposal")
    await olga.tap("Yes, announce it")
    (event,) = await rows(conversation, events)
    await zoe.tap_data(f"1:host_link:{event.code}")
    payload = zoe.last.text.split("start=")[1].split()[0]
    await olga.sign_up()
    # Whoever runs it already takes nothing from whom the link is for.
    for runs_it in (zoe, olga):
        await runs_it.send(f"/start {payload}")
        assert "You can manage this event already" in runs_it.last.text
    assert [each.part for each in await rows(conversation, hosts)] == ["host"]
    assert "join_event" not in {each.action for each in await rows(conversation, audit)}
    helper, late = conversation.person(8), conversation.person(9)
    await helper.send(f"/start {payload}")
    assert any("Sign up first" in each.text for each in helper.screen)
    await helper.sign_up()
    await helper.send(f"/start {payload}")
    assert "You now help to organize" in helper.last.text
    await late.sign_up()
    await late.send(f"/start {payload}")
    assert "leads nowhere any more" in late.last.text

    await helper.tap("Manage the event")
    assert "Cancel the event" not in helper.last.buttons
    await helper.tap_data(f"1:event_change:{event.code}:cancel:-")
    await helper.tap_data("1:event_confirm:yes")
    assert [each.state for each in await rows(conversation, events)] == ["open"]
    # What gave them the link takes it away.
    stored = await helper.stored()
    assert stored is not None
    await zoe.tap_data(f"1:host_remove:{event.code}:{stored.id}")
    assert [each.part for each in await rows(conversation, hosts)] == ["host"]


async def test_whoever_hosts_it_ticks_its_list_at_the_door(conversation: Conversation, zoe: Talker) -> None:
    now = conversation.clock.now().astimezone(zone_of(METROPOLE))
    event = await conversation.add_event("ab12cd34", starts=f"{now:%Y-%m-%dT%H:%M}")
    stored = await zoe.stored()
    assert stored is not None
    async with conversation.database.write() as tx:
        theirs = {"event": event, "person": stored.id, "part": "host", "since": conversation.clock.now()}
        await tx.execute(sa.insert(hosts).values(theirs))
    await zoe.tap_data("1:tick:ab12cd34:1:yes:0")
    assert "Nobody has this number" in zoe.toast + zoe.last.text, "the role is not what is missing"
    shown = await zoe.send("/start " + list_link("b", "ab12cd34").partition("start=")[2])
    assert "Show the QR code" in shown.buttons, "the code on the printed list leads to the list"


async def test_whoever_hosted_it_reads_its_figures_when_it_is_over(
    conversation: Conversation, zoe: Talker
) -> None:
    event = await conversation.add_event("ab12cd34", starts="2016-11-24T19:00")
    stored = await zoe.stored()
    assert stored is not None
    async with conversation.database.write() as tx:
        theirs = {"event": event, "person": stored.id, "part": "co", "since": conversation.clock.now()}
        await tx.execute(sa.insert(hosts).values(theirs))
    conversation.clock.move(paris("2016-11-28T12:00"))
    await zoe.tap_data("1:past_events:0")
    assert "Public meeting" in zoe.last.text
    await zoe.tap_data("1:my_event:ab12cd34")
    assert "Coming: <b>0</b>" in zoe.last.text


async def test_names_leave_on_paper_with_the_team_alone(
    conversation: Conversation, zoe: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await conversation.add_event("ab12cd34", starts="2016-11-24T19:00")
    stored = await zoe.stored()
    assert stored is not None
    anna = await supporter(conversation, 1, LYON, consent_team=True, first_name="Anna")
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        await tx.execute(sa.insert(hosts).values(event=event, person=stored.id, part="host", since=now))
        await tx.execute(sa.insert(rsvps).values(event=event, person=anna, answer="yes", at=now))
    printed: list[str] = []

    def kept(paper: TickList) -> bytes:
        printed.append(" ".join(line for line, _ in paper.lines))
        return b"%PDF-"

    monkeypatch.setattr(check_ins, "tick_list_pdf", kept)
    olga = await organizer(conversation, 20, role="coordinator")
    for person in (zoe, olga):
        await person.tap_data("1:door_paper:ab12cd34")
    by_host, by_team = printed
    assert "Anna" in by_team
    assert "Anna" not in by_host
    assert by_host


async def test_a_trust_is_ended_and_narrowed_by_nobody_of_a_smaller_area(
    conversation: Conversation, zoe: Talker
) -> None:
    here = await conversation.add_event("ab12cd34", starts="2016-11-24T19:00")
    away = await conversation.add_event("away1234", starts="2016-11-25T19:00", commune="13055")
    stored = await zoe.stored()
    assert stored is not None
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(created_by=stored.id))
        for event in (here, away):
            await tx.execute(sa.insert(hosts).values(event=event, person=stored.id, part="host", since=now))
        await tx.execute(sa.insert(trusted_hosts).values(person=stored.id, area="69", given_at=now))
    local = await organizer(conversation, 20, area=LYON)
    for said in ("yes", "no"):
        await local.tap_data(f"1:host_trust:ab12cd34:{stored.id}:{said}")
        assert [each.area for each in await rows(conversation, trusted_hosts)] == ["69"]
    assert len(await rows(conversation, hosts)) == 2
    # What the team of another area says takes nothing from this one's, and the other way round.
    marseille = await organizer(conversation, 22, area="13")
    await marseille.tap_data(f"1:host_trust:away1234:{stored.id}:yes")
    assert sorted(each.area for each in await rows(conversation, trusted_hosts)) == ["13", "69"]
    wide = await organizer(conversation, 21, area="R84")
    await wide.tap_data(f"1:host_trust:ab12cd34:{stored.id}:no")
    assert [each.area for each in await rows(conversation, trusted_hosts)] == ["13"]
    assert [each.event for each in await rows(conversation, hosts)] == [away]
    await told(conversation, zoe)
    assert "no longer run “Réunion publique”" in zoe.last.text
