"""What a campaign is, once its file has been read: frozen, checked, ready for the rules."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from functools import cached_property

from bot.campaign.electorate import is_one_commune
from bot.campaign.own_templates import OwnTemplate
from bot.campaign.toml import Fault, Words
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE, contains
from bot.rules.backups import BackupPlan
from bot.rules.ballot_kinds import BallotKind, Reveals
from bot.rules.ballots import Ballot
from bot.rules.bringing import Bring
from bot.rules.candidacy import last_choice_step, out_from
from bot.rules.canvass.visits import WalkingHours
from bot.rules.conversations import Claims
from bot.rules.courtesy import Caps, CourtesyHours
from bot.rules.kinds import Kind
from bot.rules.leaving import Policy
from bot.rules.quiet import LawProfile, Quiet, ballot_abroad, quiet, silences
from bot.rules.reminders import StepOccurrence, in_own_zone, occurrences
from bot.rules.retention import Retention
from bot.rules.steps import Schedule, Slot, Step
from bot.rules.territories import ABROAD, METROPOLE, TERRITORIES

Timetable = tuple[tuple[Ballot, Step, StepOccurrence], ...]


class CampaignSender(Frozen):
    """The sender: the name under each message, the candidate if any, and one sentence on who this is and
    why.
    """

    name: str
    candidate: str | None
    statement: Words


class Controller(Frozen):
    """The controller, who answers for the data (GDPR art. 4(7)) and where to write about it.

    `officer`: where to reach the data-protection officer, if there is one. `host`: who runs the machine, if
    another does.
    """

    name: str
    address: str
    privacy_contact: str
    officer: str | None
    host: str | None


class Label(Frozen):
    """The label that EU 2024/900 art. 11 and 12 ask for with a political message.

    `notice`: where the transparency notice is published, if it is.
    """

    sponsor: str
    controlled_by: str
    election: Words
    period: Words
    funding: Words
    notice: str | None


class Practical(Frozen):
    """Practical information for voters, in one language; blank where the file says nothing.

    `place`: where everybody votes, of a vote that has one place, such as an assembly of members.
    `fees` holds the fee in territories where it differs. `sentence_means`: the sentence in this language, where it is
    signed in another.
    """

    fee: str = ""
    fees: Mapping[str, str]
    who: str = ""
    identity: str = ""
    sentence: str = ""
    sentence_means: str = ""
    no_proxy: str = ""
    abroad: str = ""
    place: str = ""

    def fee_in(self, territory: str | None) -> str:
        """The fee in a territory."""
        return self.fees.get(territory or "", self.fee)


class Campaign(Frozen):
    """Everything that makes one campaign. `languages[0]` is the fallback; `law` is already narrowed by the
    file.

    `reveals`: what taking part tells of somebody. `areas`: whose people vote, `FR` alone for everywhere.
    `out_after`: the ballot after which the candidate is out, None while they stand.
    `approval_above`: recipients above which a broadcast needs a second person, None for never.
    `holdout_percent`: the share left without reminders to measure their effect. `tells_log`: whether admins
    are told the head of the audit log every day. `claims`: how long a conversation may rest, and wait.
    `backups`: None where nothing is planned. `digest`: SHA-256 of the file. `shows_events`: whether everybody
    may see its events on the web part.
    """

    slug: str
    name: Words
    languages: tuple[str, ...]
    kind: BallotKind
    reveals: Reveals
    areas: tuple[str, ...]
    sender: CampaignSender
    controller: Controller
    label: Label | None
    law: LawProfile
    ballots: tuple[Ballot, ...]
    ballot_names: Mapping[int, Words]
    practical: Mapping[str, Practical]
    bring: Bring
    slots: tuple[Slot, ...]
    default_slot: str
    steps: tuple[Step, ...]
    courtesy: CourtesyHours
    walking: WalkingHours
    caps: Caps
    retention: Retention
    links: Mapping[str, str]
    approval_above: int | None
    holdout_percent: int
    paid_broadcasts: bool
    tells_log: bool
    out_after: int | None
    warnings: tuple[Fault, ...]
    digest: str
    claims: Claims = field(default_factory=Claims)
    own_templates: tuple[OwnTemplate, ...] = ()
    backups: BackupPlan | None = None
    shows_events: bool = False

    @cached_property
    def asks_place(self) -> bool:
        """Whether people are asked where they vote: members are not."""
        return self.kind is not BallotKind.MEMBERS

    @cached_property
    def chooses_by_commune(self) -> bool:
        """Whether people are asked if messages may be chosen by their commune: of one there is nothing to choose."""
        return self.asks_place and self.only_commune is None

    @cached_property
    def has_one_round(self) -> bool:
        """Whether there is one ballot, so that no words speak of rounds."""
        return len(self.ballots) == 1

    @cached_property
    def reminds_on_the_day(self) -> bool:
        """Whether a reminder is planned for the day of the vote itself, so that one may be promised."""
        return any(step.is_on_polling_day for step in self.steps)

    @cached_property
    def is_everywhere(self) -> bool:
        """Whether people of every commune may vote."""
        return self.areas == (EVERYWHERE,)

    @cached_property
    def only_commune(self) -> str | None:
        """The one commune where the ballot is held; None where there are others."""
        return self.areas[0] if len(self.areas) == 1 and is_one_commune(self.areas[0]) else None

    @cached_property
    def home(self) -> str:
        """The territory whose day and time hold for people of whom no place is asked."""
        return self.ballots[0].territories[0]

    def votes(self, area: str) -> bool:
        """Whether the people of a whole area (a commune, a territory’s code that is one, `abroad`) vote here."""
        return any(contains(held, area) for held in self.areas)

    def votes_in(self, territory: str) -> bool:
        """Whether the people of a whole territory vote here, so that they need not name their commune."""
        return self.is_everywhere or (territory != METROPOLE and self.votes(territory.partition("-")[0]))

    def is_whole(self, area: str) -> bool:
        """Whether an area holds everybody who votes, so that choosing by it chooses nobody."""
        return all(contains(area, held) for held in self.areas)

    @cached_property
    def own_names(self) -> tuple[str, ...]:
        """The names by which this campaign is known, in every language: none of them stands in a neutral message."""
        label = () if self.label is None else (self.label.sponsor, self.label.controlled_by)
        names = (self.sender.name, self.sender.candidate, self.controller.name, *self.name.values(), *label)
        return tuple(dict.fromkeys(name for name in names if name))

    @cached_property
    def schedule(self) -> Schedule:
        """The schedule that turns this campaign's steps into instants."""
        return Schedule(
            slots=self.slots, default_slot=self.default_slot, courtesy=self.courtesy, law=self.law
        )

    @cached_property
    def policy(self) -> Policy:
        """The policy that `bot.rules.leaving.hold` asks of this campaign."""
        return Policy(law=self.law, ballots=self.ballots, courtesy=self.courtesy, caps=self.caps)

    @cached_property
    def last_choice(self) -> Step | None:
        """The one step that is left once the candidate is out; None while they stand."""
        return last_choice_step(self.out_after) if self.out_after is not None else None

    @cached_property
    def out_from(self) -> datetime | None:
        """From when on the candidate is out, in UTC; None while they stand."""
        return out_from(self.law, self.ballot(self.out_after)) if self.out_after is not None else None

    def is_out(self, now: datetime) -> bool:
        """Whether the candidate is out: then nothing leaves but the last choice."""
        return self.out_from is not None and self.out_from <= now

    def needs_hands(self, now: datetime) -> bool:
        """Whether there is something left to help with: somebody stands, and a vote is to come."""
        return not self.is_out(now) and self.next_ballot(now) is not None

    def ballot_for(self, ballot: Ballot, *, territory: str | None, zone: str | None) -> Ballot:
        """The ballot as somebody votes in it: see `bot.rules.quiet.ballot_abroad`."""
        return ballot_abroad(ballot=ballot, law=self.law, zone=zone) if territory == ABROAD else ballot

    def ballot(self, number: int) -> Ballot:
        """The ballot of a number; raises KeyError."""
        for ballot in self.ballots:
            if ballot.number == number:
                return ballot
        raise KeyError(number)

    def step(self, name: str) -> Step:
        """The step of a name, the last choice included; raises KeyError."""
        if self.last_choice is not None and self.last_choice.name == name:
            return self.last_choice
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def has_step(self, name: str, ballot: int | None) -> bool:
        """Whether there is the step, and the ballot that it is about, if it is about one."""
        names = {each.name for each in (*self.steps, *filter(None, [self.last_choice]))}
        return name in names and (ballot is None or any(each.number == ballot for each in self.ballots))

    def next_ballot(self, now: datetime) -> Ballot | None:
        """The first ballot that is not over everywhere; None after the last."""
        return next((ballot for ballot in self.ballots if now < ballot.ends_at), None)

    def occurrences(self, ballot: Ballot, step: Step, territory: str) -> tuple[StepOccurrence, ...]:
        """When a step is due in a territory: see `bot.rules.reminders.occurrences`."""
        return occurrences(ballot=ballot, step=step, territory=territory, schedule=self.schedule)

    @cached_property
    def timetable(self) -> Timetable:
        """Every occurrence of every step in the territories of each ballot; abroad the hours are each person's own.

        Made once: what is due is looked up in it several times a second.
        """
        return tuple(
            (ballot, step, occurrence)
            for ballot in self.ballots
            for step in self.steps
            for territory in TERRITORIES
            if territory != ABROAD and ballot.takes_place_in(territory)
            for occurrence in self.occurrences(ballot, step, territory)
        )

    def timetable_abroad(self, zone: str) -> Timetable:
        """The same for those who live by a zone abroad: on the day their consulate votes, in their own hours."""
        made = self._timetables_abroad
        if zone not in made:
            made[zone] = tuple(
                (ballot, step, in_own_zone(each, zone=zone, step=step, schedule=self.schedule))
                for ballot in self.ballots
                if ballot.takes_place_in(ABROAD)
                for voted in [self.ballot_for(ballot, territory=ABROAD, zone=zone)]
                for step in self.steps
                for each in self.occurrences(voted, step, ABROAD)
            )
        return made[zone]

    @cached_property
    def _timetables_abroad(self) -> dict[str, Timetable]:
        return {}

    @cached_property
    def occurrences_abroad(self) -> tuple[StepOccurrence, ...]:
        """Every occurrence of every step abroad by the hours of Paris, near which those of every zone are."""
        return tuple(
            occurrence
            for ballot in self.ballots
            if ballot.takes_place_in(ABROAD)
            for step in self.steps
            for occurrence in self.occurrences(ballot, step, ABROAD)
        )

    def quiet(
        self,
        *,
        kind: Kind,
        territory: str | None,
        now: datetime,
        cancellation: bool = False,
        zone: str | None = None,
    ) -> Quiet | None:
        """Why a message may not leave now under this campaign's law: see `bot.rules.quiet.quiet`."""
        return quiet(
            kind=kind,
            territory=territory,
            now=now,
            law=self.law,
            ballots=self.ballots,
            cancellation=cancellation,
            zone=zone,
        )

    def silent_from(self, *, territory: str | None, now: datetime, zone: str | None) -> datetime | None:
        """When the next silence about events begins for somebody; None: none is to come."""
        starts = silences(
            kind=Kind.EVENT_INVITE, territory=territory, law=self.law, ballots=self.ballots, zone=zone
        )
        return next((start for start in starts if start > now), None)

    def is_quiet(self, *, territory: str | None, now: datetime, zone: str | None = None) -> bool:
        """Whether nothing that speaks for the campaign may be said to people of a territory now."""
        return self.quiet(kind=Kind.GOTV, territory=territory, now=now, zone=zone) is not None

    def practical_in(self, language: str) -> Practical:
        """Practical information for voters, in their language or the fallback."""
        return self.practical.get(language) or self.practical.get(self.languages[0], Practical(fees={}))

    def text(self, words: Words, language: str) -> str:
        """A text in a language, or in the fallback."""
        return words.get(language) or words.get(self.languages[0], "")
