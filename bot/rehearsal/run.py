"""A whole rehearsal: cast, play, check, report. What it writes goes to a temporary folder, which is then removed."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import db.experiments
import db.people
import db.staff
from bot.actions import audit
from bot.campaign.campaign import Campaign
from bot.communes import load as load_gazetteer
from bot.frozen import Frozen
from bot.rehearsal.account import Lines, RehearsalAccount, names_of
from bot.rehearsal.agenda import ending, opening
from bot.rehearsal.almanac import Almanac
from bot.rehearsal.broken import BrokenRule
from bot.rehearsal.cast import CastMember, as_account, as_rows, invent
from bot.rehearsal.checker import Arrival, Checker
from bot.rehearsal.evidence import Log, read_log
from bot.rehearsal.ground import plant
from bot.rehearsal.organizing import STAFF, beginnings, organizing
from bot.rehearsal.play import Play, Played, agenda_of, journal_lines
from bot.rehearsal.stage import local_telegram, most_resident, own_settings, staged
from bot.rules.areas import EVERYWHERE
from bot.rules.permissions import Action, Role
from bot.settings import Settings
from bot.startup import opened
from bot.words.step_check import load_worded_campaign
from bot.words.texts import Texts
from handlers import ROUTES

ROWS_AT_ONCE = 5_000
LIVES_AT_ONCE = 25_000


class Options(Frozen):
    """The options of the command line. `progress` is told how far it has come, from 0 to 1, when it is by the moved
    clock, and how many messages and edits there were; `write` gets the lines of JSON, if they are wanted.
    """

    supporters: int
    seed: int
    progress: Callable[[float, datetime, int], None]
    write: Callable[[str], object] | None = None


class RehearsalResult(Frozen):
    """The result of a rehearsal."""

    campaign: Campaign
    members: Sequence[CastMember]
    start: datetime
    end: datetime
    played: Played
    log: Log
    account: RehearsalAccount
    broken: Sequence[BrokenRule]
    counters: dict[str, Any]
    seed: int
    seconds: float
    resident: tuple[float, float]


async def rehearse(settings: Settings, options: Options) -> RehearsalResult:
    """Plays the campaign of the settings to its end, and checks it."""
    began = time.monotonic()
    # Invented people are nothing to keep.
    campaign = replace(load_worded_campaign(settings.required_campaign, actions=ROUTES.buttons), backups=None)
    start, end = opening(campaign), ending(campaign)
    members = invent(
        campaign, load_gazetteer(settings.data), count=options.supporters, seed=options.seed, start=start
    )
    with tempfile.TemporaryDirectory(prefix="portevoix-rehearsal-") as name:
        folder = Path(name)
        journal = folder / "journal.jsonl"
        played, log, counters = await _play(settings, options, campaign, members, folder, journal)
        account = RehearsalAccount()
        broken = check(campaign, members, log, journal, account, write=options.write)
    return RehearsalResult(
        campaign=campaign,
        members=members,
        start=start,
        end=end,
        played=played,
        log=log,
        account=account,
        broken=broken,
        counters=counters,
        seed=options.seed,
        seconds=time.monotonic() - began,
        resident=most_resident(),
    )


async def _play(
    settings: Settings,
    options: Options,
    campaign: Campaign,
    members: Sequence[CastMember],
    folder: Path,
    journal: Path,
) -> tuple[Played, Log, dict[str, Any]]:
    start, end = opening(campaign), ending(campaign)
    staff = list(organizing(campaign, Texts({"campaign": campaign}), members))

    def progress(now: datetime, accepted: int) -> None:
        options.progress((now - start) / (end - start), now, accepted)

    async with local_telegram(start, journal) as base:
        own = own_settings(settings, base=base, folder=folder)
        await load(own, campaign, members, start, seed=options.seed)
        async with staged(own, campaign, base=base, journal=journal) as stage:
            await stage.add_people(chain(STAFF, map(as_account, members)))
            agenda = agenda_of(campaign, members, staff)
            played = await Play(stage, campaign, members, agenda, until=end, progress=progress).run()
            async with stage.app.database.read() as tx:
                log = await read_log(tx, played.erased, played.faults)
            return played, log, await stage.counters()


async def load(
    own: Settings, campaign: Campaign, members: Sequence[CastMember], start: datetime, *, seed: int
) -> None:
    """Puts those who were registered before it begins, and the organizers, into the bot's own database."""
    async with opened(own) as database:
        async with database.write() as tx:
            await db.experiments.keep_key(tx, f"rehearsal {seed}")
        for first in range(0, len(members), ROWS_AT_ONCE):
            async with database.write() as tx:
                await db.people.add_many(tx, as_rows(campaign, members[first : first + ROWS_AT_ONCE]))
        await plant(database, members, start)
        async with database.write() as tx:
            for person in STAFF:
                await db.staff.add(
                    tx,
                    telegram_id=person["id"],
                    role=Role.ADMIN,
                    area=EVERYWHERE,
                    added_by=None,
                    now=start,
                )
                details = {"telegram_id": person["id"], "role": Role.ADMIN, "area": EVERYWHERE}
                await audit.note(
                    tx, actor=audit.COMMAND_LINE, action=Action.ADD_STAFF, details=details, now=start
                )


def check(
    campaign: Campaign,
    members: Sequence[CastMember],
    log: Log,
    journal: Path,
    account: RehearsalAccount,
    *,
    write: Callable[[str], object] | None,
) -> list[BrokenRule]:
    """Reads the whole journal: the rules that were broken. Counts into `account`, and writes the lines of JSON.

    So many lives at a time as fit: the journal is read once for each part, but only once where lines are wanted, which
    have to come in order.
    """
    lines = Lines(names_of(log.sendings.values()), write) if write is not None else None

    def arrived(arrival: Arrival) -> None:
        account.add(arrival)
        if lines is not None:
            lines.add(arrival)

    broken: list[BrokenRule] = []
    almanac, size = Almanac(campaign), LIVES_AT_ONCE if lines is None else len(members)
    for first in range(0, len(members), size):
        some = members[first : first + size]
        checker = Checker(
            almanac,
            some,
            log,
            start=opening(campaign),
            staff=(person["id"] for person in STAFF),
            arrived=arrived,
            beginnings=beginnings(campaign, Texts({"campaign": campaign})),
        )
        for line in journal_lines(journal):
            checker.read(line)
        broken += checker.finish(ending(campaign), last=first + size >= len(members))
        account.reminders.update(checker.reminders)
    if lines is not None:
        lines.flush()
    return broken


def summary(outcome: RehearsalResult) -> dict[str, Any]:
    """The figures that a terminal and the report both show."""
    joined = sum(member.joins_at is not None for member in outcome.members)
    places = Counter(member.place.territory for member in outcome.members)
    return {
        "supporters": len(outcome.members),
        "joined": joined,
        "territories": len(places),
        "messages": outcome.account.messages,
        "acts": outcome.played.acts,
        "instants": outcome.played.instants,
        "impossible": len(outcome.played.impossible),
        "broken": len(outcome.broken),
        "seconds": outcome.seconds,
        "resident": outcome.resident,
    }


__all__ = ["Options", "RehearsalResult", "rehearse", "summary"]
