"""`portevoix events …`: events from a file, into one, and how many come. See docs/events.md."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
from bot.actions import event_account, event_calendar, event_imports
from bot.actions.authority import Author, author_of, operator
from bot.actions.event_account import EventAccount
from bot.actions.event_imports import EventFate, PlannedEvent
from bot.campaign.campaign import Campaign
from bot.commands.arguments import AREA_HELP, CommandRefused, SubCommands, area, content_of, group
from bot.commands.reading import MOST_SHOWN, campaign_of, read_once, show_faults
from bot.commands.tables import print_table
from bot.communes import load
from bot.errors import NotAllowed, PortevoixError
from bot.event_files.calendars import read_calendar
from bot.event_files.filed import EventsRead
from bot.event_files.sheet import read_sheet
from bot.overview import running_as
from bot.rules.counting import counted, counted_people
from bot.settings import Settings
from bot.startup import opened, present
from db.events import EventInWords, text_in
from db.shifts import Filled

CALENDAR = ".ics"
TRIES = 3
"""So often a file is planned anew because somebody changed an event meanwhile."""
CODE_HELP = "the event’s code, as `portevoix events list` tells it: what follows ev_ in its link"


def add_to(commands: SubCommands) -> None:
    events = group(commands, "events", "events: in and out, and how many come")
    import_parser = events.add_parser(
        "import",
        help="make and change events from a file",
        description="Make the events of a spreadsheet (CSV) or a calendar (.ics), and change those whose key is known"
        " already: all of it, or nothing. Whoever said yes to an event that changes is told.",
    )
    import_parser.add_argument(
        "file", type=Path, metavar="FILE", help="CSV or .ics: `portevoix docs events` tells what is in it"
    )
    import_parser.add_argument(
        "--dry-run", action="store_true", help="show what changes and who is written to, and do nothing"
    )
    import_parser.add_argument(
        "--as",
        dest="author",
        type=int,
        metavar="TELEGRAM_ID",
        help="on behalf of this member of the team, within their areas; without it, everywhere",
    )
    import_parser.set_defaults(run=import_)
    export_parser = events.add_parser(
        "export",
        help="write events into a calendar",
        description="Write every event that supporters can see into a calendar that other programs open.",
    )
    export_parser.add_argument("file", type=Path, metavar="FILE.ics", help="the file to write")
    export_parser.add_argument("--area", default="FR", metavar="CODE", help=AREA_HELP)
    export_parser.add_argument(
        "--language", metavar="CODE", help="of the titles; without it, the campaign’s first"
    )
    export_parser.set_defaults(run=export)
    list_parser = events.add_parser(
        "list", help="every event", description="Print every event, the soonest first, with how many come."
    )
    list_parser.add_argument("--json", action="store_true", help="a JSON array instead of a table")
    list_parser.set_defaults(run=list_)
    show_parser = events.add_parser(
        "show", help="one event, and how many come", description="Print one event with how many come."
    )
    show_parser.add_argument("code", metavar="CODE", help=CODE_HELP)
    show_parser.add_argument("--json", action="store_true", help="a JSON object instead of lines")
    show_parser.set_defaults(run=show)


# -- in --


def import_(arguments: Namespace, settings: Settings) -> int:
    """Shows what the file does, and does it unless it is a dry run."""
    campaign, gazetteer = campaign_of(settings), load(settings.data)
    content = content_of(arguments.file, "a CSV file or a calendar (.ics)")
    is_calendar = arguments.file.suffix.lower() == CALENDAR
    reading = (
        read_calendar(content, campaign=campaign, gazetteer=gazetteer, now=asyncio.run(present(settings)))
        if is_calendar
        else read_sheet(content, campaign=campaign, gazetteer=gazetteer)
    )
    show_faults(arguments.file, reading)
    planned = asyncio.run(_import(arguments, settings, campaign, reading))
    _show(arguments.file, reading, planned, campaign)
    if arguments.dry_run:
        print("Nothing was done: this is a dry run.")
    return 0


async def _import(
    arguments: Namespace, settings: Settings, campaign: Campaign, reading: EventsRead
) -> Sequence[PlannedEvent]:
    now = await present(settings)
    async with opened(settings) as database:
        for left in reversed(range(TRIES)):
            # A running bot writes meanwhile: what takes long is done beside it.
            async with database.read() as tx:
                author = await _author(tx, arguments.author, campaign, settings, now)
                try:
                    ready = await event_imports.make_ready(tx, author, reading.events)
                except (event_imports.FileRefused, NotAllowed) as refused:
                    raise _refused(arguments.file, refused) from None
            if arguments.dry_run:
                break
            try:
                async with database.write() as tx:
                    await event_imports.carry_out(tx, author, ready, file=arguments.file.name)
                break
            except event_imports.Overtaken:
                if not left:
                    raise
    return ready.planned


async def _author(
    tx: AsyncConnection, telegram_id: int | None, campaign: Campaign, settings: Settings, now: datetime
) -> Author:
    gazetteer = load(settings.data)
    if telegram_id is None:
        return operator(campaign=campaign, gazetteer=gazetteer, now=now)
    person = await db.people.find(tx, telegram_id)
    if person is None:
        raise CommandRefused(
            f"Nobody of the Telegram ID {telegram_id} is known: `portevoix staff list` tells who is of the team."
        )
    return await author_of(tx, person, campaign=campaign, gazetteer=gazetteer, now=now)


def _refused(file: Path, refused: PortevoixError) -> CommandRefused:
    lines = refused.sentence.splitlines()
    for line in lines[:MOST_SHOWN]:
        print(line, file=sys.stderr)
    if len(lines) > MOST_SHOWN:
        print(f"and {len(lines) - MOST_SHOWN:,} more", file=sys.stderr)
    return CommandRefused(f"{file} cannot be imported: nothing was done. Mend these lines, then try again.")


def _show(file: Path, reading: EventsRead, planned: Sequence[PlannedEvent], campaign: Campaign) -> None:
    counts = {fate: sum(each.fate is fate for each in planned) for fate in EventFate}
    print(f"{file}: {counted(len(planned), 'event')} ({reading.form}).")
    told = [each for each in planned if each.fate not in (EventFate.SAME, EventFate.OVER)]
    for each in told[:MOST_SHOWN]:
        _show_event(each, campaign)
    if len(told) > MOST_SHOWN:
        print(f"  and {len(told) - MOST_SHOWN:,} more")
    print(
        f"{counts[EventFate.NEW]:,} new, {counts[EventFate.CHANGED]:,} changed, {counts[EventFate.CANCELLED]:,}"
        f" cancelled, {counts[EventFate.SAME]:,} the same, {counts[EventFate.OVER]:,} over and left alone."
    )


def _show_event(planned: PlannedEvent, campaign: Campaign) -> None:
    filed = planned.filed
    title = text_in(filed.texts, campaign.languages[0], campaign.languages[0]).title
    when = f"{filed.starts_at.astimezone(ZoneInfo(filed.commune.zone)):%Y-%m-%d %H:%M}"
    print(
        f"  line {filed.line}: {planned.fate}: {title}, {filed.commune.name} ({filed.commune.code}), {when}"
    )
    for name, before, after in planned.changes:
        print(f"    {name}: {_short(before) or '(nothing)'} -> {_short(after) or '(nothing)'}")
    if planned.invites is not None:
        print(f"    invites {counted_people(planned.people)}: {planned.invites}")
    elif planned.people:
        print(f"    tells {counted_people(planned.people)} who said yes or maybe, or wait")


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= MOST_SHOWN else plain[: MOST_SHOWN - 1] + "…"


# -- out --


def export(arguments: Namespace, settings: Settings) -> int:
    campaign = campaign_of(settings)
    if arguments.file.suffix.lower() != CALENDAR:
        raise CommandRefused(
            f"{arguments.file} does not end in .ics: events are exported as a calendar. How many came to which is in"
            " `portevoix export attendance`."
        )
    language = arguments.language or campaign.languages[0]
    if language not in campaign.languages:
        raise CommandRefused(f"--language is “{language}”: write one of {', '.join(campaign.languages)}.")
    there = area(arguments.area, settings)

    async def written(tx: AsyncConnection) -> int:
        found = await event_calendar.all_public(tx, there)
        bot = await running_as(tx)
        publishing = event_calendar.Publishing(
            campaign=campaign,
            gazetteer=load(settings.data),
            bot_username=bot.username if bot is not None else "",
            language=language,
            now=await present(settings),
        )
        try:
            arguments.file.write_bytes(
                publishing.calendar(found, name=campaign.text(campaign.name, language))
            )
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CommandRefused(
                f"{arguments.file} cannot be written ({reason}): name another file."
            ) from None
        return len(found)

    print(f"{counted(read_once(settings, written), 'event')} written to {arguments.file}.")
    return 0


# -- how many come --


def list_(arguments: Namespace, settings: Settings) -> int:
    language = campaign_of(settings).languages[0]
    found = read_once(settings, event_account.listed)
    if arguments.json:
        print(json.dumps([_line(each, language) for each in found], ensure_ascii=False))
    elif not found:
        print("There is no event yet.")
    else:
        rows = [
            (
                each.event.code,
                _title(each.found, language),
                each.event.state,
                f"{each.event.starts_at.astimezone(ZoneInfo(each.event.zone)):%Y-%m-%d %H:%M}",
                each.event.commune,
                f"{each.yes:,}",
            )
            for each in found
        ]
        print_table(("code", "title", "state", "starts (there)", "commune", "yes"), rows)
    return 0


def show(arguments: Namespace, settings: Settings) -> int:
    language = campaign_of(settings).languages[0]
    found = read_once(settings, lambda tx: event_account.account(tx, arguments.code))
    line = _line(found, language)
    if arguments.json:
        print(json.dumps(line, ensure_ascii=False))
    else:
        for name, value in line.items():
            print(f"{name}: {'' if value is None else value}")
    return 0


def _title(found: EventInWords, language: str) -> str:
    return text_in(found.texts, language, language).title


def _shift(filled: Filled, zone: ZoneInfo) -> dict[str, Any]:
    shift = filled.shift
    return {
        "role": shift.role,
        "starts_at": shift.starts_at.astimezone(zone).isoformat(),
        "ends_at": shift.ends_at.astimezone(zone).isoformat(),
        "capacity": shift.capacity,
        "taken": filled.seats.taken - filled.seats.offered,
        "waitlisted": filled.seats.waiting,
        "offered": filled.seats.offered,
    }


def _line(found: EventAccount, language: str) -> dict[str, Any]:
    event = found.event
    zone = ZoneInfo(event.zone)
    return {
        "code": event.code,
        "title": _title(found.found, language),
        "state": event.state,
        "starts_at": event.starts_at.astimezone(zone).isoformat(),
        "ends_at": event.ends_at.astimezone(zone).isoformat(),
        "commune": event.commune,
        "capacity": event.capacity,
        "yes": found.yes,
        "maybe": found.maybe,
        "no": found.no,
        "guests": found.guests,
        "waitlisted": found.waitlisted,
        "offered": found.offered,
        "checked_in": found.checked_in,
        "attended": found.attended,
        "absent": found.absent,
        "shifts": [_shift(each, zone) for each in found.shifts],
    }
