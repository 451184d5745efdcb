"""Events from a file: what it would change is shown first, then all of it is done, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
import db.broadcast_accounts
import db.event_files
from bot.actions import announcing, audit, event_reach, event_seats, events
from bot.actions.announcing import NewEvent
from bot.actions.audiences import target_of
from bot.actions.authority import Author, in_turn
from bot.actions.events import EventChange
from bot.errors import NotAllowed, PortevoixError
from bot.event_files.calendars import OURS
from bot.event_files.filed import FiledEvent
from bot.frozen import Frozen
from bot.rules.areas import contains
from bot.rules.dates import FARTHEST_YEARS
from bot.rules.events import is_over
from bot.rules.expressions import EVERYBODY, Expression
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.seats import ENOUGH, SeatsWanted
from db.events import Event, EventInWords, EventTexts

IMPORTED = "import_events"
"""What the log calls it."""
FARTHEST = timedelta(days=366 * FARTHEST_YEARS)


class FileRefused(PortevoixError):
    """A file of events of which nothing is imported; the sentence lists each line that says why."""

    default_message: ClassVar[str] = "errors/refused"


class EventFate(StrEnum):
    """What becomes of an event of a file."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    SAME = "same"
    OVER = "over"


class PlannedEvent(Frozen):
    """An event of a file and what becomes of it: `before` as it is now; `change` and `seats` where it is another.

    `invites`: whom it will be sent to, where it is and was not yet; `people`: how many they are, and of a change how
    many are told.
    """

    filed: FiledEvent
    fate: EventFate
    before: EventInWords | None = None
    change: EventChange = field(default_factory=EventChange)
    seats: SeatsWanted | None = None
    invites: Expression | None = None
    people: int = 0

    @property
    def changes(self) -> tuple[tuple[str, str, str], ...]:
        """What changes, for people: the column, as it was, as it will be."""
        if self.before is None or self.fate is not EventFate.CHANGED:
            return ()
        return tuple(_differences(self.before, self))


def _differences(before: EventInWords, planned: PlannedEvent) -> list[tuple[str, str, str]]:
    event, change, filed = before.event, planned.change, planned.filed
    found = []
    for name, old, new in (
        ("starts_at", event.starts_at, change.starts_at),
        ("ends_at", event.ends_at, change.ends_at),
    ):
        if new is not None:
            zone = filed.starts_at.tzinfo
            found.append(
                (name, f"{old.astimezone(zone):%Y-%m-%d %H:%M}", f"{new.astimezone(zone):%Y-%m-%d %H:%M}")
            )
    if change.commune is not None:
        found.append(("commune", event.commune, change.commune.code))
    if change.address is not None:
        found.append(("address", event.address, change.address))
    if change.pin is not None:
        found.append(("place on the map", _point(event.latitude, event.longitude), _point(*change.pin)))
    for code, text in change.texts.items():
        old_text = before.texts.get(code)
        old_title, old_description = (old_text.title, old_text.description) if old_text else ("", "")
        if old_title != text.title:
            found.append((f"title_{code}", old_title, text.title))
        if old_description != text.description:
            found.append((f"description_{code}", old_description, text.description))
    if planned.seats is not None:
        found.append(("capacity", _seats(event.capacity), _seats(planned.seats.capacity)))
    return found


def _point(latitude: float | None, longitude: float | None) -> str:
    return "none" if latitude is None or longitude is None else f"{latitude:.5f}, {longitude:.5f}"


def _seats(capacity: int | None) -> str:
    return "enough" if capacity is None else f"{capacity:,}"


async def plan(tx: AsyncConnection, author: Author, filed: Sequence[FiledEvent]) -> list[PlannedEvent]:
    """What a file would do. Raises FileRefused, or NotAllowed, with every line that cannot be done; CandidateOut."""
    author.require(Action.CREATE_EVENT)
    author.require_standing()
    known = await db.event_files.by_keys(
        tx,
        [each.key for each in filed],
        {each.key: each.key.removesuffix(OURS) for each in filed if each.key.endswith(OURS)},
    )
    counts: dict[tuple[str, Expression], int] = {}
    planned: list[PlannedEvent] = []
    faults: list[str] = []
    refusal: type[PortevoixError] = FileRefused
    for each in filed:
        try:
            planned.append(await _planned(tx, author, each, known.get(each.key), counts))
        except PortevoixError as error:
            faults.append(f"line {each.line}: {error.sentence}")
            refusal = NotAllowed if isinstance(error, NotAllowed) else refusal
    if faults:
        raise refusal("\n".join(faults))
    return planned


async def _planned(
    tx: AsyncConnection,
    author: Author,
    filed: FiledEvent,
    before: EventInWords | None,
    counts: dict[tuple[str, Expression], int],
) -> PlannedEvent:
    if before is None or before.event.is_dropped:
        return await _new(tx, author, filed, counts)
    event = before.event
    if not author.may_change_event(event.commune, event.created_by):
        raise NotAllowed("This event is another team’s: ask them, or give yours a key of its own.")
    if event.is_cancelled:
        if filed.cancelled:
            return PlannedEvent(filed=filed, fate=EventFate.SAME, before=before)
        raise FileRefused(
            "This event was cancelled, and people were told: give the one that takes place a key of its own."
        )
    change, seats = _change(before, filed), _seats_changed(event, filed)
    if is_over(event.ends_at, author.now):
        return PlannedEvent(filed=filed, fate=EventFate.OVER, before=before)
    if filed.cancelled:
        return PlannedEvent(
            filed=filed, fate=EventFate.CANCELLED, before=before, people=await _told(tx, author, event)
        )
    if change.starts_at is not None:
        _require_when(author, filed)
    _require_area(author, filed)
    invites = filed.invite if filed.invite is not None and not await _is_invited(tx, event) else None
    if change.is_empty and seats is None and invites is None:
        return PlannedEvent(filed=filed, fate=EventFate.SAME, before=before)
    people = await _told(tx, author, event) if not change.is_empty else 0
    if invites is not None:
        people = await _reached(tx, author, filed, counts)
    return PlannedEvent(
        filed=filed,
        fate=EventFate.CHANGED,
        before=before,
        change=change,
        seats=seats,
        invites=invites,
        people=people,
    )


async def _new(
    tx: AsyncConnection,
    author: Author,
    filed: FiledEvent,
    counts: dict[tuple[str, Expression], int],
) -> PlannedEvent:
    if filed.cancelled or (filed.history and filed.starts_at <= author.now):
        return PlannedEvent(filed=filed, fate=EventFate.OVER)
    _require_when(author, filed)
    _require_area(author, filed)
    people = await _reached(tx, author, filed, counts)
    return PlannedEvent(filed=filed, fate=EventFate.NEW, invites=filed.invite, people=people)


def _require_when(author: Author, filed: FiledEvent) -> None:
    if filed.starts_at <= author.now:
        raise FileRefused(
            f"It begins on {filed.starts_at:%Y-%m-%d at %H:%M}, which is past: write a time to come, or leave it out."
        )
    if filed.starts_at > author.now + FARTHEST:
        raise FileRefused(
            f"It begins in {filed.starts_at:%Y}: nothing is planned more than {FARTHEST_YEARS} years ahead."
        )


def _require_area(author: Author, filed: FiledEvent) -> None:
    author.require(Action.CREATE_EVENT, filed.commune.code)


async def _is_invited(tx: AsyncConnection, event: Event) -> bool:
    return await db.broadcast_accounts.invitation_to(tx, event.id) is not None


async def _told(tx: AsyncConnection, author: Author, event: Event) -> int:
    """How many people hear of a change: nobody of an event that nobody sees."""
    if event.is_hidden:
        return 0
    return (await event_reach.to_tell(tx, author, event)).people.total


async def _reached(
    tx: AsyncConnection,
    author: Author,
    filed: FiledEvent,
    counts: dict[tuple[str, Expression], int],
) -> int:
    """How many people an invitation is for; the same is counted once. Raises BadAudience."""
    if filed.invite is None:
        return 0
    asked = (filed.area, filed.invite)
    if asked not in counts:
        target = await target_of(tx, author, filed.invite, _areas(author, filed))
        groups = await db.audiences.groups(tx, target, Kind.EVENT_INVITE)
        counts[asked] = sum(group.people.total for group in groups)
    return counts[asked]


def _areas(author: Author, filed: FiledEvent) -> list[str]:
    """Where an invitation may go: what the author looks after of the area of the file, or all of it."""
    mine = author.areas(Action.BROADCAST)
    if any(contains(each, filed.area) for each in mine):
        return [filed.area]
    return [each for each in mine if contains(filed.area, each)]


def _change(before: EventInWords, filed: FiledEvent) -> EventChange:
    """What the file says otherwise; what it is silent about stays."""
    event = before.event
    moved = filed.commune.code != event.commune
    pinned = filed.pin is not None and (moved or not _is_there(event, filed.pin))
    return EventChange(
        starts_at=filed.starts_at if filed.starts_at != event.starts_at else None,
        ends_at=filed.ends_at if filed.ends_at != event.ends_at else None,
        commune=filed.commune if moved else None,
        address=filed.address if filed.address != event.address else None,
        pin=filed.pin if pinned else None,
        texts={code: text for code, text in _texts(before, filed).items() if before.texts.get(code) != text},
    )


def _texts(before: EventInWords, filed: FiledEvent) -> EventTexts:
    """The words of a file; where it is silent about a description, the one that is there."""
    texts = dict(filed.texts)
    for code in texts.keys() & before.texts.keys():
        if f"description_{code}" not in filed.says:
            texts[code] = replace(texts[code], description=before.texts[code].description)
    return texts


def _is_there(event: Event, pin: tuple[float, float]) -> bool:
    """Whether a point is the event's, as exactly as a file writes it."""
    if event.latitude is None or event.longitude is None:
        return False
    return abs(event.latitude - pin[0]) < 1e-6 and abs(event.longitude - pin[1]) < 1e-6


def _seats_changed(event: Event, filed: FiledEvent) -> SeatsWanted | None:
    if "capacity" not in filed.says or filed.capacity == event.capacity:
        return None
    return SeatsWanted(capacity=filed.capacity, overbooking=event.overbooking, guests=event.guests)


class Overtaken(PortevoixError):
    """Events were changed, or roles withdrawn, since it was planned: it is to be planned anew."""

    default_message: ClassVar[str] = "errors/event_changed_meanwhile"


class ReadyPlan(Frozen):
    """A plan made ready while nobody waits for the database: `seen`, how the events were when it was begun (what
    db.event_files.seen tells), and the rows of those to be made that nobody is invited to.
    """

    planned: Sequence[PlannedEvent]
    rows: Sequence[db.event_files.Row]
    seen: Sequence[Any]


async def make_ready(tx: AsyncConnection, author: Author, filed: Sequence[FiledEvent]) -> ReadyPlan:
    """Plans a file, in a transaction that only reads. Raises as `plan` does."""
    seen = await db.event_files.seen(tx)
    planned = await plan(tx, author, filed)
    silent = [each for each in planned if each.fate is EventFate.NEW and each.invites is None]
    return ReadyPlan(planned=planned, rows=[_row(author, each.filed) for each in silent], seen=seen)


async def carry_out(tx: AsyncConnection, author: Author, ready: ReadyPlan, *, file: str) -> None:
    """Does what was made ready, and notes it. Raises Overtaken where things are otherwise now, and what making and
    changing an event raises: then nothing is done.
    """
    held = author.roles
    author = await in_turn(tx, author)
    if author.roles != held or await db.event_files.seen(tx) != ready.seen:
        raise Overtaken("Events were changed while the file was read: import it once more.")
    planned = ready.planned
    await db.event_files.create_many(tx, ready.rows)
    for each in planned:
        if each.fate is EventFate.NEW and each.invites is not None:
            await _announce(tx, author, each)
        elif each.before is not None and each.fate is EventFate.CANCELLED:
            await events.cancel_event(tx, author, each.before.event.code)
        elif each.before is not None and each.fate is EventFate.CHANGED:
            await _carry_out_change(tx, author, each.before.event, each)
    counts = {fate.value: sum(each.fate is fate for each in planned) for fate in EventFate}
    details = {"file": file, **counts}
    await audit.note(tx, actor=author.name, action=IMPORTED, details=details, now=author.now)


def _event_of(filed: FiledEvent) -> NewEvent:
    return NewEvent(
        texts=filed.texts,
        commune=filed.commune,
        address=filed.address,
        pin=filed.pin,
        starts_at=filed.starts_at,
        duration=filed.ends_at - filed.starts_at,
        audience=filed.invite if filed.invite is not None else EVERYBODY,
        seats=SeatsWanted(capacity=filed.capacity) if filed.capacity is not None else ENOUGH,
    )


def _row(author: Author, filed: FiledEvent) -> db.event_files.Row:
    new = _event_of(filed)
    announcing.require_announceable(author, new)
    made = {"state": "open", "created_by": author.id, "created_at": author.now, "counted": False}
    columns = {**made, **announcing.columns_of(new, announcing.new_code(announcing.OF_MANY))}
    return db.event_files.ready(filed.key, new.texts, columns)


async def _announce(tx: AsyncConnection, author: Author, planned: PlannedEvent) -> None:
    areas = _areas(author, planned.filed)
    announced = await announcing.announce(tx, author, _event_of(planned.filed), areas=areas)
    await db.event_files.keep_key(tx, planned.filed.key, announced.event.id)


async def _carry_out_change(tx: AsyncConnection, author: Author, event: Event, planned: PlannedEvent) -> None:
    if not planned.change.is_empty:
        await events.change_event(tx, author, event.code, planned.change, sequence=event.sequence)
    if planned.seats is not None:
        await event_seats.change_seats(tx, author, event.code, capacity=planned.seats.capacity)
    if planned.invites is not None:
        found = await events.find_open(tx, author, event.code)
        await announcing.invite(tx, author, found.event, planned.invites, areas=_areas(author, planned.filed))
