"""Supporters who organize: they propose an event, the team lets it take place or sends it back, and it is theirs.

What the team lets take place is announced on behalf of whoever let it, within their areas. A trusted host needs
nobody: the invitation goes where they are trusted. Who hosts may do with the event what its organizer may; their right
ends when the team takes the event or the trust back, or with their being a supporter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.hosts
import db.people
import db.staff
from bot.actions import announcing, audit, notices, series
from bot.actions.announcing import EventRefused, NewEvent
from bot.actions.authority import Author, in_turn
from bot.actions.broadcasts import Queued
from bot.actions.events import HOSTED
from bot.actions.ledger import note_choice
from bot.actions.people import require_supporter
from bot.actions.responses import Origin, record
from bot.actions.series import Repeats
from bot.errors import NotAllowed, PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import contains
from bot.rules.event_draft import invited_unless_chosen
from bot.rules.events import is_to_come
from bot.rules.expressions import Expression
from bot.rules.hosting import MOST_WAITING, PURPOSE, covering, trusted_area
from bot.rules.permissions import Action, Role, Staff
from bot.rules.series import Every
from bot.rules.volunteering import told_first
from db.events import Event, EventInWords, text_in
from db.hosts import Proposal
from db.people import Person


class HostRefused(PortevoixError):
    """Something that cannot be proposed, or is not waiting any more; `why` names it for `errors/host`."""

    default_message: ClassVar[str] = "errors/host"

    def __init__(self, sentence: str, *, why: str) -> None:
        super().__init__(sentence, why=why, most=MOST_WAITING)


class Proposed(Frozen):
    """An event that somebody proposed. `broadcast`: its invitation, where nobody has to let it take place."""

    event: Event
    broadcast: int | None = None
    awaits_approval: bool = False


class ProposalCard(Frozen):
    """A proposal as the team sees it. `reach`: whom it will be for; `series`: how often it takes place and on which
    dates, None where it does once.
    """

    found: EventInWords
    host: Person
    proposal: Proposal
    reach: Expression
    series: tuple[Every, list[Event]] | None


def around(author: Author, commune: str) -> Expression:
    """Whom a host's event is for: those who live near, as far as people agreed to be chosen by it."""
    return invited_unless_chosen(commune, chooses_by_commune=author.campaign.chooses_by_commune)


async def trust(tx: AsyncConnection, author: Author, commune: str) -> list[str]:
    """The areas around a commune where somebody's events need nobody's approval; none: they wait for the team."""
    return covering(await db.hosts.trusted_in(tx, author.person.id), commune)


async def propose(
    tx: AsyncConnection,
    host: Author,
    origin: Origin,
    new: NewEvent,
    *,
    language: str,
    text: str,
    repeats: Repeats | None = None,
    again: str | None = None,
) -> Proposed:
    """An event of a supporter, or a series of them: it waits for the team, and is announced at once where they are
    trusted.

    `text`: what they were told of who sees them, kept in the ledger. `again`: the code of one that was sent back, in
    whose place it is. Raises NotASupporter, DataRestricted, HostRefused, CandidateOut, EventRefused, BadSeats,
    BadSeries.
    """
    person = host.person
    require_supporter(person)
    announcing.require_sound(host, new)
    host = await in_turn(tx, host)
    trusted = await trust(tx, host, new.commune.code)
    if not trusted and await db.hosts.waiting_of(tx, person.id) >= MOST_WAITING:
        raise HostRefused("As many proposals wait already as may wait.", why="many")
    if again is not None:
        await _withdraw(tx, host, again)
    dates = await _make(tx, host, new, repeats)
    event = dates[0]
    for date in dates:
        await db.hosts.add(tx, event=date.id, person=person.id, part=HOSTED, now=host.now)
    await note_choice(tx, person, origin, PURPOSE, given=True, language=language, text=text)
    await record(tx, person, origin, PURPOSE, "proposed", subject=event.code)
    if not trusted:
        await db.events.move(tx, event.id, before="open", after="proposed")
        await db.hosts.propose(tx, event=event.id, person=person.id, now=host.now)
        await _tell_team(tx, host, event)
        return Proposed(event=replace(event, state="proposed"))
    queued = await _invite(tx, host, event, areas=trusted)
    details = {
        "event": event.code,
        "broadcast": queued.broadcast,
        "people": queued.people,
        "dates": len(dates),
    }
    await audit.note(tx, actor=host.name, action=Action.CREATE_EVENT, details=details, now=host.now)
    return Proposed(event=event, broadcast=queued.broadcast, awaits_approval=queued.awaits_approval)


async def _make(tx: AsyncConnection, host: Author, new: NewEvent, repeats: Repeats | None) -> list[Event]:
    """The dates of what is proposed: nobody sees them yet."""
    if repeats is not None:
        return await series.make(tx, host, new, repeats)
    by = {"created_by": host.person.id, "created_at": host.now}
    columns = announcing.columns_of(new, announcing.new_code())
    return [await db.events.create(tx, texts=new.texts, **by, **columns)]


async def _invite(
    tx: AsyncConnection, author: Author, event: Event, *, areas: list[str] | None = None
) -> Queued:
    """Those who live near, to the event, or to all dates of its series."""
    near, repeated = around(author, event.commune), await series.of_event(tx, event.id)
    if repeated is None:
        return await announcing.invite(tx, author, event, near, areas=areas)
    return await series.invite(tx, author, repeated[1], repeated[0], near, areas=areas)


async def _tell_team(tx: AsyncConnection, author: Author, event: Event) -> None:
    """The nearest of the team who can be reached. The notice says neither who nor what: that stands on the card."""
    team = [
        Staff(id=held.telegram_id, role=Role(held.role), area=held.area)
        for held in await db.staff.all_current(tx)
        if held.telegram_id != author.person.telegram_id
    ]
    title = await title_of(tx, author, event)
    # With their number, by which it goes when they have their data erased.
    details = {"event": event.code, "title": title, "telegram_id": author.person.telegram_id}
    for turn in told_first(team, event.commune):
        who = [member.id for member in turn]
        key = f"proposal:{event.code}"
        if await notices.tell(tx, who, "event_proposed", details, now=author.now, key=key):
            return


async def title_of(tx: AsyncConnection, author: Author, event: Event) -> str:
    """What an event is called in the campaign's first language, or in another where it has none in that."""
    first = author.campaign.languages[0]
    return text_in(await db.events.texts_of(tx, event.id), first, first).title


async def _withdraw(tx: AsyncConnection, author: Author, code: str) -> None:
    found = await _mine(tx, author, code)
    if not await db.hosts.withdraw(tx, found.event.id):
        raise HostRefused("It is not waiting any more.", why="gone")


async def _mine(tx: AsyncConnection, author: Author, code: str) -> EventInWords:
    found = await db.events.find(tx, code)
    theirs = found is not None and author.hosted.get(found.event.id) == HOSTED
    if found is None or not theirs or not found.event.is_proposed:
        raise HostRefused("It is not waiting any more.", why="gone")
    return found


async def withdraw(tx: AsyncConnection, host: Author, origin: Origin, code: str) -> None:
    """Somebody gives up what they proposed, before anybody saw it. Raises HostRefused."""
    host = await in_turn(tx, host)
    await _withdraw(tx, host, code)
    await record(tx, host.person, origin, PURPOSE, "withdrawn", subject=code)


async def sent_back(
    tx: AsyncConnection, host: Author, code: str
) -> tuple[EventInWords, tuple[Every, list[Event]] | None]:
    """What somebody proposed and the team sent back, to be changed and proposed again, and how often it was to take
    place, on which dates: then it is the first of them. Raises HostRefused.
    """
    found = await _mine(tx, host, code)
    repeated = await series.of_event(tx, found.event.id)
    if repeated is not None:
        found = replace(found, event=repeated[1][0])
    return found, repeated


async def reason_of(tx: AsyncConnection, event: Event) -> str:
    """Why a proposal was sent back; blank where it was not."""
    found = await db.hosts.proposal_of(tx, event.id)
    return (found.reason or "") if found is not None else ""


# -- the team --


async def card(tx: AsyncConnection, author: Author, code: str) -> ProposalCard:
    """A proposal that waits, to whoever may let it take place. Raises NotAllowed and HostRefused."""
    author.require(Action.APPROVE_HOST)
    found = await db.events.find(tx, code)
    proposal = await db.hosts.proposal_of(tx, found.event.id) if found is not None else None
    host = await db.people.get(tx, proposal.person) if proposal is not None else None
    if found is None or proposal is None or host is None or found.event.state != "proposed":
        raise HostRefused("It is not waiting any more.", why="gone")
    if not host.is_registered:
        raise HostRefused("Whoever proposed it must not be written to any more.", why="gone")
    author.require(Action.APPROVE_HOST, found.event.commune)
    if host.id == author.person.id:
        raise NotAllowed("A second person has to approve this.", message="errors/needs_second_person")
    return ProposalCard(
        found=found,
        host=host,
        proposal=proposal,
        reach=around(author, found.event.commune),
        series=await series.of_event(tx, found.event.id),
    )


async def approve(tx: AsyncConnection, author: Author, code: str, *, and_trust: bool = False) -> Proposed:
    """Lets it take place: it is announced to those who live near, within the areas of whoever lets it.

    `and_trust`: from now on the host's events there need nobody. Raises as `card` does; EventRefused where it is too
    late; CandidateOut.
    """
    author = await in_turn(tx, author)
    shown = await card(tx, author, code)
    event = shown.found.event
    author.require_standing()
    if not is_to_come(event.starts_at, author.now):
        raise EventRefused(
            "It has begun.", message="errors/date_past", moment=event.starts_at, place_zone=event.zone
        )
    await db.events.move(tx, event.id, before="proposed", after="open")
    await db.hosts.decide(tx, event.id, now=author.now)
    event = replace(event, state="open")
    queued = await _invite(tx, author, event)
    details = {"event": code, "granted": True, "broadcast": queued.broadcast, "people": queued.people}
    await audit.note(tx, actor=author.name, action=Action.APPROVE_HOST, details=details, now=author.now)
    if and_trust:
        await give_trust(tx, author, code, shown.host.id)
    await _tell_host(tx, author, shown, granted=True, waits=queued.awaits_approval)
    return Proposed(event=event, broadcast=queued.broadcast, awaits_approval=queued.awaits_approval)


async def send_back(tx: AsyncConnection, author: Author, code: str, reason: str) -> None:
    """Sends it back with a reason: the host changes it and proposes it again. Raises as `card` does."""
    author = await in_turn(tx, author)
    shown = await card(tx, author, code)
    await db.events.move(tx, shown.found.event.id, before="proposed", after="returned")
    await db.hosts.decide(tx, shown.found.event.id, now=author.now, reason=reason)
    details = {"event": code, "granted": False}  # the log has no texts
    await audit.note(tx, actor=author.name, action=Action.APPROVE_HOST, details=details, now=author.now)
    await _tell_host(tx, author, shown, granted=False, reason=reason)


async def _tell_host(
    tx: AsyncConnection,
    author: Author,
    shown: ProposalCard,
    *,
    granted: bool,
    reason: str = "",
    waits: bool = False,
) -> None:
    """What the team said to a proposal. The notice bears the host's number: it goes when their data is erased."""
    host, event = shown.host.telegram_id, shown.found.event
    title = await title_of(tx, author, event)
    news = {"event": event.code, "title": title, "granted": granted, "reason": reason, "waits": waits}
    await notices.tell(tx, [host], "proposal_decided", {**news, "telegram_id": host}, now=author.now)


# -- whom the team trusts --


async def tell_removed(tx: AsyncConnection, author: Author, person: int, title: str) -> None:
    """`title`: of the event that is not theirs any more; blank: none is."""
    known = await db.people.get(tx, person)
    if known is not None:
        await notices.tell(tx, [known.telegram_id], "hosting_ended", {"title": title}, now=author.now)


async def give_trust(tx: AsyncConnection, author: Author, code: str, person: int) -> str:
    """From now on the events of the host of an event need nobody's approval in its département, as far as the team's
    area goes; in which area: who was trusted in a wider one stays so, and what other teams trust them in stands
    beside it. Raises NotAllowed, EventRefused.
    """
    author = await in_turn(tx, author)
    event = await _hosted_by(tx, author, code, person)
    area = trusted_area(author.areas(Action.TRUST_HOST), event.commune)
    before = await db.hosts.trusted_in(tx, person)
    if wider := covering(before, area):
        return wider[0]
    within = [each for each in before if contains(area, each)]
    await db.hosts.give_trust(tx, person=person, area=area, within=within, now=author.now)
    details = {"event": code, "area": area, "trusted": True}
    await audit.note(tx, actor=author.name, action=Action.TRUST_HOST, details=details, now=author.now)
    return area


async def end_trust(tx: AsyncConnection, author: Author, code: str, person: int) -> None:
    """The team of an event's place trusts its host no longer: their next event there waits for it, and none in the
    area is theirs any more; what other teams trust them in stays. Raises NotAllowed, also where the trust goes beyond
    the author's areas, and EventRefused.
    """
    author = await in_turn(tx, author)
    event = await _hosted_by(tx, author, code, person)
    areas = covering(await db.hosts.trusted_in(tx, person), event.commune)
    for area in areas:
        author.require(Action.TRUST_HOST, area)
    ended = await db.hosts.end_trust(tx, person, areas)
    await db.events.take_over(tx, ended, host=person, by=author.id)
    details = {"event": code, "trusted": False, "areas": areas, "events": len(ended)}
    await audit.note(tx, actor=author.name, action=Action.TRUST_HOST, details=details, now=author.now)
    if not await db.hosts.parts_of(tx, person):
        await tell_removed(tx, author, person, "")
        return
    for event in (await db.events.get_many(tx, ended)).values():
        await tell_removed(tx, author, person, await title_of(tx, author, event))


async def _hosted_by(tx: AsyncConnection, author: Author, code: str, person: int) -> Event:
    """The event, where the team may trust its host. Raises NotAllowed, EventRefused."""
    author.require(Action.TRUST_HOST)
    found = await db.events.find(tx, code)
    if found is None:
        raise EventRefused("This event does not exist any more.")
    author.require(Action.TRUST_HOST, found.event.commune)
    if (await db.hosts.of_event(tx, found.event.id)).get(person) != HOSTED:
        raise EventRefused("This event is not theirs.")
    return found.event
