"""The page names whatever a rehearsal may come to, in every language, and the terminal's lines say it in short."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.commands.rehearsing import _Bar
from bot.rehearsal.account import RehearsalAccount
from bot.rehearsal.broken import BrokenRule, Rule
from bot.rehearsal.cast import CastMember, CastPlace, Character
from bot.rehearsal.checker import Arrival
from bot.rehearsal.evidence import Log
from bot.rehearsal.play import Impossible, Played
from bot.rehearsal.reminding import Reminded
from bot.rehearsal.report import lines, page
from bot.rehearsal.run import RehearsalResult
from bot.rules.reminders import Skip
from bot.rules.territories import TERRITORIES
from db.rehearsal import LoggedDelivery, RehearsedBroadcast
from locales import LANGUAGES
from tests.frozen import FROZEN

CAMPAIGN = load_campaign(FROZEN)
START, END = datetime(2016, 10, 26, 9, tzinfo=UTC), datetime(2016, 11, 29, 22, tzinfo=UTC)
STATES = ("expired", "cancelled", "unreachable", "failed", "in_doubt", "queued")
HOLDS = (
    "quiet_period",
    "results_embargo",
    "civic_neutral_not_allowed",
    "unknown_territory",
    "courtesy_hours",
    "cap_day",
    "cap_behind",
    "cap_week",
)
SENDINGS = [
    RehearsedBroadcast(id=number, key=key, kind=kind, ballot=ballot, step=step, template=template)
    for number, (key, kind, ballot, step, template) in enumerate(
        (
            ("step:1:plan", "gotv", 1, "plan", "plan"),
            ("event:1:invite", "event_invite", None, None, "broadcasts/event_invitation"),
            ("event:1:event_eve", "event_service", None, None, "broadcasts/event_eve"),
            ("event:1:event_same_day", "event_service", None, None, "broadcasts/event_same_day"),
            ("event:1:event_after", "event_service", None, None, "broadcasts/event_after"),
            ("staff:1", "persuasion", None, None, None),
        ),
        1,
    )
]


def member(number: int, character: Character, territory: str) -> CastMember:
    return CastMember(
        telegram_id=number,
        first_name="Claire",
        language="fr",
        character=character,
        place=CastPlace(territory=territory, zone=TERRITORIES[territory].zone, typed=""),
        registered_at=START,
    )


def outcome(language: str, *, broken: list[BrokenRule]) -> RehearsalResult:
    """One person of each kind, one in each territory, one message of each broadcast, one case of each reason."""
    members = [member(number, character, "FR") for number, character in enumerate(Character, 1)]
    members += [member(number, Character.SILENT, code) for number, code in enumerate(TERRITORIES, 100)]
    log, account = Log(SENDINGS), RehearsalAccount()
    account.reminders.update({(1, why): number for number, why in enumerate(Reminded, 1000)})
    for number, each in enumerate(members):
        at = START + timedelta(days=number)
        account.add(Arrival(at=at, member=each, sending=SENDINGS[number % len(SENDINGS)]))
    for state in STATES:
        for reason in (*HOLDS, *Skip, "not_a_supporter", "muted", "blocked", "erased", "held_out", ""):
            log.note(LoggedDelivery(broadcast=1, person=1, state=state, reason=reason, message_id=None))
    played = Played(instants=3, acts=2, held_back={(1, reason): 5 for reason in HOLDS})
    played.impossible.append(Impossible(at=START, person=1, act="x", why=""))
    return RehearsalResult(
        campaign=replace(CAMPAIGN, languages=(language,)),
        members=members,
        start=START,
        end=END,
        played=played,
        log=log,
        account=account,
        broken=broken,
        counters={},
        seed=1,
        seconds=1.5,
        resident=(200.0, 100.0),
    )


EVERY_RULE = [BrokenRule(rule=rule, at=START, person=1, about="step:1:plan") for rule in Rule]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_on_which_everything_is_named(language: str) -> None:
    found = page(outcome(language, broken=EVERY_RULE))
    assert found.count('<svg class="time"') == len(TERRITORIES)
    assert found.count('class="bad"') == len(Rule)
    words = re.sub(r"<[^>]*>", " ", found.split("</style>")[1])
    named = {rule.value for rule in Rule if "_" in rule}  # shown once, beside its words
    codes = {word for word in re.findall(r"[a-z]+_[a-z_]+", words) if word not in named}
    assert codes <= {"no_consent", "not_active", "already_sent", "candidate_out", "nothing_to_follow"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_a_rehearsal_in_which_all_was_well(language: str) -> None:
    found = page(outcome(language, broken=[]))
    assert 'class="verdict bad"' not in found
    assert 'class="bad"' not in found


def test_each_round_says_who_was_reminded_and_why_the_others_were_not() -> None:
    said = "\n".join(lines(outcome("fr", broken=[]), Path("page.html")))
    reachable = 1000 + sum(range(1001, 1008))
    assert f"Round 1: 1,000 of {reachable:,} people who could be reached were reminded" in said
    assert "1,001 had had as many messages as the caps allow" in said
    assert "1,008" not in said  # they had left
    unexplained = BrokenRule(rule=Rule.NOT_REMINDED, at=START, person=1, about="round:1")
    said = "\n".join(lines(outcome("fr", broken=[unexplained]), Path("page.html")))
    assert f"Round 1: 1,000 of {reachable + 1:,} people" in said


def test_the_terminal_names_each_broken_rule() -> None:
    said = "\n".join(lines(outcome("fr", broken=EVERY_RULE), Path("page.html")))
    assert all(f"BROKEN: {rule.value}, 1 time, first step:1:plan" in said for rule in Rule)
    assert "No rule was broken." not in said


def test_the_bar_is_half_full_at_half_time(capsys: pytest.CaptureFixture[str]) -> None:
    _Bar()(0.5, START, 1234)
    shown = capsys.readouterr().err
    assert shown.count("█") == shown.count("░")
    assert "2016-10-26 09:00 UTC, 1,234 messages" in shown
