"""A supporter hosts an event: proposed, sent back, approved, trusted, shared by a link, and taken away again."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from db.schema import (
    audit,
    broadcasts,
    deliveries,
    event_texts,
    events,
    hosts,
    proposals,
    series,
    trusted_hosts,
)
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
