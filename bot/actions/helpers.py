"""Who runs an event beside the team: its host, and whoever came by a link to organize it together."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.hosts
import db.people
from bot.actions import audit, events
from bot.actions.authority import HOST, Author, author_of, in_turn
from bot.actions.events import CO_HOST, HOSTED
from bot.actions.hosts import HostRefused, tell_removed, title_of
from bot.actions.people import require_supporter
from bot.actions.responses import Origin, record
from bot.actions.staff_links import hash_of
from bot.errors import NotAllowed
from bot.frozen import Frozen
from bot.rules.hosting import PURPOSE, covering
from bot.rules.permissions import Action
from db.events import Event, EventInWords
from db.people import Person

LINK_LIFE = timedelta(hours=48)
TOKEN_BYTES = 18


class Helper(Frozen):
    """Somebody who runs an event without a role: as what, and whether the team trusts them where it takes place."""

    person: Person
    part: str
    trusted: bool


async def helpers(tx: AsyncConnection, author: Author, code: str) -> tuple[Event, list[Helper]]:
    """Who runs an event beside the team, to whoever may change it. Raises NotAllowed, EventRefused."""
    found = await events.find_for(tx, author, code)
    parts = await db.hosts.of_event(tx, found.event.id)
    people = await db.people.get_many(tx, parts)
    listed = []
    for number, part in parts.items():
        trusted = covering(await db.hosts.trusted_in(tx, number), found.event.commune)
        listed.append(Helper(person=people[number], part=part, trusted=bool(trusted)))
    return found.event, listed


async def invite_helper(tx: AsyncConnection, author: Author, code: str) -> str:
    """The token of a link by which one supporter comes to organize an event together.

    Raises NotAllowed, EventRefused.
    """
    author = await in_turn(tx, author)
    found = await events.find_open(tx, author, code)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await db.hosts.add_link(
        tx,
        token_hash=hash_of(token),
        event=found.event.id,
        by=author.person.id,
        now=author.now,
        until=author.now + LINK_LIFE,
    )
    details = {"event": code, "link": hash_of(token)[:12]}
    await audit.note(tx, actor=author.name, action="invite_host", details=details, now=author.now)
    return token


async def join(tx: AsyncConnection, host: Author, origin: Origin, token: str) -> EventInWords:
    """A supporter takes a link: from now on they help to organize its event. Whoever runs it already leaves
    the link to somebody else. Raises HostRefused, NotASupporter.
    """
    require_supporter(host.person)
    host = await in_turn(tx, host)
    link = await db.hosts.find_link(tx, hash_of(token))
    if link is None or host.now >= link.expires_at:
        raise HostRefused("This link leads nowhere any more.", why="link")
    event = (await db.events.get_many(tx, [link.event])).get(link.event)
    if event is None or event.is_cancelled or event.is_dropped:
        raise HostRefused("This link leads nowhere any more.", why="link")
    if not await _maker_still_may(tx, host, link.created_by, event):
        raise HostRefused("This link leads nowhere any more.", why="link")
    if await _runs_it_already(tx, host, event):
        raise HostRefused("They may change this event without helping.", why="runs_it")
    texts = await db.events.texts_of(tx, event.id)
    if event.id in host.hosted:
        return EventInWords(event=event, texts=texts)
    if not await db.hosts.use_link(tx, link.token_hash, host.now):
        raise HostRefused("This link leads nowhere any more.", why="link")
    await db.hosts.add(tx, event=event.id, person=host.person.id, part=CO_HOST, now=host.now)
    await record(tx, host.person, origin, PURPOSE, "joined", subject=event.code)
    details = {"event": event.code, "link": link.token_hash[:12]}
    actor = f"{HOST}:{host.person.telegram_id}"
    await audit.note(tx, actor=actor, action="join_event", details=details, now=host.now)
    return EventInWords(event=event, texts=texts)


async def _runs_it_already(tx: AsyncConnection, host: Author, event: Event) -> bool:
    """Whether they are its host, or may change it by their role: a link gives them nothing, and is somebody else's."""
    if host.hosted.get(event.id) == HOSTED:
        return True
    if not host.may(Action.CHANGE_EVENT, event.commune):
        return False
    theirs = host.may_change_event(event.commune, event.created_by)
    return theirs or bool(await db.hosts.of_event(tx, event.id))


async def _maker_still_may(tx: AsyncConnection, author: Author, maker: int | None, event: Event) -> bool:
    """Whether whoever made a link may still change its event: else it ended with their right."""
    person = await db.people.get(tx, maker) if maker is not None else None
    if person is None:
        return False
    made_by = await author_of(
        tx, person, campaign=author.campaign, gazetteer=author.gazetteer, now=author.now
    )
    return event.id in made_by.hosted or made_by.may_change_event(event.commune, event.created_by)


async def remove_helper(tx: AsyncConnection, author: Author, code: str, person: int) -> None:
    """Takes an event from somebody: the team from anybody, its host from who helps. Raises NotAllowed, EventRefused."""
    author = await in_turn(tx, author)
    found = await events.find_for(tx, author, code)
    parts = await db.hosts.of_event(tx, found.event.id)
    of_team = author.may(Action.TRUST_HOST, found.event.commune)
    if not of_team and not (author.hosted.get(found.event.id) == HOSTED and parts.get(person) == CO_HOST):
        raise NotAllowed("Only the team takes an event from its host.", message="errors/not_your_event")
    if await db.hosts.remove(tx, event=found.event.id, person=person):
        await db.events.take_over(tx, [found.event.id], host=person, by=author.id)
        await audit.note(tx, actor=author.name, action="remove_host", details={"event": code}, now=author.now)
        await tell_removed(tx, author, person, await title_of(tx, author, found.event))
