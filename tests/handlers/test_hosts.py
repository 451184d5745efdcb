"""A supporter hosts an event: proposed, sent back, approved, trusted, shared by a link, and taken away again."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from bot.links import list_link
from bot.printing.tick_lists import TickList
from bot.rules.territories import METROPOLE, zone_of
from db.schema import (
    audit,
    broadcasts,
    deliveries,
    event_texts,
    events,
    hosts,
    proposals,
    rsvps,
    series,
    trusted_hosts,
)
from handlers import check_ins
from tests.campaigning import rows, staff, supporter
from tests.conversation import Conversation, Talker, paris
from tests.drafting import MEETING, finish_event
from tests.leaving import let_leave

LYON = "69123"


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


async def organizer(
    conversation: Conversation, number: int, area: str = "69", role: str = "organizer"
) -> Talker:
    """Somebody of the team who wrote to the bot: else it could not write to them."""
    member = await staff(conversation, number, role, area)
    await member.send("/menu")
    return member


async def proposes(host: Talker) -> None:
    """Up to the team: a meeting in Lyon."""
    await host.send("/events")
    await host.tap("I’d like to host an event")
    for words in MEETING:
        await host.send(words)
    await finish_event(host, hosting=True)


async def told(conversation: Conversation, person: Talker) -> Talker:
    await let_leave(conversation, person)
    return person


async def test_nobody_is_invited_before_the_team_says_yes(conversation: Conversation, zoe: Talker) -> None:
    olga = await organizer(conversation, 20)
    near = await supporter(conversation, 1, LYON)
    await proposes(zoe)
    assert "Nobody is invited before the team has said yes" in zoe.last.text
    await zoe.send("SEND")
    assert "tap the first button" in zoe.last.text
    await zoe.tap_data("1:host_send")
    (event,) = await rows(conversation, events)
    assert event.state == "proposed"
    assert "Réunion" not in (await conversation.person(1).send("/events")).text

    await told(conversation, olga)
    await olga.tap("See the proposal")
    assert "A supporter would like to host this event" in olga.last.text
    await olga.tap("Yes, announce it")
    (event,) = await rows(conversation, events)
    assert event.state == "open"
    (invitation,) = [
        each
        for each in await rows(conversation, broadcasts)
        if each.template == "broadcasts/event_invitation"
    ]
    invited = [
        each.person for each in await rows(conversation, deliveries) if each.broadcast == invitation.id
    ]
    assert near in invited
    await told(conversation, zoe)
    assert "is announced!" in zoe.last.text
    assert {"approve_host"} <= {entry.action for entry in await rows(conversation, audit)}


async def test_what_is_sent_back_is_changed_and_proposed_again(
    conversation: Conversation, zoe: Talker
) -> None:
    olga = await organizer(conversation, 20)
    await proposes(zoe)
    await zoe.tap_data("1:host_send")
    await told(conversation, olga)
    await olga.tap("See the proposal")
    await olga.tap("Send it back with a reason")
    await olga.send("Mercredi plutôt : la salle est prise.")
    await told(conversation, zoe)
    assert "la salle est prise" in zoe.last.text
    (old,) = await rows(conversation, events)
    await zoe.tap("Change it")
    await zoe.tap("Change the date")
    await zoe.send("23/11 19:00")
    await zoe.tap_data("1:host_send")
    (new,) = await rows(conversation, events)
    assert (new.state, new.starts_at) == ("proposed", paris("2016-11-23T19:00"))
    # The card of the first one decides nothing any more.
    await olga.tap_data(f"1:host_approve:{old.code}:plain")
    assert "isn’t waiting any more" in olga.last.text
    assert [each.state for each in await rows(conversation, events)] == ["proposed"]


async def test_a_series_is_proposed_sent_back_and_announced_as_one(
    conversation: Conversation, zoe: Talker
) -> None:
    olga = await organizer(conversation, 20)
    await supporter(conversation, 1, LYON)
    await proposes(zoe)
    await zoe.tap("Repeat it")
    await zoe.tap("Every week")
    await zoe.send("3")
    await zoe.tap_data("1:host_send")
    assert [each.state for each in await rows(conversation, events)] == ["proposed"] * 3
    assert len(await rows(conversation, proposals)) == 1
    await told(conversation, olga)
    await olga.tap("See the proposal")
    assert any("3 dates" in each.text for each in olga.screen), "the team sees all of them"
    await olga.tap("Send it back with a reason")
    await olga.send("Deux fois suffisent")
    *_, last = await rows(conversation, events)
    await zoe.tap_data(f"1:my_event:{last.code}")
    assert "Deux fois suffisent" in zoe.last.text, "the reason stands at each date"
    await zoe.tap("Change it")
    await zoe.tap("Repeat it")
    await zoe.tap("Every week")
    await zoe.send("2")
    await zoe.tap_data("1:host_send")
    dates = await rows(conversation, events)
    assert [each.state for each in dates] == ["proposed"] * 2, "those sent back are gone"
    assert dates[0].starts_at == paris("2016-11-24T19:00")
    assert len(await rows(conversation, series)) == 1
    await told(conversation, olga)
    await olga.tap("See the proposal")
    await olga.tap("Yes, announce it")
    assert [each.state for each in await rows(conversation, events)] == ["open"] * 2
    invitations = [each.template for each in await rows(conversation, broadcasts) if each.event]
    assert invitations == ["broadcasts/series_invitation"]
    assert [(each.event, each.part) for each in await rows(conversation, hosts)] == [
        (date.id, "host") for date in dates
    ]


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


async def test_another_area_decides_nothing(conversation: Conversation, zoe: Talker) -> None:
    elsewhere = await organizer(conversation, 20, "13")
    await proposes(zoe)
    await zoe.tap_data("1:host_send")
    (event,) = await rows(conversation, events)
    for button in ("host_card:{}", "host_approve:{}:trust", "host_back:{}"):
        await elsewhere.tap_data("1:" + button.format(event.code))
    await zoe.tap_data(f"1:host_approve:{event.code}:trust")
    assert [each.state for each in await rows(conversation, events)] == ["proposed"]
    assert await rows(conversation, trusted_hosts) == []


async def test_three_wait_at_most(conversation: Conversation, zoe: Talker) -> None:
    for _ in range(4):
        await proposes(zoe)
        await zoe.tap_data("1:host_send")
    assert "waiting for the team already" in zoe.last.text
    assert len(await rows(conversation, proposals)) == 3


async def test_mydata_tells_and_delete_takes_the_proposal_with_it(
    conversation: Conversation, zoe: Talker
) -> None:
    olga = await organizer(conversation, 20)
    await proposes(zoe)
    await zoe.tap("Repeat it")
    await zoe.tap("Every month, on the same weekday")
    await zoe.send("2")
    await zoe.tap_data("1:host_send")
    await told(conversation, olga)
    await olga.tap("See the proposal")
    await olga.tap("Send it back with a reason")
    await olga.send("Pas chez toi")
    assert len([each for each in await rows(conversation, broadcasts) if "Réunion" in str(each.details)]) == 2
    await zoe.send("/mydata")
    (sent,) = zoe.called("sendDocument")
    assert sent.attachment is not None
    found = json.loads(sent.attachment.content)["hosting"]
    assert [each["state"] for each in found["proposed"]] == ["returned"]
    shown = await zoe.send("/delete")
    await zoe.tap_data("1:delete:yes", on=shown)
    # Nobody saw it: neither its words nor its place, which may be their home, are of use to anybody.
    assert await rows(conversation, events) == await rows(conversation, event_texts) == []
    assert await rows(conversation, hosts) == await rows(conversation, proposals) == []
    assert await rows(conversation, series) == []
    assert not [each for each in await rows(conversation, broadcasts) if "Réunion" in str(each.details)]


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


async def test_what_the_team_said_yes_to_a_host_it_does_not_trust_leaves_as_it_is(
    conversation: Conversation, zoe: Talker
) -> None:
    event = await conversation.add_event("ab12cd34", starts="2016-11-24T19:00")
    stored = await zoe.stored()
    assert stored is not None
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        await tx.execute(sa.insert(hosts).values(event=event, person=stored.id, part="host", since=now))
        await tx.execute(sa.insert(trusted_hosts).values(person=stored.id, area="69", given_at=now))
    await zoe.tap_data("1:event_change:ab12cd34:place:-")
    await zoe.send("Chez moi, 3 rue Mercière")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(trusted_hosts).values(area="13"))
    await zoe.tap_data("1:event_confirm:yes")
    assert "said yes to this title" in zoe.last.text
    assert [each.address for each in await rows(conversation, events)] == ["Salle Molière, 18 quai de Bondy"]
    for field in ("texts:-", "place:-", "title:en", "description:fr"):
        await zoe.send("/menu")
        await zoe.tap_data(f"1:event_change:ab12cd34:{field}")
        assert "said yes to this title" in zoe.last.text
    # The hour is no word of theirs.
    await zoe.tap_data("1:event_change:ab12cd34:date:-")
    await zoe.send("25/11 19:00")
    await zoe.tap_data("1:event_confirm:yes")
    assert [each.starts_at for each in await rows(conversation, events)] == [paris("2016-11-25T19:00")]


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
