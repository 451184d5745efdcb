"""Lives as a test tells them, happening by happening, and what the checker says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.campaign.campaign import load_campaign
from bot.rehearsal.almanac import Almanac
from bot.rehearsal.broken import Rule, round_name
from bot.rehearsal.cast import CastMember, CastPlace, Character
from bot.rehearsal.checker import Checker
from bot.rehearsal.reminding import Reminded
from bot.rehearsal.surveying import KeptOption
from db.rehearsal import RehearsedBroadcast
from tests.frozen import FROZEN

CAMPAIGN = load_campaign(FROZEN)
START = datetime(2016, 10, 20, tzinfo=UTC)
END = datetime(2016, 11, 30, tzinfo=UTC)
PERSON = 7_000_001
PARIS = CastPlace(territory="FR", zone="Europe/Paris", typed="Lyon 69")
NOUMEA = CastPlace(territory="988", zone="Pacific/Noumea", typed="Nouméa 988")
CLAIRE = CastMember(
    telegram_id=PERSON,
    first_name="Claire",
    language="fr",
    character=Character.DILIGENT,
    place=PARIS,
    registered_at=START,
)

STEPS = {name: number for number, name in enumerate(step.name for step in CAMPAIGN.steps)}
NEWS, INVITATION, CANCELLED, RESULT, SPEECH = 101, 102, 103, 104, 105
NEUTRAL, NEUTRAL_AGAIN, NEUTRAL_MORE, TYPED = 106, 107, 108, 109
OFFERED = 110
ANSWER, OPENED, OVER = 111, 112, 113
SURVEY = 114
MEETING = datetime(2016, 11, 24, 18, tzinfo=UTC)


def step(ballot: int, name: str) -> int:
    return 10 * ballot + STEPS[name]


SENDINGS = (
    {
        step(ballot.number, each.name): RehearsedBroadcast(
            id=step(ballot.number, each.name),
            key=f"step:{ballot.number}:{each.name}",
            kind=each.kind.value,
            ballot=ballot.number,
            step=each.name,
            template=each.template,
        )
        for ballot in CAMPAIGN.ballots
        for each in CAMPAIGN.steps
    }
    | {
        number: RehearsedBroadcast(
            id=number, key=key, kind=kind, ballot=None, step=None, template=template, begins=MEETING
        )
        for number, key, kind, template in (
            (NEWS, "staff:1", "persuasion", None),
            (INVITATION, "event:1:invite", "event_invite", "broadcasts/event_invitation"),
            (OFFERED, "event:1:offer:1", "event_service", "broadcasts/event_offer"),
            (CANCELLED, "event:1:cancel", "event_service", "broadcasts/event_cancelled"),
            (RESULT, "staff:2", "result", None),
            (SPEECH, "staff:3", "persuasion", None),
            (ANSWER, "talk:3:answer:a", "service", "notices/conversation_answer"),
            (OPENED, "talk:3:opened:a", "service", "notices/conversation_opened"),
            (OVER, "talk:3:told:a", "service", "notices/conversation_told"),
            (SURVEY, "survey:1", "poll", "surveys/question"),
        )
    }
    | {
        number: RehearsedBroadcast(
            id=number, key=f"staff:{number}", kind="civic_neutral", ballot=1, step=None, template=template
        )
        for number, template in (
            (NEUTRAL, "neutral/reminder"),
            (NEUTRAL_AGAIN, "neutral/reminder"),
            (NEUTRAL_MORE, "neutral/reminder"),
            (TYPED, None),
        )
    }
)


@dataclass
class Told:
    """Evidence as a test tells it: which message was which, and what the bot says it did not send."""

    by_message: dict[int, int] = field(default_factory=dict)
    missed: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    sendings: Mapping[int, RehearsedBroadcast] = field(default_factory=lambda: SENDINGS)
    taken_back: Mapping[int, Collection[int]] = field(default_factory=dict)
    corrected: Mapping[int, Collection[int]] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()
    versions: Mapping[int, str] = field(default_factory=dict)
    overfull: tuple[str, ...] = ()
    two_shifts: tuple[str, ...] = ()
    not_at_the_door: tuple[str, ...] = ()
    knocks: tuple[tuple[str, datetime], ...] = ()
    survey_answers: Mapping[int, Collection[KeptOption]] = field(default_factory=dict)

    def sending(self, message_id: int) -> RehearsedBroadcast | None:
        return SENDINGS.get(self.by_message.get(message_id, 0))

    def arrived(self, message_id: int) -> None:
        pass

    def accounted(self, person: int) -> Iterable[int]:
        return self.missed

    def not_received(self) -> Iterable[int]:
        return self.lost

    def is_held_out(self, person: int) -> bool:
        return False

    def was_left_out(self, person: int, broadcast: int) -> bool:
        return broadcast in self.left_out

    def version(self, message_id: int) -> str | None:
        return self.versions.get(message_id)


ALL_STEPS = tuple(number for number, sending in SENDINGS.items() if sending.step is not None)

Happening = tuple[str, int | str]
"""When (ISO 8601 with offset), and a broadcast that arrives or what the person does."""


def rules(
    *happenings: Happening,
    member: CastMember = CLAIRE,
    missed: tuple[int, ...] = ALL_STEPS,
    lost: tuple[int, ...] = (),
) -> list[Rule]:
    """The rules that the checker finds broken, but for reminders that did not come in the last two days of a round.

    What did not arrive is accounted for, unless a test says otherwise.
    """
    checker = checked(*happenings, member=member, missed=missed, lost=lost)
    return [broken.rule for broken in checker.broken if broken.rule is not Rule.NOT_REMINDED]


def reminded(*happenings: Happening, member: CastMember = CLAIRE) -> list[Reminded | None]:
    """What the checker says of the last two days of the first round; None: nothing explains why nobody reminded."""
    checker = checked(*happenings, member=member)
    told: list[Reminded | None] = [why for ballot, why in checker.reminders if ballot == 1]
    return told + [None for broken in checker.broken if broken.about == round_name(1)]


def checked(
    *happenings: Happening,
    member: CastMember,
    missed: tuple[int, ...] = ALL_STEPS,
    lost: tuple[int, ...] = (),
) -> Checker:
    """A checker that has read these happenings to their end."""
    evidence = Told(missed=missed, lost=lost)
    checker = Checker(Almanac(CAMPAIGN), [member], evidence, start=START)
    for number, (when, what) in enumerate(happenings, 1):
        at = datetime.fromisoformat(when).astimezone(UTC).isoformat()
        if isinstance(what, int):
            evidence.by_message[number] = what
            checker.read({"at": at, "do": "sendMessage", "to": PERSON, "id": number, "data": []})
        else:
            checker.read({"at": at, "by": PERSON, **act(what, number)})
    checker.finish(END)
    return checker


def act(what: str, number: int) -> dict[str, Any]:
    if what.startswith("1:"):
        return {"act": "tap", "data": what, "id": number - 1}
    return {"act": what} if what in ("start", "block", "reply") else {"act": "send", "text": what}


PLEDGE, WHERE, PLAN = step(1, "pledge"), step(1, "where"), step(1, "plan")
ECHO, GO, LAST, THANKS = step(1, "echo"), step(1, "go"), step(1, "last"), step(1, "thanks")
WILL = "1:step:1:pledge:will"
PLANNED_LATE = ("2016-11-16T18:20+01:00", "1:step:1:plan:last_hour")

# A whole first round in Paris: each step answered some minutes after it came.
ALL_IS_WELL: tuple[Happening, ...] = (
    ("2016-10-30T18:00+01:00", PLEDGE),
    ("2016-10-30T18:20+01:00", WILL),
    ("2016-11-12T18:00+01:00", WHERE),
    ("2016-11-12T18:20+01:00", "1:step:1:place:known"),
    ("2016-11-16T18:00+01:00", PLAN),
    ("2016-11-16T18:20+01:00", "1:step:1:plan:midday"),
    ("2016-11-18T18:00+01:00", ECHO),
    ("2016-11-18T18:20+01:00", "1:step:1:echo:ok"),
    ("2016-11-20T11:00+01:00", GO),
    ("2016-11-20T11:20+01:00", "1:step:1:turnout:later"),
    ("2016-11-20T16:30+01:00", LAST),
    ("2016-11-20T17:20+01:00", "1:step:1:last_call:voted"),
    ("2016-11-20T20:30+01:00", THANKS),
)


SILENT: tuple[Happening, ...] = (("2016-10-30T18:00+01:00", PLEDGE), ("2016-11-12T18:00+01:00", WHERE))
TWO_IN_THE_WEEK: tuple[Happening, ...] = (
    *SILENT,
    ("2016-11-14T12:00+01:00", NEWS),
    ("2016-11-16T12:00+01:00", SPEECH),
)
