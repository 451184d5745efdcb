"""The slots and reminder steps of a campaign file."""

import re
from collections.abc import Collection, Sequence
from datetime import time, timedelta
from itertools import pairwise

from bot.campaign.model import Campaign
from bot.campaign.toml import Source, TomlTable
from bot.rules.candidacy import LAST_CHOICE
from bot.rules.kinds import Kind
from bot.rules.moments import Anchor, Moment, parse_moment
from bot.rules.neutrality import STEP_TEMPLATES
from bot.rules.quiet import quiet
from bot.rules.steps import Slot, Step, StepQuestion

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_FORMS = "D-21 18:00, D 16:30, slot-1h, embargo or close"
_NEVER = Moment(anchor=Anchor.CLOSE)

DEFAULT_SLOTS = (
    Slot(name="morning", starts=time(9)),
    Slot(name="midday", starts=time(12)),
    Slot(name="afternoon", starts=time(14)),
    Slot(name="last_hour", before_close=timedelta(hours=1)),
)


def read_slots(root: TomlTable) -> tuple[tuple[Slot, ...], str]:
    """The slots that people plan for, and the one that stands for people without a plan."""
    slots: list[Slot] = []
    for table in root.tables("slots", required=False):
        slot = _read_slot(table)
        if slot.name in {other.name for other in slots}:
            table.fault("name", f"two slots are named “{slot.name}”", "rename one")
        slots.append(slot)
    slots = slots or list(DEFAULT_SLOTS)
    names = [slot.name for slot in slots]
    return tuple(slots), root.one_of("default_slot", names, default=names[0]) or names[0]


def _read_slot(table: TomlTable) -> Slot:
    name = _read_name(table)
    before_close = table.number("minutes_before_close", least=15, most=720)
    if before_close is not None:
        if "starts" in table.data:
            table.fault("starts", f"slot “{name}” has two starts", "keep starts or minutes_before_close")
        table.take("starts", (str, time), "a local time")
        slot = Slot(name=name, before_close=timedelta(minutes=before_close))
    else:
        if "starts" not in table.data:
            table.fault(
                "starts", f"slot “{name}” has no start", 'write starts = "09:00" or minutes_before_close = 60'
            )
        slot = Slot(name=name, starts=table.clock_time("starts", default=time(9)))
    table.done()
    return slot


def _read_name(table: TomlTable) -> str:
    name = table.text("name", "a name of small letters")
    if name and not _NAME.fullmatch(name):
        table.fault("name", f"the name is “{name}”", "use small letters, digits and _, such as last_hour")
    return name


def read_steps(
    root: TomlTable, *, ballots: Sequence[int], templates: Collection[str] | None
) -> tuple[Step, ...]:
    """The steps in the order of the file."""
    steps: list[Step] = []
    for table in root.tables("steps", required=False):
        step = _read_step(table, ballots, templates)
        if step.name in {other.name for other in steps}:
            table.fault("name", f"two steps are named “{step.name}”", "rename one")
        if step.name == LAST_CHOICE:
            table.fault("name", f"“{LAST_CHOICE}” is the program’s own step", "choose another name")
        if step.follows is not None and step.follows not in {other.name for other in steps}:
            table.fault(
                "follows",
                f"step “{step.name}” follows “{step.follows}”, which is no earlier step",
                "write the name of a step above it",
            )
        steps.append(step)
    return tuple(steps)


def _read_step(table: TomlTable, ballots: Sequence[int], templates: Collection[str] | None) -> Step:
    name = _read_name(table)
    kind = Kind(table.one_of("kind", tuple(Kind)) or Kind.GOTV)
    step = Step(
        name=name,
        when=_read_moment(table, "when"),
        until=_read_moment(table, "until"),
        kind=kind,
        template=_read_template(table, name, kind, templates),
        ballots=_read_ballot_numbers(table, ballots),
        asks=StepQuestion(asks) if (asks := table.one_of("asks", tuple(StepQuestion), default="")) else None,
        follows=table.text("follows", "the name of a step", required=False) or None,
        when_silent=table.flag("when_silent"),
        when_voted=table.flag("when_voted"),
        evening=table.flag("evening"),
    )
    table.done()
    return step


def _read_moment(table: TomlTable, key: str) -> Moment:
    text = table.text(key, f"a moment: {_FORMS}")
    if not text:
        return _NEVER
    try:
        return parse_moment(text)
    except ValueError:
        table.fault(key, f"“{text}” is not a moment", f"write {_FORMS}")
        return _NEVER


def _read_template(table: TomlTable, name: str, kind: Kind, templates: Collection[str] | None) -> str:
    template = table.text("template", "the name of a template", required=False, default=name) or name
    is_neutral, neutral = kind is Kind.CIVIC_NEUTRAL, ", ".join(sorted(STEP_TEMPLATES))
    if is_neutral and template not in STEP_TEMPLATES:
        table.fault(
            "template",
            f"step “{name}” is {kind} and has the template “{template}”, which is not neutral",
            f"use one of {neutral}, which the program words, or another kind",
        )
    elif not is_neutral and template in STEP_TEMPLATES:
        table.fault(
            "template",
            f"step “{name}” has the template “{template}”, which tells neither who writes nor why",
            f"write kind = “{Kind.CIVIC_NEUTRAL}”, or use another template",
        )
    elif not is_neutral and templates is not None and template not in templates:
        known = ", ".join(sorted({*templates} - STEP_TEMPLATES))
        table.fault(
            "template", f"step “{name}” has no template “{template}”", f"use one of {known}, or write it"
        )
    return template


def _read_ballot_numbers(table: TomlTable, ballots: Sequence[int]) -> tuple[int, ...]:
    numbers = table.take("ballots", (list,), "a list of ballot numbers, such as [1]") or []
    for number in numbers:
        if number not in ballots:
            listed = ", ".join(map(str, ballots))
            table.fault(
                "ballots", f"there is no ballot {number}", f"use {listed}, or leave it out for all ballots"
            )
    return tuple(number for number in numbers if number in ballots)


def check_steps(source: Source, campaign: Campaign) -> None:
    """Notes steps that are useless before they leave, and warns of those that the law always blocks."""
    over_before = {later.number: earlier.ends_at for earlier, later in pairwise(campaign.ballots)}
    for index, step in enumerate(campaign.steps):
        found = [
            occurrence
            for ballot in campaign.ballots
            for territory in ballot.territories
            for occurrence in campaign.occurrences(ballot, step, territory)
        ]
        useless = next((each for each in found if each.expires_at <= each.at_utc), None)
        if useless is not None:
            source.fault(
                ("steps", index, "until"),
                f"step “{step.name}” would be useless before it leaves, in {useless.territory} for ballot "
                f"{useless.ballot}",
                "write a later until",
            )
        early = next(
            (each for each in found if each.at_utc < over_before.get(each.ballot, each.at_utc)), None
        )
        if early is not None:
            source.fault(
                ("steps", index, "when"),
                f"step “{step.name}” of ballot {early.ballot} leaves before ballot {early.ballot - 1} is over",
                "name the ballots that it is for in ballots, and write another step, with this template and a later"
                " when, for the others",
                warning=True,
            )
        if found and all(
            quiet(
                kind=each.kind,
                territory=each.territory,
                now=each.at_utc,
                law=campaign.law,
                ballots=campaign.ballots,
                # Abroad: of those who vote on the day itself. In the Americas step and silence begin a day earlier.
                zone=campaign.ballot(each.ballot).polling(each.territory).zone.key,
            )
            for each in found
        ):
            source.fault(
                ("steps", index, "when"),
                f"step “{step.name}” always falls in a quiet period of {campaign.law.code}",
                "change when or kind, or it will never leave",
                warning=True,
            )
