"""Writing a message: its words, to whom, when. The draft is the one of the chat: begun here it is finished there.

What is sent is sent by the actions of the chat, under its rules and with its words.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import broadcast_changes, broadcast_drafts, broadcasts, drafts
from bot.actions.broadcasts import STAFF_KINDS, BroadcastRefused
from bot.actions.forecasts import Forecast
from bot.departure.compose import Draft
from bot.departure.looks import looks, require_fit
from bot.errors import BadAudience, PortevoixError
from bot.rules.broadcast_draft import (
    NOW,
    experiment_of,
    is_compared,
    is_neutral,
    leaves_at,
    next_question,
    others_of,
    sending_time,
    texts_of,
    whole_minute,
)
from bot.rules.effects import prospect
from bot.rules.experiments import SHARES, VERSIONS, Outcome, goals_of
from bot.rules.expressions import Expression, as_json, stored
from bot.rules.kinds import Kind
from bot.rules.neutrality import REMINDER, PracticalField
from bot.rules.permissions import Action, needs_approval
from bot.rules.placeholders import PLACEHOLDERS, allowed_placeholders
from bot.rules.sending import USEFUL_FOR, SendingTime, all_at
from bot.rules.territories import zone as zone_named
from bot.web.console import whom
from bot.web.console.forms import (
    TYPED,
    Bubble,
    as_html,
    as_typed,
    bubble,
    is_fragment,
    keep_typed,
    mark_of,
    plain,
    require_same,
    require_word,
    told,
    wall_time,
)
from bot.web.console.messages import FLOW
from bot.web.desk import BadForm, Desk, Visit
from bot.words.staff_texts import check_staff_text
from db.people import Person

WORDS = "/console/messages/new"
WHOM, WHEN = f"{WORDS}/whom", f"{WORDS}/when"
ROOM_OF: Mapping[str, str] = {"audience": WHOM, "when": WHEN, "whose": WHEN, "summary": WHEN}
"""Where a question of the draft is asked; all others are about its words."""

EMPTY: Mapping[str, Any] = dict.fromkeys(("kind", "photo", "goal", "holdout", "editing", "wall"))
"""A draft of which nothing was said."""


class Writing:
    """The three steps, and what begins them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/console/messages/{number}"
        return [
            Route(WORDS, desk.reading(self.show_words)),
            Route(WORDS, desk.changing(self.keep_words), methods=["POST"]),
            Route(WHOM, desk.reading(self.show_whom)),
            Route(WHOM, desk.changing(self.keep_whom), methods=["POST"]),
            Route(f"{WHOM}/reach", desk.reading(self.reach)),
            Route(WHEN, desk.reading(self.show_when)),
            Route(WHEN, desk.changing(self.keep_when), methods=["POST"]),
            Route(f"{WORDS}/send", desk.changing(self.send, first=self.expected), methods=["POST"]),
            Route(f"{WORDS}/drop", desk.changing(self.drop), methods=["POST"]),
            Route(f"{one}/rewrite", desk.changing(self.rewrite), methods=["POST"]),
            Route(f"{one}/duplicate", desk.changing(self.duplicate), methods=["POST"]),
        ]

    # -- the words --

    async def show_words(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        return visit.page(
            "writing_words", **await self._words(visit, data), **await self._around(visit, data)
        )

    async def _words(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        campaign = visit.author.campaign
        fields = _fields_offered(visit)
        shown = data.get("fields") if data.get("fields") is not None else fields
        at = leaves_at(data, now=visit.now, zone=visit.zone)
        return {
            "kinds": STAFF_KINDS,
            "texts": _typed_texts(data, campaign.languages),
            "versions": VERSIONS,
            "used": 1 + len(data.get("others") or ()),
            "placeholders": allowed_placeholders(about_event=False),
            "fields": fields,
            "fields_shown": [each for each in fields if each in (shown or ())],
            "shares": SHARES,
            "goals": goals_of(votes_to_come=campaign.next_ballot(at) is not None),
            "faults": self._faults(visit, data),
            "bubbles": self._bubbles(visit, data),
        }

    async def keep_words(self, visit: Visit) -> Response:
        """Everything of the first page; a script that asks is given how it looks now."""
        data = await self._draft(visit)
        said = {**data, **self._words_said(visit, data)}
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        if is_fragment(visit):
            return visit.part(
                "writing_words", "looks", bubbles=self._bubbles(visit, said), faults=self._faults(visit, said)
            )
        faulty = bool(self._faults(visit, said))
        return visit.go(WHOM if visit.form.get("do") == "next" and not faulty else WORDS)

    def _words_said(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        form, campaign = visit.form, visit.author.campaign
        kind = form.get("kind") or data.get("kind")
        if kind is not None and kind not in STAFF_KINDS:
            raise BadForm("There is no such kind.")
        photo = "" if form.get("photo") == "drop" else data.get("photo") or ""
        said: dict[str, Any] = {"kind": kind, "photo": photo, "trial": None, "knowing": None}
        if kind == Kind.CIVIC_NEUTRAL:
            return said | {"fields": [each for each in _fields_offered(visit) if form.get(f"shows-{each}")]}
        if not any(name.startswith("text-") for name in form):
            return said  # the page of a neutral reminder asks for no text
        faulty: dict[str, str] = {}
        versions: list[dict[str, str]] = []
        for variant in VERSIONS:
            typed = {code: plain(form.get(f"text-{variant}-{code}", "")) for code in campaign.languages}
            if variant != VERSIONS[0] and not any(typed.values()):
                continue
            letter = VERSIONS[len(versions)]  # the third moves up where the second was emptied
            version: dict[str, str] = {}
            for code, text in typed.items():
                html = as_html(text)
                if text and self._fault(visit, html, code, kind=kind, photo=photo) is not None:
                    faulty[f"text-{letter}-{code}"] = text
                elif text or variant == VERSIONS[0]:
                    version[code] = html
            versions.append(version)
        fields = [f"text-{variant}-{code}" for variant in VERSIONS for code in campaign.languages]
        texts, *others = versions
        holdout, goal = form.get("holdout", "0"), form.get("goal") or None
        if holdout not in {str(each) for each in (0, *SHARES)} or (goal and goal not in tuple(Outcome)):
            raise BadForm("This was not offered.")
        return {
            **said,
            "texts": texts,
            "others": others,
            "holdout": int(holdout),
            "goal": goal,
            TYPED: keep_typed(data, fields, faulty),
        }

    def _fault(
        self, visit: Visit, html: str, language: str, *, kind: str | None, photo: str
    ) -> Markup | None:
        """What is wrong with a text in one language; None where nothing is."""
        try:
            check_staff_text(html)
            wording = Draft(kind=kind or Kind.PERSUASION.value, photo=photo or None)
            require_fit(self._desk.composer, wording, {language: html}, reader_of(visit), now=visit.now)
        except PortevoixError as fault:
            return told(visit, fault)
        return None

    def _faults(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Markup | str]:
        """What is wrong with the words, or missing, by field; of a draft that was not begun, nothing."""
        if not data:
            return {}
        faults: dict[str, Markup | str] = {}
        kind, photo = data.get("kind"), data.get("photo") or ""
        for name, typed in (data.get(TYPED) or {}).items():
            if name.startswith("text-"):
                language = name.rsplit("-", 1)[1]
                fault = self._fault(visit, as_html(typed), language, kind=kind, photo=photo)
                if fault is not None:
                    faults[name] = fault
        if kind == Kind.CIVIC_NEUTRAL:
            try:
                broadcasts.require_vote_to_come(visit.author.campaign, visit.now)
            except BroadcastRefused as refusal:
                faults["kind"] = told(visit, refusal)
        missing = _texts_missing(data, visit.author.campaign.languages)
        if not kind:
            missing.append("kind")
        if is_compared(data) and not data.get("goal"):
            missing.append("goal")
        # What is missing has its own words on the page.
        faults |= {name: "" for name in missing if name not in faults}
        return faults

    def _bubbles(self, visit: Visit, data: Mapping[str, Any]) -> list[Bubble]:
        """The message as it looks in each language that it has, each version."""
        if not data.get("kind"):
            return []
        wording = self._wording(visit, data)
        if wording is None:
            return []
        reader, composer = reader_of(visit), self._desk.composer
        if is_neutral(data):
            languages = composer.campaign.languages
            try:
                calls = looks(composer, wording, {}, reader, now=visit.now)
            except LookupError:
                calls = looks(
                    composer, wording, {}, reader._replace(commune=None, territory=None), now=visit.now
                )
            return [bubble(call, code) for call, code in zip(calls, languages, strict=True)]
        versions = (texts_of(data), *others_of(data))
        found = []
        for variant, version in zip(VERSIONS, versions, strict=False):
            texts = {code: text for code, text in version.items() if text}
            for code in texts:
                (call,) = looks(composer, wording, texts, reader, now=visit.now, languages=[code])
                found.append(bubble(call, code, variant if len(versions) > 1 else ""))
        return found

    def _wording(self, visit: Visit, data: Mapping[str, Any]) -> Draft | None:
        if not is_neutral(data):
            return Draft(kind=data["kind"], photo=data.get("photo") or None)
        ballot = visit.author.campaign.next_ballot(leaves_at(data, now=visit.now, zone=visit.zone))
        if ballot is None:
            return None
        fields = data.get("fields") or ()
        return Draft(kind=data["kind"], template=REMINDER, fields=fields, ballot=ballot.number)

    # -- to whom --

    async def show_whom(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        kind, audience = _kind(data), stored(data.get("audience"))
        return visit.page(
            "writing_whom",
            whom=await whom.shown(visit, data, kind),
            reach_words=await self._reach_now(visit, audience, data),
            radii=whom.RADII,
            **await self._around(visit, data),
        )

    async def keep_whom(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        said = {**data, **await whom.said(visit, data), "knowing": None}
        goes_on = visit.form.get("do") == "next" and not _is_faulty(said, whom.FIELDS)
        if goes_on:
            said["chosen"] = True
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(WHEN if goes_on else f"{WHOM}#whom")

    async def reach(self, visit: Visit) -> Response:
        """Whom an expression means that is being typed: nothing of it is kept."""
        data = await self._draft(visit)
        kind, text = _kind(data), plain(visit.request.query_params.get("expression", ""))
        try:
            meant = await whom.read(visit, text) if text else None
        except BadAudience as fault:
            return visit.part("writing_whom", "reach", fault=told(visit, fault), whom=None)
        found = meant.expression if meant is not None else None
        if meant is not None and found is None:
            unclear = visit.told("audience/places", places=meant.places) if meant.places else None
            unknown = unclear or visit.told("audience/place_unknown", typed=text[:60])
            return visit.part("writing_whom", "reach", fault=unknown, whom=None)
        said = {**data, TYPED: {}}
        if found is not None:
            said["audience"] = as_json(found)
        return visit.part(
            "writing_whom",
            "reach",
            fault=None,
            whom=await whom.shown(visit, said, kind),
            reach_words=await self._reach_now(visit, stored(said.get("audience")), data),
        )

    async def _reach_now(self, visit: Visit, audience: Expression, data: Mapping[str, Any]) -> Markup:
        """Who would get it now, and whom what keeps from it."""
        found = await whom.forecast(visit, audience, kind=_kind(data), when=all_at(visit.now))
        return visit.told("console/forecast", forecast=found, **_common(data))

    # -- when --

    async def show_when(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        kind, author, reader = _kind(data), visit.author, visit.author.reader
        when = _when(visit, data)
        question = next_question(data, author.campaign.languages)
        found = await whom.forecast(visit, stored(data.get("audience")), kind=kind, when=when)
        experiment, above = experiment_of(data), author.campaign.approval_above
        expected = experiment and prospect(experiment, reader.at_least(found.people))
        typed = (data.get(TYPED) or {}).get("at")
        return visit.page(
            "writing_when",
            forecast=found,
            when=when,
            is_set=bool(data.get("wall")),
            is_now=data.get("wall") in (None, NOW),
            wall=typed or (data["wall"][:16] if data.get("wall") not in (None, NOW) else ""),
            whose=data.get("whose") or "each",
            fault_words=self._time_fault(visit, typed, when, data),
            expires=when.due_in(visit.zone) + USEFUL_FOR,
            audience=await whom.named(visit, stored(data.get("audience"))),
            missing_room=ROOM_OF.get(question.step, WORDS),
            is_ready=question.step == "summary" and not data.get(TYPED),
            awaits=needs_approval(recipients=reader.at_most(found.people), approval_above=above),
            reach_words=visit.told("console/forecast", forecast=found, prospect=expected, **_common(data)),
            seen=mark_of(data),
            word=visit.word("broadcasts/confirmation_word"),
            bubbles=self._bubbles(visit, data),
            **_common(data),
            **await self._around(visit, data),
        )

    def _time_fault(
        self, visit: Visit, typed: str | None, when: SendingTime, data: Mapping[str, Any]
    ) -> Markup | None:
        """What is wrong with the hour: it is no date, it is past, or by then there is no vote to aim at."""
        try:
            if typed is not None:
                wall_time(typed)
            broadcasts.require_time_to_come(visit.author, when)
            if is_neutral(data):
                broadcasts.require_vote_to_come(visit.author.campaign, max(when.at, visit.now))
        except PortevoixError as fault:
            return told(visit, fault)
        return None

    async def keep_when(self, visit: Visit) -> Response:
        """Now, or a time by the clock of each person or of the author; a better one; or all the same."""
        data, form = await self._draft(visit), visit.form
        do, said = form.get("do", ""), {**data, TYPED: keep_typed(data, ("at",), {}), "knowing": None}
        if do == "anyway":
            said |= {"knowing": True}
        elif do == "better":
            found = await whom.forecast(
                visit, stored(data.get("audience")), kind=_kind(data), when=_when(visit, data)
            )
            if found.better is not None:
                local = found.better.astimezone(zone_named(visit.zone)).replace(tzinfo=None)
                said |= {"wall": whole_minute(local).isoformat(), "whose": "mine"}
        elif form.get("when") == NOW:
            said |= {"wall": NOW, "whose": None}
        else:
            said |= _hour_said(form, data)
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(f"{WHEN}#ready")

    # -- the end --

    async def expected(self, visit: Visit) -> Forecast | None:
        """Who would get it, for the one who sends: found before, so that no tap waits for it."""
        data = await drafts.kept(visit.tx, visit.author.person, FLOW)
        if not data or data.get("knowing") or not data.get("wall"):
            return None
        return await whom.forecast(
            visit, stored(data.get("audience")), kind=_kind(data), when=_when(visit, data)
        )

    async def send(self, visit: Visit) -> Response:
        """Sends it, or puts it in the place of the one that it was written anew from."""
        author, data = visit.author, await drafts.kept(visit.tx, visit.author.person, FLOW)
        if not data:
            raise BroadcastRefused("There is no such draft.", message="errors/broadcast_sent_already")
        require_word(visit, "broadcasts/confirmation_word")
        require_same(visit, data)
        question = next_question(data, author.campaign.languages)
        if question.step != "summary" or data.get(TYPED):
            return visit.go(ROOM_OF.get(question.step, WORDS))
        key = f"staff:web:{secrets.token_hex(8)}"
        new = broadcast_drafts.written(data, key=key, now=visit.now, zone=visit.zone)
        number = data.get("editing")
        if number is None:
            number = (await broadcasts.send(visit.tx, author, new, expected=visit.found)).broadcast
        else:
            await broadcast_changes.change(visit.tx, author, number, new, expected=visit.found)
        await drafts.drop(visit.tx, visit.author.person, FLOW)
        return visit.go(f"/console/messages/{number}")

    async def drop(self, visit: Visit) -> Response:
        await drafts.drop(visit.tx, visit.author.person, FLOW)
        return visit.go("/console/messages")

    # -- what begins it --

    async def rewrite(self, visit: Visit) -> Response:
        """The draft again of what nobody has yet, to take its place."""
        author = visit.author
        found = await broadcast_changes.changeable(visit.tx, author, visit.number("number"))
        data = await broadcast_drafts.draft_of(visit.tx, found, author)
        said = {**data, **broadcast_drafts.replacing(found, visit.zone)}
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(WHEN)

    async def duplicate(self, visit: Visit) -> Response:
        """A draft of its own with the same words and people."""
        found = await broadcast_drafts.duplicable(visit.tx, visit.author, visit.number("number"))
        data = await broadcast_drafts.draft_of(visit.tx, found, visit.author)
        await drafts.keep(visit.tx, visit.author.person, FLOW, data, now=visit.now)
        return visit.go(WORDS)

    # -- what the three share --

    async def _draft(self, visit: Visit) -> Mapping[str, Any]:
        """What was said so far; nothing of it yet. Raises NotAllowed, CandidateOut."""
        visit.author.require(Action.BROADCAST)
        visit.author.require_standing()
        return await drafts.kept(visit.tx, visit.author.person, FLOW) or {}

    async def _around(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        """What each step shows around its own."""
        return {
            "data": {**EMPTY, **data},
            "other": await drafts.other(visit.tx, visit.author.person, FLOW),
            "rooms_done": _done(data, visit.author.campaign.languages),
        }


def reader_of(visit: Visit) -> Person:
    """Whom a preview is filled for: its author, with a name."""
    person = visit.author.person
    return person._replace(first_name=person.first_name or PLACEHOLDERS["first_name"].example)


def _common(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the words of a forecast ask for."""
    return {"kind": _kind(data), "knowing": bool(data.get("knowing")), "experiment": experiment_of(data)}


def _kind(data: Mapping[str, Any]) -> Kind:
    return Kind(data.get("kind") or Kind.PERSUASION)


def _when(visit: Visit, data: Mapping[str, Any]) -> SendingTime:
    """When it leaves; now, as long as that was not said."""
    if not data.get("wall") or (data["wall"] != NOW and not data.get("whose")):
        return all_at(visit.now)
    return sending_time(data, now=visit.now, zone=visit.zone)


def _hour_said(form: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    whose, at = form.get("whose", ""), form.get("at", "")
    if whose not in ("each", "mine"):
        raise BadForm("There is no such clock.")
    try:
        wall = wall_time(at)
    except BadForm:
        return {"wall": None, "whose": whose, TYPED: keep_typed(data, ("at",), {"at": at[:40]})}
    return {"wall": wall.isoformat(), "whose": whose}


def _is_faulty(data: Mapping[str, Any], fields: Sequence[str]) -> bool:
    return any(name in fields for name in data.get(TYPED) or {})


def _fields_offered(visit: Visit) -> list[str]:
    """The practical fields that there are to show of this campaign."""
    asked = bool(visit.author.campaign.bring)
    return [field.value for field in PracticalField if asked or field is not PracticalField.BRING]


def _typed_texts(data: Mapping[str, Any], languages: Sequence[str]) -> dict[str, str]:
    """Every text as it stands in its field, by the field's name."""
    versions = [data.get("texts") or {}, *(data.get("others") or ())]
    shown = {
        f"text-{variant}-{code}": as_typed(version.get(code, ""))
        for variant, version in zip(VERSIONS, versions, strict=False)
        for code in languages
    }
    faulty = {name: text for name, text in (data.get(TYPED) or {}).items() if name.startswith("text-")}
    return {**shown, **faulty}


def _texts_missing(data: Mapping[str, Any], languages: Sequence[str]) -> list[str]:
    """The fields of the texts that are still to be written: one at least, and in each version those of the first."""
    if is_neutral(data) or "texts" not in data:
        return []
    written = _typed_texts(data, languages)
    first = [code for code in languages if written.get(f"text-{VERSIONS[0]}-{code}")]
    if not first:
        return [f"text-{VERSIONS[0]}-{languages[0]}"]
    others = VERSIONS[1 : 1 + len(data.get("others") or ())]
    names = [f"text-{variant}-{code}" for variant in others for code in first]
    return [name for name in names if not written.get(name)]


def _done(data: Mapping[str, Any], languages: Sequence[str]) -> int:
    """How many of the three steps are done."""
    if not data or data.get(TYPED):
        return 0
    room = ROOM_OF.get(next_question(data, languages).step, WORDS)
    return {WORDS: 0, WHOM: 1, WHEN: 2}[room]
