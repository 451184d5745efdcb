"""A broadcast as a second person is asked about it, and as its card shows it: all that words it, and what it mends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.events
import db.people
import db.series
import db.staff
import db.surveys
from bot.actions import rewording
from bot.actions.authority import area_name
from bot.communes import Gazetteer
from bot.frozen import Frozen
from bot.rules.kinds import Kind
from bot.rules.mends import Mend
from bot.rules.surveys import as_json
from bot.words.staff_texts import first_words
from db.broadcast_accounts import Broadcast
from db.events import Event, EventTexts, text_in
from db.surveys import Survey


class Subject(Frozen):
    """A broadcast as it will leave: its texts by language, or the event that it is about with its own."""

    broadcast: Broadcast
    author: int | None
    # What it will say; of a recall, what it takes away.
    texts: Mapping[str, str]
    # The same of each version that is compared with it.
    others: Sequence[Mapping[str, str]]
    event: Event | None
    event_texts: EventTexts
    # The survey that it asks, if it asks one.
    survey: Survey | None = None
    # The dates that take place, where it invites to a series.
    dates: Sequence[Event] = ()
    # What it corrects or takes back, if it is a second thought.
    mended: Broadcast | None = None

    @property
    def versions(self) -> tuple[Mapping[str, str], ...]:
        """The texts of each version that is compared; of most messages, of the only one."""
        return (self.texts, *self.others)

    @property
    def wording(self) -> Broadcast:
        """The broadcast by whose kind, picture and signature it reads, with the dates of now where it has some."""
        found = self.mended or self.broadcast
        return db.series.with_dates(found, self.dates) if self.dates else found

    @property
    def read_of(self) -> int:
        """The broadcast that tells who will read it: new words are also for those who do not have the message yet."""
        if self.mended is not None and self.broadcast.is_correction:
            return self.mended.id
        return self.broadcast.id

    @property
    def area(self) -> str:
        """The area of whoever decides: of words to those who come to an event, wherever they live, where it is."""
        if self.broadcast.kind == Kind.EVENT_SERVICE and self.event is not None:
            return self.event.commune
        return self.broadcast.area

    @property
    def mend(self) -> str | None:
        """The second thought that it is, if it is one."""
        if self.mended is None:
            return None
        return (Mend.RECALL if self.broadcast.is_recall else Mend.CORRECTION).value

    @property
    def digest(self) -> str:
        """Another one as soon as a text, the audience, the hour, or the event's place or time is another."""
        sent, event = self.broadcast, self.event
        facts = {
            "says": [
                sent.kind,
                sent.template,
                sent.details,
                sent.ballot,
                sent.photo,
                sorted(self.texts.items()),
                *(sorted(version.items()) for version in self.others),
                *([] if sent.compares is None else [sent.compares.as_json()]),
            ],
            "to": [sent.audience, sent.area],
            "at": [sent.starts_at.isoformat(), sent.local_time],
            "mends": sent.mends,
            "event": event and [event.starts_at.isoformat(), event.ends_at.isoformat(), *_place(event)],
            "words": sorted((code, text.title, text.description) for code, text in self.event_texts.items()),
        }
        if self.survey is not None:
            asks = self.survey
            facts["asks"] = [as_json(asks.form), asks.closes_at.isoformat(), asks.erase_at.isoformat()]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def is_now(self) -> bool:
        """Whether it leaves as soon as it is let go."""
        return not self.broadcast.local_time and self.broadcast.starts_at <= self.broadcast.created_at


def _place(event: Event) -> tuple[object, ...]:
    return (event.zone, event.commune, event.address, event.latitude, event.longitude)


async def subject_of(tx: AsyncConnection, broadcast: int) -> Subject:
    """A broadcast that exists, with all that words it."""
    found = await db.broadcast_accounts.get(tx, broadcast)
    assert found is not None  # approvals go with their broadcast
    mended = None if found.mends is None else await db.broadcast_accounts.get(tx, found.mends)
    wording = mended or found
    worded_by = found if found.is_correction else wording
    versions = (await db.broadcast_accounts.versions_of_many(tx, [worded_by.id])).get(worded_by.id, [])
    about = (
        None if wording.event is None else (await db.events.get_many(tx, [wording.event])).get(wording.event)
    )
    dates = await db.series.taking_place(tx, about.id) if about and wording.series is not None else []
    author = await db.people.get_many(tx, [found.created_by]) if found.created_by is not None else {}
    return Subject(
        broadcast=found,
        author=next((person.telegram_id for person in author.values()), None),
        texts=next(iter(versions), {}),
        others=versions[1:],
        mended=mended,
        event=about,
        dates=dates,
        event_texts={**await db.events.texts_of(tx, about.id), **rewording.new_texts(found)} if about else {},
        survey=(await db.surveys.of_broadcasts(tx, [wording.id])).get(wording.id)
        if wording.survey is not None
        else None,
    )


async def titles(
    tx: AsyncConnection, shown: Sequence[Broadcast], language: str, fallback: str
) -> Mapping[int, str]:
    """What each is called, by its number: the name of its event or survey, or how its text begins; none where the
    program words it.
    """
    if not shown:
        return {}
    texts = await db.broadcast_accounts.texts_of_many(tx, [each.id for each in shown])
    events = await db.events.texts_of_many(tx, {each.event for each in shown if each.event is not None})
    asks = await db.surveys.of_broadcasts(tx, [each.id for each in shown])
    named = {}
    for each in shown:
        if each.event in events:
            named[each.id] = text_in(events[each.event], language, fallback).title
        elif each.id in asks:
            named[each.id] = _in(asks[each.id].form.title, language, fallback)
        elif written := texts.get(each.id):
            named[each.id] = first_words(_in(written, language, fallback))
    return named


def _in(words: Mapping[str, str], language: str, fallback: str) -> str:
    return words.get(language) or words.get(fallback) or next(iter(words.values()))


class Colleague(Frozen):
    """Somebody of the team, as others of it know them: `name`, where they agreed to be known by it; the first of the
    roles that they hold, and its area.
    """

    telegram_id: int
    name: str = ""
    role: str = ""
    area: str = ""
    area_name: str = ""


async def member(tx: AsyncConnection, gazetteer: Gazetteer, telegram_id: int) -> Colleague:
    """Whoever has this number."""
    person = await db.people.find(tx, telegram_id)
    held = await db.staff.roles_of(tx, telegram_id)
    is_known = person is not None and person.is_registered and person.consent_team
    return Colleague(
        telegram_id=telegram_id,
        name=(person.first_name or "") if person is not None and is_known else "",
        role=held[0].role if held else "",
        area=held[0].area if held else "",
        area_name=area_name(gazetteer, held[0].area) if held else "",
    )
