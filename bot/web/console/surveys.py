"""Surveys: those that one may follow with their results, and a new one in three steps: questions, to whom, until when.

The draft is the one of the chat: begun here it is finished there. What is sent is sent by the actions of the chat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

import db.approvals
from bot.actions import drafts, survey_results, surveys
from bot.actions.drafts import DraftGone
from bot.actions.forecasts import Forecast
from bot.actions.survey_drafts import FLOW, written
from bot.actions.surveys import NewSurvey, SurveyRefused
from bot.departure.composable import Draft
from bot.departure.looks import looks
from bot.errors import PortevoixError
from bot.rules.broadcast_draft import whole_minute
from bot.rules.expressions import stored
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.sending import all_at
from bot.rules.survey_draft import AS_IT_WAS, KEPT_DAYS, TERMS, StillMissing, form_of, missing, without
from bot.rules.survey_forms import LIMITS, MOST_OPTIONS, MOST_QUESTIONS, faults
from bot.rules.survey_lines import answers_in
from bot.rules.surveys import KINDS, QUESTION, words_in
from bot.rules.territories import zone as zone_named
from bot.rules.typed import is_number
from bot.web.console import whom
from bot.web.console.forms import (
    TYPED,
    Bubble,
    bubble,
    is_typed,
    keep_typed,
    mark_of,
    plain,
    reader_of,
    require_same,
    told,
    wall_time,
    without_the_word,
    word_faults,
)
from bot.web.console.survey_fields import field_of_fault, field_of_gap, leads_said, questions_said, texts_said
from bot.web.console.surveys_shown import results, whole
from bot.web.counting import Outside
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm

ROOM = "/console/surveys"
WORDS, WHOM, WHEN = f"{ROOM}/new", f"{ROOM}/new/whom", f"{ROOM}/new/when"
A_PAGE = 20
# What is pasted may be a book, of which each line would be an answer: so many of them tell that they are too many.
MOST_LINES = 10 * MOST_OPTIONS
_FIELD_OF: Mapping[str, str] = {"closes": "closes", "opens": "opens", "erase": "kept"}
"""Where an hour is changed that cannot be."""


class Surveys:
    """The list, each survey, and the three steps of a new one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route(ROOM, desk.reading(self.list)),
            Route(WORDS, desk.reading(self.show_words)),
            Route(WORDS, desk.changing(self.keep_words), methods=["POST"]),
            Route(WHOM, desk.reading(self.show_whom)),
            Route(WHOM, desk.changing(self.keep_whom), methods=["POST"]),
            Route(WHEN, desk.reading(self.show_when)),
            Route(WHEN, desk.changing(self.keep_when, first=self.better), methods=["POST"]),
            Route(f"{WORDS}/send", desk.changing(self.send, first=self.expected), methods=["POST"]),
            Route(f"{WORDS}/drop", desk.changing(self.drop), methods=["POST"]),
            Route(f"{ROOM}/{{code}}", desk.reading(self.show)),
        ]

    # -- what there is --

    async def list(self, visit: Visit) -> Response:
        found = await survey_results.seen_by(visit.tx, visit.author)
        number = max(0, whole_number(visit, "page", 1) - 1)
        shown = found[number * A_PAGE : (number + 1) * A_PAGE]
        return visit.page(
            "surveys",
            held=await db.approvals.of_unapproved(visit.tx, [each.broadcast for each in shown]),
            surveys=[(each, words_in(each.form.title, visit.language)) for each in shown],
            number=number,
            more=len(found) > (number + 1) * A_PAGE,
            may_ask=bool(visit.author.areas(Action.ASK_SURVEY)),
            is_drafted=await drafts.kept(visit.tx, visit.author.person, FLOW) is not None,
        )

    async def show(self, visit: Visit) -> Response:
        """The counts of this moment, and everything that is asked."""
        code = visit.request.path_params["code"]
        found = await results(visit, code)
        held = await db.approvals.of_unapproved(visit.tx, [found.survey.broadcast])
        return visit.page(
            "survey",
            results=found,
            survey=found.survey,
            approval=held.get(found.survey.broadcast or 0),
            title=words_in(found.survey.form.title, visit.language),
            whole=whole(visit, found.survey.form),
        )

    # -- the questions --

    async def show_words(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        questions = _questions(data) or [{}]
        gap = missing(data, visit.author.campaign.languages, questions) if data else None
        # Of a question that was only just added nothing was left out yet.
        untouched = gap is not None and gap.question is not None and not questions[gap.question]
        return visit.page(
            "survey_words",
            kinds=KINDS,
            questions=questions,
            limits=LIMITS,
            most=MOST_QUESTIONS,
            most_options=MOST_OPTIONS,
            gap=gap,
            faults={} if untouched else self._faults(visit, data, gap),
            whole=whole(visit, form_of(data)) if data and gap is None else [],
            **await self._around(visit, data),
        )

    async def keep_words(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        languages = visit.author.campaign.languages
        said = {**data, **self._words_said(visit)}
        questions = said.pop("typed_questions")
        do, _, value = visit.form.get("do", "").partition(" ")
        if do == "remove" and is_number(value) and int(value) < len(questions):
            questions = without(questions, int(value))
        elif do == "add" and len(questions) < MOST_QUESTIONS:
            questions = [*questions, {}]
        gap = missing(said, languages, questions)
        complete = do == "next" and gap is None
        # What the chat had begun to write anew is what stands on the page.
        said |= {"questions": questions, TYPED: {}, "complete": complete, **AS_IT_WAS}
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        if said["complete"] and not self._faults(visit, said, None):
            return visit.go(WHOM)
        return visit.go(f"{WORDS}#{'last' if do == 'add' else 'to-mend' if do == 'next' else 'main'}")

    def _words_said(self, visit: Visit) -> dict[str, Any]:
        form, languages = visit.form, visit.author.campaign.languages
        kind, count = form.get("kind") or None, form.get("count", "")
        if (kind is not None and kind not in KINDS) or not is_number(count):
            raise BadForm("This was not offered.")
        if int(count) > MOST_QUESTIONS:
            raise BadForm("So many questions are not asked.")
        questions = [self._question_said(form, number, languages) for number in range(int(count))]
        return {
            "kind": kind,
            "titles": texts_said(form, "title", languages),
            "purposes": texts_said(form, "purpose", languages),
            "typed_questions": questions,
        }

    def _question_said(
        self, form: Mapping[str, str], number: int, languages: Sequence[str]
    ) -> dict[str, Any]:
        typed = {code: plain(form.get(f"options-{number}-{code}", "")) for code in languages}
        options = {code: answers_in(text)[:MOST_LINES] for code, text in typed.items()}
        several = f"several-{number}" in form
        return {
            "texts": questions_said(form, f"text-{number}", languages),
            "options": {code: lines for code, lines in options.items() if lines},
            "several": several,
            "leads": leads_said(form, number, several=several),
        }

    def _faults(
        self, visit: Visit, data: Mapping[str, Any], gap: StillMissing | None
    ) -> dict[str, Markup | str]:
        """What is to be put right first, by its field: a gap, which the page words, or what cannot be asked so."""
        first = visit.author.campaign.languages[0]
        if gap is not None:
            return {field_of_gap(gap, first): ""}
        if not data:
            return {}
        try:
            surveys.require_form(form_of(data), visit.author.campaign)
        except SurveyRefused as refusal:
            return {field_of_fault(faults(form_of(data), first)[0], first): told(visit, refusal)}
        return {}

    # -- to whom --

    async def show_whom(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        return visit.page(
            "survey_whom",
            whom=await whom.shown(visit, data, _kind(data)),
            radii=whom.RADII,
            **await self._around(visit, data),
        )

    async def keep_whom(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        said = {**data, **await whom.said(visit, data), "knowing": None, "before": None}
        goes_on = visit.form.get("do") == "next" and not any(each in said[TYPED] for each in whom.FIELDS)
        if goes_on:
            said["chosen"] = True
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(WHEN if goes_on else f"{WHOM}#whom")

    # -- until when, and the end --

    async def show_when(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        new, faults_found = self._new(visit, data, "preview")
        shown = new or self._written(visit, data)
        reach, is_for_nobody, better = None, False, None
        if new is not None:
            found, as_of = whom.foreseen(
                visit,
                new.audience,
                kind=new.kind,
                when=all_at(new.opens_at) if new.opens_at else None,
                expires_at=new.closes_at,
            )
            reach = visit.told(
                "console/forecast",
                forecast=found,
                as_of=as_of,
                kind=new.kind,
                knowing=new.knowing,
                experiment=None,
            )
            is_for_nobody = found.is_for_nobody(visit.author.reader) and not new.knowing
            better = found.better
        return visit.page(
            "survey_when",
            new=new,
            faults=faults_found,
            typed={"opens": "", "closes": "", **(data.get(TYPED) or {})},
            terms=TERMS,
            kept_days=data.get("kept") or KEPT_DAYS,
            audience=await whom.named(visit, stored(data.get("audience"))),
            reach_words=reach,
            is_for_nobody=is_for_nobody,
            better=better,
            bubbles=self._bubbles(visit, shown) if shown is not None else [],
            whole=whole(visit, shown.form) if shown is not None else [],
            word=visit.word("broadcasts/confirmation_word"),
            word_fault=word_faults(visit, word="broadcasts/confirmation_word").get("word"),
            seen=mark_of(data),
            **await self._around(visit, data),
        )

    async def keep_when(self, visit: Visit) -> Response:
        """Its hours; or, where nobody would get it, a better one or all the same."""
        data, form = await self._draft(visit), visit.form
        if form.get("do") in ("better", "anyway"):
            said = {**data, **self._better(visit, form["do"])}
            await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
            return visit.go(f"{WHEN}#ready")
        if form.get("kept", "") not in map(str, TERMS):
            raise BadForm("This was not offered.")
        said = {**data, **_hours_said(form, data), "kept": int(form["kept"]), "reopened": None}
        said["before"] = None
        said["knowing"] = None
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(f"{WHEN}#ready")

    async def better(self, visit: Visit) -> Outside[Forecast] | None:
        """Who would get it, for whoever asks for a better time."""
        return await self.expected(visit) if visit.form.get("do") == "better" else None

    def _better(self, visit: Visit, do: str) -> dict[str, Any]:
        if do == "anyway":
            return {"knowing": True}
        found: Forecast | None = visit.found
        if found is None or found.better is None:
            return {}
        local = found.better.astimezone(zone_named(visit.zone)).replace(tzinfo=None)
        return {"opens": whole_minute(local).isoformat()}

    async def expected(self, visit: Visit) -> Outside[Forecast] | None:
        """Who would get it, for the one who sends: found before, so that no tap waits for it."""
        new, _ = self._new(visit, await self._draft(visit), "preview")
        if new is None or new.knowing:
            return None
        sending = surveys.sending_of(new, visit.now)
        return whom.forecast(
            visit, new.audience, kind=sending.kind, when=sending.when, expires_at=sending.expires_at
        )

    def _new(
        self, visit: Visit, data: Mapping[str, Any], code: str
    ) -> tuple[NewSurvey | None, dict[str, Markup]]:
        """The survey as it would be, and what is wrong with it by field; nothing while something is missing."""
        no_dates = [name for name in ("opens", "closes") if name in (data.get(TYPED) or {})]
        if no_dates:
            return None, {name: visit.told("console/no_date") for name in no_dates}
        new = self._written(visit, data, code)
        if new is None:
            return None, {}
        try:
            surveys.require_sound(new, visit.author.campaign, visit.now)
        except PortevoixError as refusal:
            return None, {_FIELD_OF.get(refusal.values.get("why", ""), "other"): told(visit, refusal)}
        return new, {}

    def _written(self, visit: Visit, data: Mapping[str, Any], code: str = "preview") -> NewSurvey | None:
        """The survey as it was written, be its hours right or wrong; None while its questions are not whole."""
        gap = missing(data, visit.author.campaign.languages, _questions(data))
        if not data.get("wall") or gap is not None or self._faults(visit, data, gap):
            return None
        return written(data, code, visit.zone)

    def _bubbles(self, visit: Visit, new: NewSurvey) -> Sequence[Bubble]:
        draft = surveys.draft_of(new, visit.author)
        wording = Draft(kind=new.kind.value, template=QUESTION)
        composer = self._desk.composer
        calls = looks(composer, wording, {}, reader_of(visit), now=visit.now, survey=draft)
        return [bubble(call, code) for call, code in zip(calls, composer.campaign.languages, strict=True)]

    async def send(self, visit: Visit) -> Response:
        data = await drafts.kept(visit.tx, visit.author.person, FLOW)
        if not data:
            raise DraftGone("There is no such draft.")
        if not is_typed(visit, "broadcasts/confirmation_word"):
            return without_the_word(visit, WHEN)
        require_same(visit, data)
        new, _ = self._new(visit, data, surveys.new_code())
        if new is None or not data.get("chosen"):
            return visit.go(WHEN if data.get("chosen") else WHOM)
        author = await drafts.take(visit.tx, visit.author, FLOW, seen=data)
        await surveys.send(visit.tx, author, new, expected=visit.found)
        await drafts.drop(visit.tx, author.person, FLOW)
        return visit.go(f"{ROOM}/{new.code}")

    async def drop(self, visit: Visit) -> Response:
        await drafts.drop(visit.tx, visit.author.person, FLOW)
        return visit.go(ROOM)

    # -- what the steps share --

    async def _draft(self, visit: Visit) -> Mapping[str, Any]:
        """What was said so far. Raises NotAllowed, CandidateOut."""
        visit.author.require(Action.ASK_SURVEY)
        visit.author.require_standing()
        return await drafts.kept(visit.tx, visit.author.person, FLOW) or {}

    async def _around(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        gap = missing(data, visit.author.campaign.languages, _questions(data))
        steps = [
            bool(data) and gap is None and not self._faults(visit, data, gap),
            bool(data.get("chosen")),
            bool(data.get("wall")) and not self._new(visit, data, "preview")[1],
        ]
        return {
            "data": {**dict.fromkeys(("kind", "titles", "purposes", "wall", "opens")), **data},
            "is_begun": bool(data),
            "steps_done": steps,
        }


def _kind(data: Mapping[str, Any]) -> Kind:
    return Kind(data.get("kind") or Kind.POLL)


def _questions(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The questions as they were written last, whole or not."""
    # Older drafts kept those apart that were not whole.
    typed = (data.get(TYPED) or {}).get("questions")
    return list(typed if typed is not None else data.get("questions") or [])


def _hours_said(form: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    """When it goes out, and until when it is open; as it was typed where that is no date."""
    hours: dict[str, str | None] = {"wall": None, "opens": None}
    faulty: dict[str, str] = {}
    for name, key in (("closes", "wall"), ("opens", "opens")):
        text = form.get(name, "")
        if name == "opens" and not text:
            continue  # at once
        try:
            hours[key] = wall_time(text).isoformat()
        except BadForm:
            faulty[name] = text[:40]
    return {**hours, TYPED: keep_typed(data, ("closes", "opens"), faulty)}
