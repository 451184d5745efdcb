"""The exports: each with its columns in the order of its query in db.exports. docs/exports.md tells them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from bot.frozen import Frozen
from bot.rules.permissions import Action


class ColumnKind(StrEnum):
    """The kind of a column: text, a whole number, an instant (UTC), yes or no, or an object as JSON."""

    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"
    FLAG = "flag"
    OBJECT = "object"


class Column(Frozen):
    """A column's name, as in the file's header, and what it holds."""

    name: str
    kind: ColumnKind


class ExportTable(Frozen):
    """An export: its name on the command line, who may make it, and its columns.

    `of_area` is false for what tells of the whole campaign and is not narrowed by an area; `of_event` and
    `of_ballot` tell whether it can be narrowed to one. `tells_invited`: narrowed to an event it still holds everybody
    who was invited, which may be the whole campaign, and not only who answered.
    """

    name: str
    action: Action
    columns: tuple[Column, ...]
    of_area: bool = True
    of_event: bool = True
    of_ballot: bool = True
    tells_invited: bool = False


def columns_of(described: str) -> tuple[Column, ...]:
    """`id:number at:instant supporter …`; text where no kind is given."""
    parts = (word.partition(":") for word in described.split())
    return tuple(Column(name=name, kind=ColumnKind(kind or ColumnKind.TEXT)) for name, _, kind in parts)


_IDENTITY = "supporter telegram_id:number first_name commune"

TABLES: Mapping[str, ExportTable] = {
    table.name: table
    for table in (
        ExportTable(
            name="supporters",
            action=Action.EXPORT_SUPPORTERS,
            columns=columns_of(
                f"{_IDENTITY} department region territory country language state consent_contact:flag"
                " consent_commune:flag consent_team:flag consent_keep:flag mutes_events:flag mutes_news:flag"
                " mutes_reminders:flag volunteer:flag offered recruited:number unreachable_at:instant"
                " registered_at:instant people:number"
            ),
        ),
        ExportTable(
            name="responses",
            action=Action.EXPORT_RESPONSES,
            columns=columns_of(
                f"at:instant {_IDENTITY} department region question subject answer broadcast people:number"
            ),
        ),
        ExportTable(
            name="answer_counts",
            action=Action.EXPORT_RESPONSES,
            columns=columns_of("day question subject answer area count:number"),
        ),
        ExportTable(
            name="deliveries",
            tells_invited=True,
            action=Action.EXPORT_DELIVERIES,
            columns=columns_of(
                f"broadcast kind ballot:number step mend mends variant {_IDENTITY} department territory language state"
                " reason attempts:number due_at:instant sent_at:instant answered_at:instant changed_at:instant"
                " people:number"
            ),
        ),
        ExportTable(
            name="attendance",
            action=Action.EXPORT_RESPONSES,
            columns=columns_of(
                f"event title starts_at:instant event_commune event_state {_IDENTITY} department answer"
                " confirmed:flag attended:flag guests:number checked_in:flag at:instant people:number"
            ),
            of_ballot=False,
        ),
        ExportTable(
            name="shifts",
            action=Action.EXPORT_RESPONSES,
            columns=columns_of(
                "event title event_commune shift:number role starts_at:instant ends_at:instant shift_state"
                f" capacity:number {_IDENTITY} department answer at:instant people:number"
            ),
            of_ballot=False,
        ),
        ExportTable(
            name="hosts",
            action=Action.EXPORT_RESPONSES,
            columns=columns_of(
                f"event title starts_at:instant event_commune event_state {_IDENTITY} department part since:instant"
                " people:number"
            ),
            of_ballot=False,
        ),
        ExportTable(
            name="survey_answers",
            action=Action.EXPORT_RESPONSES,
            columns=columns_of(
                f"survey question option {_IDENTITY} department region at:instant people:number"
            ),
            of_event=False,
            of_ballot=False,
        ),
        ExportTable(
            name="doors",
            action=Action.EXPORT_DOORS,
            columns=columns_of(
                "ban commune station street number:number suffix dwellings:number walk outing:number outcome at:instant"
                " paper:flag"
            ),
            of_event=False,
            of_ballot=False,
        ),
        ExportTable(
            name="walks",
            action=Action.EXPORT_DOORS,
            columns=columns_of(
                "walk commune station state doors:number metres:number outing:number offered_at:instant done_at:instant"
                " walkers:number visited:number opened:number again:number"
            ),
            of_event=False,
            of_ballot=False,
        ),
        ExportTable(
            name="conversations",
            action=Action.EXPORT_CONVERSATIONS,
            columns=columns_of(
                f"{_IDENTITY} department region language state opened_at:instant waiting_since:instant"
                " escalated_at:instant closed_at:instant blocked_until:instant written:number answered:number"
                " waited:number people:number"
            ),
            of_event=False,
            of_ballot=False,
        ),
        ExportTable(
            name="audit",
            action=Action.EXPORT_AUDIT,
            columns=columns_of("id:number at:instant actor action details:object previous_hash hash"),
            of_area=False,
            of_event=False,
            of_ballot=False,
        ),
    )
}
