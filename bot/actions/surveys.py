"""Surveys: made with the message that asks them, answered tap by tap, counted, and erased on their own date."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
import db.broadcasts
import db.surveys
from bot.actions import audit, broadcast_approvals
from bot.actions.audiences import target_of
from bot.actions.authority import Author, CandidateOut, in_turn, operator
from bot.actions.broadcasts import NewBroadcast, awaits_second_person, columns_of, fill, require_somebody
from bot.actions.expressions import Asked, ExpressionOccasion, setting_of
from bot.actions.forecasts import Forecast, PlannedSending
from bot.actions.ledger import note_choice
from bot.actions.people import require_supporter
from bot.actions.responses import Origin, record, response
from bot.campaign.campaign import Campaign
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.audience_limits import common_area, limited_to, widened
from bot.rules.expressions import Expression, written_out
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.quiet import Quiet
from bot.rules.sending import all_at
from bot.rules.survey_forms import faults
from bot.rules.surveys import (
    QUESTION,
    Form,
    Move,
    SurveyStanding,
    SurveyTap,
    as_json,
    is_open,
    tapped,
)
from db.audiences import Target
from db.people import Person
from db.surveys import Survey

ASKED = "survey"
"""The question under which each answer is logged; its subject is the survey's code."""
TAKEN_BACK = "survey_taken_back"
"""The question under which it is logged that somebody took their answers back."""
Read = Callable[[Survey], str]
"""The words that stood above the first question of a survey, as the ledger keeps their hash."""
LONGEST = timedelta(days=366)
"""Answers are not taken for longer, and not kept for longer afterwards."""


class SurveyRefused(PortevoixError):
    """A survey that cannot be made, or is not there; `why` names the fault for `errors/survey`, `number` the question
    that it is of, and `back` the one that it leads up to (1: the first; 0: none).
    """

    default_message: ClassVar[str] = "errors/survey"

    def __init__(
        self,
        sentence: str,
        *,
        why: str = "unknown",
        word: str = "",
        wanted: int = 0,
        number: int = 0,
        back: int = 0,
    ) -> None:
        super().__init__(sentence, why=why, word=word, wanted=wanted, number=number, back=back)


class SurveyUnknown(PortevoixError):
    """A survey that there is not, or that the person was not asked."""

    default_message: ClassVar[str] = "toasts/survey_unknown"


class SurveyOver(PortevoixError):
    """A `survey` that takes no answers any more; `why`: closed, withdrawn or erased. `answered`: theirs are there."""

    default_message: ClassVar[str] = "surveys/over"


class SurveyQuiet(PortevoixError):
    """The law asks for silence where the person votes: nothing is asked, and nothing answered."""

    default_message: ClassVar[str] = "toasts/survey_quiet"


class NewSurvey(Frozen):
    """Everything that makes a survey; the instants are aware. Its answers are erased at `erase_at`. `opens_at`: when it
    goes out; None: at once. `knowing`: its author knows that nobody would get it, and sends it all the same.
    """

    code: str
    kind: Kind
    form: Form
    audience: Expression
    closes_at: datetime
    erase_at: datetime
    opens_at: datetime | None = None
    knowing: bool = False


class Made(Frozen):
    """A survey that is leaving, or would: for how many people; its number is None where it would."""

    people: int
    broadcast: int | None = None
    is_new: bool = True
    awaits_approval: bool = False


async def import_survey(
    tx: AsyncConnection, new: NewSurvey, occasion: ExpressionOccasion, *, actor: str, dry_run: bool = False
) -> Made:
    """Makes a survey and queues the message that asks it, for its audience everywhere; `dry_run`: only counts.

    One for many waits for a second person, as in the chat. One of the same code that asks the same is left as it is.
    Raises SurveyRefused, BadAudience, CandidateOut.
    """
    require_sound(new, occasion.campaign, occasion.now)
    target = await _target(tx, new, occasion)
    before = await db.surveys.by_code(tx, new.code)
    if before is not None:
        if (before.form, before.closes_at, before.erase_at) != (new.form, new.closes_at, new.erase_at):
            raise SurveyRefused(
                f"There is a survey {new.code} already, which asks something else: people are answering it. Give this"
                " one another code."
            )
        return Made(people=0, broadcast=before.broadcast, is_new=False)
    if dry_run:
        groups = await db.audiences.groups(tx, target, new.kind)
        return Made(people=sum(group.people.total for group in groups))
    made = await _make(tx, new, target, author=None, now=occasion.now)
    assert made.broadcast is not None  # just made
    machine = operator(campaign=occasion.campaign, gazetteer=occasion.gazetteer, now=occasion.now)
    if await awaits_second_person(tx, machine, made.broadcast, made.people):
        await broadcast_approvals.ask(tx, machine, made.broadcast)
        made = replace(made, awaits_approval=True)
    details = {"survey": new.code, "broadcast": made.broadcast, "people": made.people}
    await audit.note(tx, actor=actor, action=Action.IMPORT_SURVEY, details=details, now=occasion.now)
    return made


def require_sound(new: NewSurvey, campaign: Campaign, now: datetime) -> None:
    """Raises SurveyRefused for what cannot be asked, and CandidateOut."""
    require_form(new.form, campaign)
    if campaign.is_out(now):
        raise CandidateOut("The candidate is out: no message leaves any more.")
    if not now < new.closes_at <= now + LONGEST:
        raise SurveyRefused(
            "A survey closes in the future, within a year: write another `closes`.", why="closes"
        )
    if new.opens_at is not None and not now <= new.opens_at < new.closes_at:
        raise SurveyRefused(
            "A survey goes out in the future, before it closes: write another `opens`.", why="opens"
        )
    if not new.closes_at <= new.erase_at <= new.closes_at + LONGEST:
        raise SurveyRefused(
            "The answers are erased after the survey has closed, within a year: write another `erase`.",
            why="erase",
        )


def require_form(form: Form, campaign: Campaign) -> None:
    """Raises SurveyRefused for questions that cannot be asked so."""
    found = faults(form, campaign.languages[0])
    if found:
        fault = found[0]
        raise SurveyRefused(
            f"The survey has a fault: {fault.wrong}.",
            why=fault.wrong.value,
            word=fault.word,
            number=0 if fault.question is None else fault.question + 1,
            back=next((at for at, each in enumerate(form.questions, start=1) if each.id == fault.word), 0),
        )


async def _target(tx: AsyncConnection, new: NewSurvey, occasion: ExpressionOccasion) -> Target:
    """Whom the operator's survey is for: nobody's area limits it."""
    setting = await setting_of(tx, Asked(expression=new.audience), occasion)
    meant = widened(written_out(new.audience, setting.saved), occasion.campaign.is_whole)
    within, holding = limited_to(meant, [EVERYWHERE])
    return Target(meant=meant, expression=within, setting=setting, area=common_area(holding))


def sending_of(new: NewSurvey, now: datetime) -> PlannedSending:
    """The message that asks it, as a forecast looks at it."""
    return PlannedSending(kind=new.kind, when=all_at(new.opens_at or now), expires_at=new.closes_at)


async def send(
    tx: AsyncConnection, author: Author, new: NewSurvey, *, expected: Forecast | None = None
) -> Made:
    """Makes the survey of staff and queues its message for all of its audience that they look after. `expected`: who
    was found to get it, just before.

    That of an organizer waits for a second person, as every one does that is for many. Raises NotAllowed, CandidateOut,
    SurveyRefused, BadAudience; BroadcastRefused where nobody would get it, and its author does not know.
    """
    author = await in_turn(tx, author)
    author.require(Action.ASK_SURVEY)
    author.require_standing()
    require_sound(new, author.campaign, author.now)
    target = await target_of(tx, author, new.audience, author.areas(Action.ASK_SURVEY))
    if not new.knowing:
        await require_somebody(tx, author, target, sending_of(new, author.now), expected)
    made = await _make(tx, new, target, author=author.id, now=author.now)
    assert made.broadcast is not None  # just made
    awaits = not author.supervises(target.area) or await awaits_second_person(
        tx, author, made.broadcast, made.people
    )
    if awaits:
        await broadcast_approvals.ask(tx, author, made.broadcast)
    details = {"survey": new.code, "broadcast": made.broadcast, "people": made.people}
    await audit.note(tx, actor=author.name, action=Action.ASK_SURVEY, details=details, now=author.now)
    return replace(made, awaits_approval=awaits)


def draft_of(new: NewSurvey, author: Author) -> Survey:
    """The survey as it will be, for its preview; it has no number yet."""
    dates = {"closes_at": new.closes_at, "erase_at": new.erase_at, "created_at": author.now}
    return Survey(
        id=0,
        code=new.code,
        state="open",
        form=new.form,
        broadcast=None,
        area="",
        created_by=author.id,
        **dates,
    )


def new_code() -> str:
    """A code that no survey has yet."""
    return f"s{secrets.token_hex(3)}"


def _message(key: str, new: NewSurvey, now: datetime) -> NewBroadcast:
    return NewBroadcast(
        key=key,
        kind=new.kind,
        audience=new.audience,
        when=all_at(new.opens_at or now),
        texts={},
        template=QUESTION,
        survey=new.code,
        expires_at=new.closes_at,
    )


async def _make(
    tx: AsyncConnection, new: NewSurvey, target: Target, *, author: int | None, now: datetime
) -> Made:
    made = {"created_by": author, "created_at": now}
    survey = await db.surveys.create(
        tx,
        {
            "code": new.code,
            "form": as_json(new.form),
            "area": target.area,
            "closes_at": new.closes_at,
            "erase_at": new.erase_at,
            **made,
        },
    )
    assert survey is not None  # its code was free
    message = _message(f"survey:{survey.id}", new, now)
    columns = {"key": message.key, "state": "active", **made, **columns_of(message, target)}
    broadcast = await db.broadcasts.create(tx, columns)
    assert broadcast is not None  # the survey's number is new, and so is the key
    await db.surveys.leaves_as(tx, survey.id, broadcast)
    return Made(people=await fill(tx, broadcast, message, target, now=now), broadcast=broadcast)


# -- answering --


class SurveySeen(Frozen):
    """A survey and where one person stands in it."""

    survey: Survey
    at: SurveyStanding


async def answer(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    code: str,
    tap: SurveyTap,
    campaign: Campaign,
    *,
    language: str,
    read: Read,
) -> SurveySeen:
    """A tap under a survey: what it chooses is kept in place of what was chosen before, and what follows is shown. The
    first answer is a choice, to tell the campaign this for that purpose: it stands in the ledger with what was read.

    Raises NotASupporter, SurveyUnknown, SurveyOver, SurveyQuiet.
    """
    found = await db.surveys.opened(tx, code, person.id)
    if found is None or not found.was_asked:
        raise SurveyUnknown("There is no such survey for you.")
    survey, before = found.survey, found.answers
    require_supporter(person)
    _require_open(survey, campaign, origin.at, answered=bool(before))
    _require_no_silence(campaign, person, origin.at)
    at = tapped(survey.form, before, tap)
    if tap.move in (Move.CHOOSE, Move.SKIP) and at.answers != before:
        question = survey.form.questions[tap.question].id
        if not before:
            await note_choice(tx, person, origin, ASKED, given=True, language=language, text=read(survey))
        said = f"{question}:{'+'.join(at.answers[question]) or '-'}"
        await db.surveys.put(tx, survey.id, before, at.answers, response(person, origin, ASKED, said, code))
    return SurveySeen(survey=survey, at=at)


async def to_take_back(tx: AsyncConnection, person: Person, code: str) -> Survey:
    """A survey that somebody answered, whose answers are still there. Raises SurveyUnknown, SurveyOver."""
    found = await db.surveys.opened(tx, code, person.id)
    if found is None or not (found.was_asked or found.answers):
        raise SurveyUnknown("There is no such survey for you.")
    # Those of people who restricted the use of their data are spared when the others are erased.
    if found.survey.is_counted and not found.answers:
        raise SurveyOver("The answers are erased.", why="erased", survey=found.survey, answered=False)
    return found.survey


async def take_back(
    tx: AsyncConnection, person: Person, origin: Origin, code: str, *, language: str, text: str
) -> Survey:
    """Erases what somebody answered, at any time and whatever else they chose; `text`: what they said yes to.

    Raises SurveyUnknown, SurveyOver.
    """
    survey = await to_take_back(tx, person, code)
    if await db.surveys.take_back(tx, survey, person.id):
        await note_choice(tx, person, origin, ASKED, given=False, language=language, text=text)
        await record(tx, person, origin, TAKEN_BACK, code)
    return survey


def _require_open(survey: Survey, campaign: Campaign, now: datetime, *, answered: bool) -> None:
    why = None
    if survey.is_counted:
        why = "erased"
    elif survey.is_withdrawn:
        why = "withdrawn"
    elif not is_open(survey.closes_at, now) or campaign.is_out(now):
        why = "closed"
    if why is not None:
        raise SurveyOver("This survey is over.", why=why, survey=survey, answered=answered)


def _require_no_silence(campaign: Campaign, person: Person, now: datetime) -> None:
    quiet = silence(campaign, person, now)
    if quiet is not None:
        raise SurveyQuiet("The law asks for silence.", until=quiet.until)


def silence(campaign: Campaign, person: Person, now: datetime) -> Quiet | None:
    """Whether the law asks for silence about polls where the person votes."""
    return campaign.quiet(kind=Kind.POLL, territory=person.territory, now=now, zone=person.zone)
