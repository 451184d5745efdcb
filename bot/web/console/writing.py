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

from bot.actions import broadcast_changes, broadcast_drafts, broadcasts, drafts, events
from bot.actions.broadcast_drafts import FLOW
from bot.actions.broadcasts import STAFF_KINDS
from bot.actions.drafts import DraftGone
from bot.actions.forecasts import Forecast
from bot.errors import BadAudience, PortevoixError
from bot.rules.broadcast_draft import (
    NOW,
    experiment_of,
    is_neutral,
    leaves_at,
    sending_time,
    time_meant,
    whole_minute,
)
from bot.rules.effects import prospect
from bot.rules.experiments import SHARES, VERSIONS, goals_of
from bot.rules.expressions import Expression, as_json, stored
from bot.rules.kinds import Kind
from bot.rules.leaves import read_leaf
from bot.rules.permissions import Action, needs_approval
from bot.rules.placeholders import allowed_placeholders
from bot.rules.sending import USEFUL_FOR, SendingTime, all_at
from bot.rules.territories import zone as zone_named
from bot.web.console import message_words, whom, writing_left
from bot.web.console.forms import (
    TYPED,
    is_fragment,
    is_typed,
    keep_typed,
    mark_of,
    plain,
    require_same,
    told,
    wall_time,
    without_the_word,
    word_faults,
)
from bot.web.console.unusual import message_doubted
from bot.web.console.writing_left import WHEN, WHOM, WORDS, LeftToWrite
from bot.web.counting import Outside
from bot.web.desk import Desk, Visit
from bot.web.refusals import BadForm

EMPTY: Mapping[str, Any] = dict.fromkeys(("kind", "photo", "goal", "holdout", "editing", "wall", "sure"))
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
            Route(WHEN, desk.changing(self.keep_when, first=self.better), methods=["POST"]),
            Route(f"{WORDS}/send", desk.changing(self.send, first=self.expected), methods=["POST"]),
            Route(f"{WORDS}/drop", desk.changing(self.drop), methods=["POST"]),
            Route("/console/events/{code}/write", desk.changing(self.write_to_event), methods=["POST"]),
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
        fields = message_words.fields_offered(visit)
        shown = data.get("fields") if data.get("fields") is not None else fields
        at = leaves_at(data, now=visit.now, zone=visit.zone)
        return {
            "kinds": STAFF_KINDS,
            "texts": message_words.typed_texts(data, campaign.languages),
            "versions": VERSIONS,
            "used": 1 + len(data.get("others") or ()),
            "placeholders": allowed_placeholders(about_event=False),
            "fields": fields,
            "fields_shown": [each for each in fields if each in (shown or ())],
            "shares": SHARES,
            "goals": goals_of(votes_to_come=campaign.next_ballot(at) is not None),
            "faults": message_words.faults_of(visit, data),
            "bubbles": message_words.bubbles(visit, data),
        }

    async def keep_words(self, visit: Visit) -> Response:
        """Everything of the first page; a script that asks is given how it looks now."""
        data = await self._draft(visit)
        said = {**data, **message_words.read(visit, data)}
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        faults = message_words.faults_of(visit, said)
        if is_fragment(visit):
            bubbles = message_words.bubbles(visit, said)
            return visit.part("writing_words", "looks", bubbles=bubbles, faults=faults)
        if visit.form.get("do") != "next":
            return visit.go(WORDS)
        return visit.go(f"{WORDS}#to-mend" if faults else WHOM)

    # -- to whom --

    async def show_whom(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        kind, audience = _kind(data), stored(data.get("audience"))
        return visit.page(
            "writing_whom",
            whom=await whom.shown(visit, data, kind),
            reach_words=self._reach_soon(visit, audience, data),
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
            reach_words=self._reach_now(visit, stored(said.get("audience")), data),
        )

    def _reach_soon(self, visit: Visit, audience: Expression, data: Mapping[str, Any]) -> Markup | None:
        """The same; None while it is being counted."""
        found = whom.foreseen_soon(visit, audience, kind=_kind(data), editing=data.get("editing"))
        return found and visit.told("console/forecast", forecast=found[0], as_of=found[1], **_common(data))

    def _reach_now(self, visit: Visit, audience: Expression, data: Mapping[str, Any]) -> Markup:
        """Who would get it now, and whom what keeps from it."""
        found, as_of = whom.foreseen(
            visit, audience, kind=_kind(data), when=None, editing=data.get("editing")
        )
        return visit.told("console/forecast", forecast=found, as_of=as_of, **_common(data))

    # -- when --

    async def show_when(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        kind, author, reader = _kind(data), visit.author, visit.author.reader
        when = _when(visit, data)
        left = self._left(visit, data)
        at = None if data.get("wall") in (None, NOW) else when
        found, as_of = whom.foreseen(
            visit, stored(data.get("audience")), kind=kind, when=at, editing=data.get("editing")
        )
        experiment, above = experiment_of(data), author.campaign.approval_above
        expected = experiment and prospect(experiment, reader.at_least(found.people))
        typed = (data.get(TYPED) or {}).get("at")
        return visit.page(
            "writing_when",
            forecast=found,
            when=when,
            is_now=data.get("wall") in (None, NOW),
            wall=typed or (data["wall"][:16] if data.get("wall") not in (None, NOW) else ""),
            whose=data.get("whose") or "each",
            fault_words=self._time_fault(visit, data),
            doubt=message_doubted(visit, data),
            meant=time_meant(data),
            expires=when.due_in(visit.zone) + USEFUL_FOR,
            audience=await whom.named(visit, stored(data.get("audience"))),
            left=left,
            is_ready=left is None,
            awaits=needs_approval(recipients=reader.at_most(found.people), approval_above=above),
            reach_words=visit.told(
                "console/forecast", forecast=found, as_of=as_of, prospect=expected, **_common(data)
            ),
            seen=mark_of(data),
            word=visit.word("broadcasts/confirmation_word"),
            word_fault=word_faults(visit, word="broadcasts/confirmation_word").get("word"),
            bubbles=message_words.bubbles(visit, data),
            **_common(data),
            **await self._around(visit, data),
        )

    def _left(self, visit: Visit, data: Mapping[str, Any]) -> LeftToWrite | None:
        """What is still to be done before it can be sent."""
        faults = message_words.faults_of(visit, data)
        return writing_left.first_left(data, visit.author.campaign.languages, faults)

    def _time_fault(self, visit: Visit, data: Mapping[str, Any]) -> Markup | None:
        """What is wrong with the hour: it is no date, it is past, or by then there is no vote to aim at."""
        typed, when = (data.get(TYPED) or {}).get("at"), _when(visit, data)
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
            found = visit.found
            if found is not None and found.better is not None:
                local = found.better.astimezone(zone_named(visit.zone)).replace(tzinfo=None)
                said |= {"wall": whole_minute(local).isoformat(), "whose": "mine"}
        elif form.get("when") == NOW:
            said |= {"wall": NOW, "whose": None}
        else:
            said |= _hour_said(form, data)
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(f"{WHEN}#{'at' if message_doubted(visit, said) else 'ready'}")

    # -- the end --

    async def better(self, visit: Visit) -> Outside[Forecast] | None:
        """Who would get it, for whoever asks for a better time: found before, so that no tap waits for it."""
        data = await drafts.kept(visit.tx, visit.author.person, FLOW)
        return self._forecast(visit, data) if data and visit.form.get("do") == "better" else None

    async def expected(self, visit: Visit) -> Outside[Forecast] | None:
        """Who would get it, for the one who sends: found before, so that no tap waits for it."""
        data = await drafts.kept(visit.tx, visit.author.person, FLOW)
        if not data or data.get("knowing") or not data.get("wall"):
            return None
        return self._forecast(visit, data)

    def _forecast(self, visit: Visit, data: Mapping[str, Any]) -> Outside[Forecast]:
        return whom.forecast(
            visit,
            stored(data.get("audience")),
            kind=_kind(data),
            when=_when(visit, data),
            editing=data.get("editing"),
        )

    async def send(self, visit: Visit) -> Response:
        """Sends it, or puts it in the place of the one that it was written anew from."""
        author, data = visit.author, await drafts.kept(visit.tx, visit.author.person, FLOW)
        if not data:
            raise DraftGone("There is no such draft.")
        if not is_typed(visit, "broadcasts/confirmation_word"):
            return without_the_word(visit, WHEN)
        require_same(visit, data)
        left = self._left(visit, data)
        if left is not None:
            return visit.go(left.address)
        if message_doubted(visit, data) is not None:
            return visit.go(f"{WHEN}#at")
        author = await drafts.take(visit.tx, author, FLOW, seen=data)
        key = f"staff:web:{secrets.token_hex(8)}"
        new = broadcast_drafts.written(data, key=key, now=visit.now, zone=visit.zone)
        number = data.get("editing")
        if number is None:
            number = (await broadcasts.send(visit.tx, author, new, expected=visit.found)).broadcast
        else:
            await broadcast_changes.change(visit.tx, author, number, new, expected=visit.found)
        await drafts.drop(visit.tx, author.person, FLOW)
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

    async def write_to_event(self, visit: Visit) -> Response:
        """A message to those who said yes to an event, as in the chat; another one that is being written is taken up
        instead.
        """
        data = await self._draft(visit)
        found = await events.find_for(visit.tx, visit.author, visit.request.path_params["code"])
        visit.author.require(Action.BROADCAST, found.event.commune)
        if not data:
            coming = as_json(read_leaf(f"rsvp:{found.event.code}:yes"))
            said = {"audience": coming, "chosen": None}
            await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(WORDS)

    async def _draft(self, visit: Visit) -> Mapping[str, Any]:
        """What was said so far; nothing of it yet. Raises NotAllowed, CandidateOut."""
        visit.author.require(Action.BROADCAST)
        visit.author.require_standing()
        return await drafts.kept(visit.tx, visit.author.person, FLOW) or {}

    async def _around(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        """What each step shows around its own."""
        return {
            "data": {**EMPTY, **data},
            "rooms_done": writing_left.steps_done(
                data,
                visit.author.campaign.languages,
                message_words.faults_of(visit, data),
                time_holds=self._time_fault(visit, data) is None and message_doubted(visit, data) is None,
            ),
        }


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
    return {"wall": wall.isoformat(), "whose": whose, "sure": form.get("sure")}


def _is_faulty(data: Mapping[str, Any], fields: Sequence[str]) -> bool:
    return any(name in fields for name in data.get(TYPED) or {})
