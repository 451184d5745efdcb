"""Whom an expression means: what it names is looked up, its people are counted, and somebody's place in it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.belonging
import db.experiments
import db.expressions
import db.people
import db.saved_audiences
import db.surveys
from bot.actions.forecasts import PlannedSending, obstacles
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.communes.unknown import communes_near, no_commune
from bot.errors import BadAudience, PortevoixError
from bot.frozen import Frozen
from bot.rules.audience_limits import widened
from bot.rules.belonging import Membership, Setting, facts_of, verdict
from bot.rules.expression_text import Spots, pointing
from bot.rules.expressions import Expression, grown, leaves_of, text_of
from bot.rules.leaves import ANY, NONE, Leaf
from bot.rules.reaching import NEWS, Held
from bot.rules.sampling import sampling_of
from bot.rules.saved_audiences import Saved, reached_from, require_readable
from bot.rules.sending import all_at
from bot.rules.small_counts import Reader
from bot.rules.surveys import every_option
from db.expressions import Condition
from db.rolls import Rolls
from db.surveys import Survey

EXACT = Reader(known_in=None)


class UnknownPerson(PortevoixError):
    """Nobody with this Telegram number is known to the campaign."""


class Asked(Frozen):
    """An expression that is asked about. `spots`: where each of its leaves stands in the `text`, where it was typed."""

    expression: Expression
    spots: Spots = field(default_factory=dict)
    text: str = ""


class ExpressionOccasion(Frozen):
    """Where and when it is asked."""

    campaign: Campaign
    gazetteer: Gazetteer
    now: datetime


async def setting_of(tx: AsyncConnection, asked: Asked, occasion: ExpressionOccasion) -> Setting:
    """What the expression is read with. Raises BadAudience that points at what does not exist."""
    saved = await db.saved_audiences.all_saved(tx)
    require_readable(asked.expression, saved)
    others = reached_from(asked.expression, saved)
    await _require_known(tx, asked, occasion, saved)
    for each in others:
        try:
            await _require_known(tx, Asked(expression=each.expression), occasion, saved)
        except BadAudience as fault:
            sentence = f"In the saved audience “{each.name}”, {fault.clause}"
            raise BadAudience(sentence, **fault.values) from None
    leaves = [
        leaf for tree in (asked.expression, *(each.expression for each in others)) for leaf in leaves_of(tree)
    ]
    radii = {(leaf.arguments[0], int(leaf.arguments[1])) for leaf in leaves if leaf.name == "near"}
    return Setting(
        now=occasion.now,
        sampling=sampling_of(await db.experiments.key(tx)),
        within={radius: occasion.gazetteer.within(*radius) for radius in radii},
        saved={each.name: each.meaning for each in others},
    )


async def _require_known(
    tx: AsyncConnection, asked: Asked, occasion: ExpressionOccasion, saved: Saved
) -> None:
    leaves = list(leaves_of(asked.expression))
    codes = {leaf.arguments[0] for leaf in leaves if leaf.name == "rsvp"} - {ANY}
    numbers = {int(leaf.arguments[0]) for leaf in leaves if leaf.name in ("got", "answered")}
    no_events = await db.expressions.missing_events(tx, codes) if codes else set()
    no_messages = await db.expressions.missing_messages(tx, numbers) if numbers else set()
    asked_in = {leaf.arguments[0] for leaf in leaves if leaf.name == "survey"}
    surveys = await db.surveys.of_codes(tx, asked_in) if asked_in else {}
    for leaf in leaves:
        first = leaf.arguments[0] if leaf.arguments else ""
        fault: BadAudience | None
        if leaf.name == "survey":
            fault = _unknown_option(leaf, surveys.get(first))
        elif leaf.name == "rsvp" and first in no_events:
            fault = BadAudience(
                f"There is no event {first}: its code stands in its link, after ev_.", why="no_event"
            )
        elif leaf.name in ("got", "answered") and int(first) in no_messages:
            fault = BadAudience(
                f"There is no message number {first}: /broadcasts shows the numbers.", why="no_message"
            )
        elif leaf.name == "audience" and first not in saved:
            fault = BadAudience(
                f"No audience is saved as “{first}”: `portevoix audiences list` tells their names.",
                why="no_saved",
            )
        else:
            fault = _unknown_here(leaf, occasion)
        if fault is not None:
            raise pointing(asked.spots.get(leaf), str(leaf), fault, asked.text)


def _unknown_option(leaf: Leaf, survey: Survey | None) -> BadAudience | None:
    """What is wrong with a leaf about a survey."""
    code, wanted = leaf.arguments
    if survey is None:
        return BadAudience(
            f"There is no survey {code}: `portevoix surveys list` tells their codes.", why="no_survey"
        )
    offered = [*every_option(survey.form)]
    names = [option for _, option in offered]
    full = [f"{question}.{option}" for question, option in offered]
    if wanted in (ANY, NONE, *names, *full):
        return None
    clear = [name if names.count(name) == 1 else whole for name, whole in zip(names, full, strict=True)]
    return _none_of(f"The survey {code} has no option {wanted}", "no_option", [ANY, NONE, *clear])


def _unknown_here(leaf: Leaf, occasion: ExpressionOccasion) -> BadAudience | None:
    """What is wrong with a leaf that the campaign file or the list of communes does not know."""
    campaign, first = occasion.campaign, leaf.arguments[0] if leaf.arguments else ""
    if leaf.name in ("in", "near") and len(first) == 5 and occasion.gazetteer.by_code(first) is None:
        near = [f"{each.code} ({each.name})" for each in communes_near(first, occasion.gazetteer)]
        return BadAudience(no_commune(first, occasion.gazetteer), why="no_commune", choices=near)
    if leaf.name == "language" and first not in campaign.languages:
        return _none_of(f"The campaign has no language {first}", "no_language", campaign.languages)
    if leaf.name in ("intention", "plan", "vote"):
        ballots = [str(ballot.number) for ballot in campaign.ballots]
        if first not in ballots:
            return _none_of(f"The campaign has no ballot {first}", "no_ballot", ballots)
    if leaf.name == "plan":
        slots = ["any", "none", *(slot.name for slot in campaign.slots)]
        if leaf.arguments[1] not in slots:
            return _none_of(f"The campaign has no slot {leaf.arguments[1]}", "no_slot", slots)
    return None


def _none_of(sentence: str, why: str, choices: Sequence[str]) -> BadAudience:
    return BadAudience(f"{sentence}: write one of {', '.join(choices)}.", why=why, choices=list(choices))


class ExpressionStep(Frozen):
    """An expression as far as one of its leaves: so many `people` are in it, and so many have the leaf `alone`."""

    leaf: str
    people: int
    alone: int


class Counted(Frozen):
    """The people of an audience. `reachable`: whom a message of news sent now reaches while it is of use; `held`: what
    keeps it from how many others.
    """

    expression: str
    people: int
    reachable: int
    held: Mapping[Held, int]
    steps: tuple[ExpressionStep, ...]


async def count(rolls: Rolls, asked: Asked, occasion: ExpressionOccasion) -> Counted:
    """Counts an audience, and how it grew, all of one moment. Raises BadAudience."""
    async with rolls.database.read() as tx:
        setting = await setting_of(tx, asked, occasion)
    steps = grown(asked.expression)
    trees = [asked.expression, *(each.so_far for each in steps), *(each.leaf for each in steps)]
    trees = [widened(tree, occasion.campaign.is_whole) for tree in trees]
    async with rolls.look(trees, setting) as look:
        people, *counts = (look.count(tree) for tree in trees)
        held = await _held(look.tx, db.expressions.members(trees[0], setting), occasion)
    return Counted(
        expression=text_of(asked.expression),
        people=people,
        reachable=people - held.total(),
        held={reason: held[reason] for reason in Held if held[reason]},
        steps=tuple(
            ExpressionStep(leaf=text_of(each.leaf), people=so_far, alone=alone)
            for each, so_far, alone in zip(steps, counts[: len(steps)], counts[len(steps) :], strict=True)
        ),
    )


async def _held(
    tx: AsyncConnection, among: Condition, occasion: ExpressionOccasion, *, only: int | None = None
) -> Counter[Held]:
    """What keeps news that are sent now from how many of these people; `only`: from this one."""
    news = PlannedSending(kind=NEWS, when=all_at(occasion.now))
    found: Counter[Held] = Counter()
    for people, obstacle in await obstacles(
        tx, among, news, occasion.campaign, reader=EXACT, now=occasion.now, only=only
    ):
        if obstacle.held is not None:
            found[obstacle.held] += people.total
    return found


class Why(Frozen):
    """Whether somebody is in an audience, and by which leaves. `is_supporter`: who is none is in no audience at all.
    `held`: what keeps news that is sent now from them.
    """

    verdict: Membership
    is_supporter: bool
    held: Held | None

    @property
    def is_in(self) -> bool:
        return self.is_supporter and self.verdict.is_in


async def why(tx: AsyncConnection, asked: Asked, occasion: ExpressionOccasion, *, telegram_id: int) -> Why:
    """Why somebody is in an audience, or is not. Raises BadAudience and UnknownPerson."""
    setting = await setting_of(tx, asked, occasion)
    person = await db.people.find(tx, telegram_id)
    if person is None:
        raise UnknownPerson(f"Nobody with the Telegram number {telegram_id} is known here.")
    somebody = await db.belonging.somebody(tx, person)
    held = await _held(tx, db.expressions.only(person.id), occasion, only=person.id)
    return Why(
        verdict=verdict(widened(asked.expression, occasion.campaign.is_whole), facts_of(somebody, setting)),
        is_supporter=person.is_registered and person.consent_contact,
        held=next(iter(held), None),
    )
