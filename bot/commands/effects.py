"""`portevoix effects NUMBER`: whether a message of which versions were compared changed what people did."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from typing import Any

from bot.actions.effects import Effect, MessageEffects, effects_of
from bot.commands.arguments import SubCommands, number
from bot.commands.reading import campaign_of
from bot.commands.tables import print_table
from bot.rules.counting import counted_people
from bot.rules.effects import Count, Finding, HowMuchLeft, Split, Verdict
from bot.rules.experiments import HOLDOUT, Outcome
from bot.rules.opt_outs import LARGEST_ID
from bot.settings import Settings
from bot.startup import opened, present

_DID = {
    Outcome.OPENED: "opened the event",
    Outcome.RSVP: "said yes to the event",
    Outcome.CAME: "came to the event",
    Outcome.PLANNED: "planned when to vote",
    Outcome.VOTED: "said that they voted",
    Outcome.STOPPED: "stopped the messages",
}


COMPARISON = ("against", "difference", "interval", "confidence", "verdict", "would_do")


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "effects",
        help="whether a message changed what people did",
        description="Compare the versions of a message with each other, and with who was left out of it: how many did"
        " what, by how much that differs, and whether it may be chance. `portevoix docs measuring` tells how.",
    )
    parser.add_argument("number", metavar="NUMBER", help="the message’s number, as /broadcasts tells it")
    parser.add_argument("--json", action="store_true", help="a JSON object instead of a table")
    parser.set_defaults(run=effects)


def effects(arguments: Namespace, settings: Settings) -> int:
    broadcast = number("NUMBER", arguments.number, least=1, most=LARGEST_ID)
    campaign = campaign_of(settings)

    async def work() -> MessageEffects:
        async with opened(settings) as database:
            now = await present(settings)
            async with database.read() as tx:
                return await effects_of(tx, broadcast, campaign, now)

    found = asyncio.run(work())
    if arguments.json:
        print(json.dumps(_as_json(found), ensure_ascii=False))
    else:
        _print(found)
    return 0


# -- as JSON --


def _as_json(found: MessageEffects) -> dict[str, Any]:
    return {
        "broadcast": found.broadcast,
        "goal": found.experiment.goal.value,
        "versions": found.experiment.versions,
        "holdout": found.experiment.holdout,
        "left": None if found.left is None else found.left.value,
        "recalled": found.was_recalled,
        "split": _split_as_json(found.split),
        "effects": [_group(effect, arm) for effect in found.outcomes for arm in effect.counts],
    }


def _split_as_json(split: Split) -> dict[str, Any]:
    return {
        "counted": dict(split.counted),
        "expected": {arm: round(people, 1) for arm, people in split.expected.items()},
        "p": split.p,
        "fits": split.fits,
    }


def _group(effect: Effect, arm: str) -> dict[str, Any]:
    """One group in one outcome, beside what it is compared with first; `comparisons`: beside each."""
    count, found = effect.counts[arm], [each for each in effect.findings if each.arm == arm]
    comparisons = [_comparison(each) for each in found]
    return {
        "outcome": effect.outcome.value,
        "variant": arm,
        "n": count.drawn,
        "people": count.did,
        "rate": count.rate if count.drawn else None,
        **(comparisons[0] if comparisons else dict.fromkeys(COMPARISON)),
        "known_at": effect.known_at.isoformat() if effect.known_at is not None else None,
        "comparisons": comparisons,
    }


def _comparison(finding: Finding) -> dict[str, Any]:
    interval = finding.interval
    values = (
        finding.against,
        finding.difference,
        None if interval is None else [interval.low, interval.high],
        finding.confidence,
        finding.verdict.value,
        finding.would_do,
    )
    return dict(zip(COMPARISON, values, strict=True))


# -- as a table --


def _print(found: MessageEffects) -> None:
    if found.left is HowMuchLeft.NOTHING:
        print(f"Message {found.broadcast} never left: there is nothing to compare.")
        return
    split = found.split
    groups = ", ".join(f"{_named(arm)} {people:,}" for arm, people in split.counted.items())
    print(f"Message {found.broadcast}, drawn by lot: {groups}.")
    if found.left is HowMuchLeft.PART:
        print(
            "It was stopped on the way: not everybody got it who was to, and what is told is what that much changed."
        )
    if found.was_recalled:
        print("It was taken back: what is told is what it changed while it stood in the chats.")
    for effect in found.outcomes:
        print()
        goal = ", what it was to change" if effect is found.goal else ""
        print(f"{_DID[effect.outcome]}{goal}")
        sure = f"interval, {effect.findings[0].confidence:.1%}"
        print_table(("", "people", "of", "rate", "against", "difference", sure, "verdict"), _lines(effect))
        if (remark := _remark(effect)) is not None:
            print(f"  {remark}")


def _lines(effect: Effect) -> list[tuple[str, ...]]:
    """One line for each comparison, and one for each group that is only compared with."""
    compared = {finding.arm for finding in effect.findings}
    alone = [_line(arm, count, None) for arm, count in effect.counts.items() if arm not in compared]
    return [*alone, *(_line(each.arm, effect.counts[each.arm], each) for each in effect.findings)]


def _line(arm: str, count: Count, finding: Finding | None) -> tuple[str, ...]:
    interval = finding.interval if finding is not None else None
    return (
        _named(arm),
        f"{count.did:,}",
        f"{count.drawn:,}",
        f"{count.rate:.1%}" if count.drawn else "",
        _named(finding.against) if finding is not None else "",
        _points(finding.difference) if finding is not None else "",
        "" if interval is None else f"{_points(interval.low)} to {_points(interval.high)}",
        _verdict(finding.verdict.value, finding.would_do) if finding is not None else "",
    )


def _named(arm: str) -> str:
    return "left out" if arm == HOLDOUT else arm


def _points(change: float | None) -> str:
    return "" if change is None else f"{change * 100:+.1f}"


def _verdict(verdict: str, would_do: int | None) -> str:
    if verdict == Verdict.TOO_FEW and would_do is not None:
        return f"{verdict}: {counted_people(would_do)} in each group would do"
    return verdict


def _remark(effect: Effect) -> str | None:
    """What has to be said of an outcome beside its numbers."""
    if not effect.is_over:
        return _when(effect)
    if effect.is_lost:
        return "What people answered had been erased before it could be counted: nobody knows."
    if not effect.split.fits:
        return (
            f"The groups are not as the lot made them (p = {effect.split.p:.1g}): something took people out of one of"
            " them, and none of this may be believed."
        )
    return None


def _when(effect: Effect) -> str:
    if effect.known_at is None:
        return "It is judged once the last message has left and people had time to act."
    return f"It is judged on {effect.known_at:%Y-%m-%d %H:%M} UTC, and not before: whoever looks early finds winners."
