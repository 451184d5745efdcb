"""Whom something is for, as a room of the console shows and changes it: typed, or built from choices, and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from markupsafe import Markup

from bot.actions import audience_typing, audience_words, audiences, broadcast_cards, told_forecasts
from bot.actions.audience_words import AudienceView
from bot.actions.audiences import AudienceStep, TypedArea
from bot.actions.authority import Author, area_name
from bot.actions.expressions import Asked
from bot.actions.forecasts import Forecast, PlannedSending
from bot.errors import BadAudience
from bot.frozen import Frozen
from bot.rules.areas import ABROAD_AREA, EVERYWHERE
from bot.rules.audience_building import (
    PEOPLE,
    RSVP_CHOICES,
    VOTE_CHOICES,
    Join,
    add,
    but,
    changed,
    condition_of,
    parts_of,
    taken_back,
)
from bot.rules.events import is_over
from bot.rules.expressions import EVERYBODY, Expression, stored, text_of
from bot.rules.kinds import Kind
from bot.rules.leaves import Leaf, read_leaf
from bot.rules.permissions import Action
from bot.rules.sending import SendingTime, all_at
from bot.rules.typed import is_number
from bot.web.console.forms import TYPED, keep_typed, plain, told
from bot.web.counting import CountFirst, Outside
from bot.web.desk import Visit
from bot.web.refusals import BadForm
from bot.web.remembered import IF_SLOW
from bot.words.vocabulary import vocabulary
from db.events import text_in
from db.rolls import Rolls

RADII = (10, 30, 60)
FIELDS = ("expression", "more")
MOST_EVENTS = 12


class Choice(Frozen):
    """One that is offered: what the form sends, and its words or what they are made of."""

    value: str
    what: str
    title: str = ""
    said: str = ""
    # Of a message about an event, of which there are several of one title.
    kind: str = ""


class Whom(Frozen):
    """What the room shows. `faults`: by field; `places`: those that a name may mean, and how far around each."""

    text: str
    view: AudienceView
    parts: Sequence[AudienceView]
    steps: Sequence[AudienceStep]
    step_views: Sequence[AudienceView]
    choices: Sequence[Choice]
    limits: Sequence[str]
    may_take_back: bool
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, Markup] = field(default_factory=dict)
    places: Sequence[TypedArea] = ()

    @property
    def is_blurred(self) -> bool:
        """Whether the flow tells about how many."""
        return any(step.left.about for step in self.steps)


async def shown(visit: Visit, data: Mapping[str, Any], kind: Kind) -> Whom:
    """The audience of a draft with all that can be done with it."""
    audience = stored(data.get("audience"))
    typed = {name: text for name, text in (data.get(TYPED) or {}).items() if name in FIELDS}
    faults: dict[str, Markup] = {}
    places: Sequence[TypedArea] = ()
    for name, text in typed.items():
        try:
            meant = await read(visit, text)
        except BadAudience as fault:
            faults[name] = told(visit, fault)
            continue
        if meant.expression is None and not meant.places:
            faults[name] = visit.told("audience/place_unknown", typed=text[:60])
        places = places or meant.places
    steps = flow(visit, audience, kind)
    return Whom(
        text=text_of(audience),
        view=await named(visit, audience),
        parts=[await named(visit, each) for each in parts_of(audience)],
        steps=steps,
        step_views=[await named(visit, each.leaf) for each in steps],
        choices=await _choices(visit),
        limits=_limits(visit),
        may_take_back=bool(data.get("audience_before")),
        typed=typed,
        faults=faults,
        places=places,
    )


def flow(visit: Visit, audience: Expression, kind: Kind) -> tuple[AudienceStep, ...]:
    """Who comes in and falls out by each of several conditions; of one alone there is nothing to tell.

    Raises CountFirst.
    """
    areas, author, rolls = visit.author.areas(Action.BROADCAST), visit.author, visit.desk.counting
    steps: tuple[AudienceStep, ...]
    steps, _ = visit.looked_up(
        ("flow", text_of(audience), kind, areas, author.reader),
        lambda: audiences.flow_now(rolls, author, audience, kind=kind, areas=areas),
        older=IF_SLOW,
    )
    return steps if len(steps) > 1 else ()


async def named(visit: Visit, audience: Expression) -> AudienceView:
    """An audience in names."""
    author = visit.author
    return await audience_words.view(
        visit.tx,
        audience,
        author.gazetteer,
        language=visit.language,
        fallback=author.campaign.languages[0],
    )


def forecast(
    visit: Visit,
    audience: Expression,
    *,
    kind: Kind,
    when: SendingTime,
    expires_at: datetime | None = None,
    editing: int | None = None,
) -> Outside[Forecast]:
    """Who gets it, and when, asked as when it is about to leave. `editing`: the broadcast whose place it takes."""
    sending = PlannedSending(kind=kind, when=when, expires_at=expires_at, broadcast=editing)
    rolls, author = visit.desk.counting, visit.author
    return Outside(lambda: _forecast(rolls, author, audience, sending))


def foreseen(
    visit: Visit,
    audience: Expression,
    *,
    kind: Kind,
    when: SendingTime | None = None,
    expires_at: datetime | None = None,
    editing: int | None = None,
) -> tuple[Forecast, datetime]:
    """Who gets it, and when, for a page: at most a minute old, or ten while it is counted anew, since of a million
    people it takes long; and as of when.

    `when`: None stands for now. Raises CountFirst.
    """
    author, rolls = visit.author, visit.desk.counting
    sending = PlannedSending(
        kind=kind, when=when or all_at(visit.now), expires_at=expires_at, broadcast=editing
    )
    areas = author.areas(Action.BROADCAST)
    return visit.looked_up(
        ("forecast", text_of(audience), kind, when, expires_at, editing, areas, author.reader),
        lambda: _forecast(rolls, author, audience, sending),
        older=IF_SLOW,
    )


def foreseen_soon(
    visit: Visit,
    audience: Expression,
    *,
    kind: Kind,
    expires_at: datetime | None = None,
    editing: int | None = None,
) -> tuple[Forecast, datetime] | None:
    """Who would get it now; None while that is counted, which does not end here: the page asks for it by itself."""
    try:
        return foreseen(visit, audience, kind=kind, when=None, expires_at=expires_at, editing=editing)
    except CountFirst as first:
        if not visit.desk.remembered.takes_long(first.key):
            raise  # it is here in no time
        visit.desk.remembered.begin(first.key, first.look, visit.now)
        return None


async def _forecast(rolls: Rolls, author: Author, audience: Expression, sending: PlannedSending) -> Forecast:
    """In transactions of its own."""
    async with rolls.database.read() as tx:
        meant = await audiences.target_of(tx, author, audience, author.areas(Action.BROADCAST))
    return await told_forecasts.forecast_now(
        rolls, meant, sending, author.campaign, author.reader, now=author.now
    )


def _limits(visit: Visit) -> list[str]:
    """The names of the areas that staff are limited to; none for those who may write to everybody."""
    areas = visit.author.areas(Action.BROADCAST)
    return [] if EVERYWHERE in areas else [area_name(visit.author.gazetteer, area) for area in areas]


# -- changing it --


async def said(visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a form of the room changes of a draft: its button `do`, and the fields that belong to it. Raises BadForm."""
    form, audience = visit.form, stored(data.get("audience"))
    do, _, value = form.get("do", "").partition(" ")
    kept: dict[str, Any] = {TYPED: keep_typed(data, FIELDS, {})}
    if do == "next" and _is_left(visit, data):
        return {TYPED: keep_typed(data, (), {})}
    if do in ("expression", "next"):
        return kept | await _typed(visit, data, "expression")
    if do == "add":
        return kept | await _added(visit, data)
    if do == "take":
        return kept | changed(data, add(audience, await _usable(visit, value), _join(form)))
    if do == "all":
        return kept | changed(data, EVERYBODY)
    if do == "undo":
        return kept | taken_back(data)
    if do == "without" and is_number(value) and int(value) < len(parts_of(audience)):
        return kept | changed(data, but(audience, int(value)))
    raise BadForm("There is no such button.")


def _is_left(visit: Visit, data: Mapping[str, Any]) -> bool:
    """Whether a condition was typed of which it is open what it means, and no other people were chosen since."""
    expression = plain(visit.form.get("expression", ""))
    is_open = "more" in (data.get(TYPED) or {})
    return is_open and expression in ("", text_of(stored(data.get("audience"))))


async def _typed(
    visit: Visit, data: Mapping[str, Any], name: str, join: Join | None = None
) -> dict[str, Any]:
    """What a field says, in the place of the audience, or joined to it; as it was typed where it says nothing clear."""
    text = plain(visit.form.get(name, ""))
    if not text:
        return {}
    faulty = {TYPED: keep_typed(data, FIELDS, {name: text})}
    try:
        meant = await read(visit, text)
    except BadAudience:
        return faulty
    chosen = meant.expression
    if chosen is None and len(meant.places) == 1 and meant.places[0].kind != "commune":
        chosen = read_leaf(f"in:{meant.places[0].area}")
    if chosen is None:
        return faulty
    return changed(data, chosen if join is None else add(stored(data.get("audience")), chosen, join))


async def _added(visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
    """A condition that was chosen, or else typed."""
    join, choice = _join(visit.form), visit.form.get("choice", "")
    if not choice:
        return await _typed(visit, data, "more", join)
    return changed(data, add(stored(data.get("audience")), await _usable(visit, choice), join))


def _join(form: Mapping[str, str]) -> Join:
    asked = form.get("join", Join.AND)
    if asked not in tuple(Join):
        raise BadForm("There is no such way to join.")
    return Join(asked)


async def _usable(visit: Visit, choice: str) -> Expression:
    """The condition that a choice stands for. Raises BadForm: whatever does not fit was never offered."""
    name, *values = choice.split(":")
    try:
        found = (
            Leaf(name="audience", arguments=(values[0],)) if name == "saved" else condition_of(name, values)
        )
        await audience_typing.require_usable(visit.tx, visit.author, Asked(expression=found))
    except (BadAudience, ValueError, IndexError):
        raise BadForm("This was not offered.") from None
    return found


async def read(visit: Visit, text: str) -> audience_typing.Typed:
    """What was typed of whom it is for: an expression, a sentence, or a place. Raises BadAudience."""
    words = vocabulary(visit.language)
    return await audience_typing.read(visit.tx, visit.author, text, words=words.audience, dates=words.dates)


# -- what can be chosen --


async def _choices(visit: Visit) -> list[Choice]:
    author, fallback = visit.author, visit.author.campaign.languages[0]
    areas = [(area, area_name(author.gazetteer, area)) for area in author.areas(Action.BROADCAST)]
    found = [Choice(value=f"area:{area}", what="area", title=name) for area, name in areas]
    if author.may(Action.BROADCAST, ABROAD_AREA):
        found.append(Choice(value=f"area:{ABROAD_AREA}", what="abroad"))
    found += [
        Choice(value=f"language:{code}", what="language", said=code) for code in author.campaign.languages
    ]
    found += [Choice(value=f"people:{name}", what="people", said=name) for name in PEOPLE]
    found += [
        Choice(value=f"vote:{ballot.number}:{vote}", what="vote", title=str(ballot.number), said=vote)
        for ballot in author.campaign.ballots
        for vote in VOTE_CHOICES
    ]
    for each in await audience_typing.events_known(visit.tx, author, most=MOST_EVENTS):
        title = text_in(each.texts, visit.language, fallback).title
        over = is_over(each.event.ends_at, author.now)
        found += [
            Choice(value=f"rsvp:{each.event.code}:{answer}", what="event", title=title, said=answer)
            for answer in RSVP_CHOICES
            if over or answer not in ("attended", "absent")
        ]
    for broadcast, title in await broadcast_cards.sent_to_their_areas(
        visit.tx, author, visit.language, fallback
    ):
        found += [
            Choice(
                value=f"{what}:{broadcast.id}",
                what=what,
                title=title or f"{broadcast.id}",
                said=f"{broadcast.id}",
                kind="" if broadcast.event is None else broadcast.kind,
            )
            for what in ("got", "answered")
        ]
    saved = await audience_typing.saved_known(visit.tx, author)
    return [*found, *(Choice(value=f"saved:{name}", what="saved", title=name) for name in saved)]
