"""What the form that changes an event says: what differs from what stands there, what is wrong with it, field by field,
and what somebody else changed of the event while the form was open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from markupsafe import Markup

from bot.actions import announcing, events
from bot.actions.event_words import MOST_WORDS
from bot.actions.events import EventChange, ManagedEvent
from bot.communes import Commune, Gazetteer
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.event_draft import ADDRESS_LIMIT, DESCRIPTION_LIMIT, TITLE_LIMIT
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.web.console.forms import plain, told, wall_time
from bot.web.console.unusual import doubted
from bot.web.desk import Visit
from db.events import EventText

Faults = Mapping[str, Markup | str]
"""By field, what is wrong with it; "" where it is missing."""


def fields(found: ManagedEvent, languages: Sequence[str], gazetteer: Gazetteer) -> dict[str, str]:
    """Every field of an event's forms as it stands."""
    event, zone = found.event, zone_named(found.event.zone)
    return {
        "starts": _wall(event.starts_at.astimezone(zone)),
        "ends": _wall(event.ends_at.astimezone(zone)),
        "place": _named(gazetteer.by_code(event.commune)) or event.commune,
        "address": event.address,
        "capacity": "" if event.capacity is None else str(event.capacity),
        "guests": str(event.guests),
        "overbooking": str(event.overbooking),
        **{f"title-{code}": found.texts[code].title if code in found.texts else "" for code in languages},
        **{
            f"description-{code}": found.texts[code].description if code in found.texts else ""
            for code in languages
        },
    }


def _wall(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def _named(commune: Commune | None) -> str:
    return f"{commune.name} ({commune.department})" if commune is not None else ""


# -- two tabs --


class Merged(Frozen):
    """What stands in a form that was sent after somebody else changed the event: `fields` that were touched in it as
    they were typed, all others as they are now. `theirs`: of what was touched, what the other one made of it;
    `taken`: what was taken over from them.
    """

    fields: Mapping[str, str]
    theirs: Mapping[str, str | datetime]
    taken: Sequence[str]

    @property
    def is_stale(self) -> bool:
        """Whether the event is another one than the form showed."""
        return bool(self.theirs or self.taken)


def marks(shown: Mapping[str, str]) -> str:
    """By which a form says what stood in its fields when it was opened."""
    return " ".join(f"{name}={_mark(text)}" for name, text in shown.items())


def _mark(text: str) -> str:
    return hashlib.sha256(plain(text).encode()).hexdigest()[:12]


def merged(form: Mapping[str, str], now: Mapping[str, str]) -> Merged:
    """`now`: every field as it stands. A form that does not say what it showed keeps all that was typed in it."""
    shown = dict(each.partition("=")[::2] for each in form.get("shown", "").split(" "))
    touched = {name for name in now if name in form and _mark(form[name]) != shown.get(name)}
    changed = {name for name in now if name in shown and _mark(now[name]) != shown[name]}
    return Merged(
        fields={name: form[name] if name in touched else text for name, text in now.items()},
        theirs={
            name: datetime.fromisoformat(now[name]) if name in ("starts", "ends") else now[name]
            for name in touched & changed
            if plain(form[name]) != plain(now[name])
        },
        taken=[name for name in now if name in form and name in changed - touched],
    )


# -- what it says --


def moves_to(form: Mapping[str, str]) -> str:
    """What the box of a form sends along that says that this move is meant, whomever it leaves out: another is asked
    about anew.
    """
    return f"{form.get('starts', '')}/{form.get('following', 'one')}"


def change(found: ManagedEvent, visit: Visit) -> EventChange:
    """What of the form differs from what stands there. Raises EventRefused, BadForm."""
    form, event = visit.form, found.event
    texts = {}
    for language in visit.author.campaign.languages:
        text = found.texts.get(language, EventText(title="", description=""))
        title = plain(form.get(f"title-{language}", text.title))
        description = plain(form.get(f"description-{language}", text.description))
        if (title, description) != (plain(text.title), plain(text.description)):
            texts[language] = EventText(title=title, description=description)
    commune, address = _commune(found, visit), plain(form.get("address", event.address))
    starts_at, ends_at = (_instant(found, visit, name, commune) for name in ("starts", "ends"))
    return EventChange(
        starts_at=starts_at,
        ends_at=ends_at,
        commune=commune,
        address=None if address == plain(event.address) else address,
        texts=texts,
    )


def _commune(found: ManagedEvent, visit: Visit) -> Commune | None:
    """Another commune than that of the event, where one was typed. Raises EventRefused for one that nobody knows."""
    gazetteer, typed = visit.author.gazetteer, plain(visit.form.get("place", ""))
    before = gazetteer.by_code(found.event.commune)
    if not typed or typed == _named(before):
        return None
    looked = gazetteer.search(typed, limit=6)
    if not looked.results:
        raise announcing.EventRefused(
            "No such commune.", message="new_event/commune_unknown", typed=typed[:60]
        )
    if not looked.confident:
        raise announcing.EventRefused("Which commune?", message="console/communes", communes=looked.results)
    commune = looked.results[0]
    return None if before is not None and commune.code == before.code else commune


def _instant(found: ManagedEvent, visit: Visit, name: str, commune: Commune | None) -> datetime | None:
    """An instant by the clock of the place, where the form says another one. Raises BadForm."""
    text, before = visit.form.get(name, ""), fields(found, (), visit.author.gazetteer)[name]
    if not text or text == before:
        return None
    return at_wall(wall_time(text), zone_named(commune.zone if commune is not None else found.event.zone))


def reason(visit: Visit) -> str:
    """Why, for those who are told. Raises EventRefused where it is too long."""
    words = plain(visit.form.get("reason", ""))
    _require_fitting(words, MOST_WORDS)
    return words


def _require_fitting(words: str, limit: int) -> None:
    if len(words) > limit:
        raise announcing.EventRefused(
            f"At most {limit} characters fit here.",
            message="errors/text_too_long",
            length=len(words),
            limit=limit,
        )


# -- what is wrong with it --


def faults(found: ManagedEvent, visit: Visit) -> Faults:
    """What is wrong with the fields of the change; what the action refuses beyond is not of a field."""
    form, told_of = visit.form, dict[str, Markup | str]()
    looks: dict[str, Callable[[], object]] = {
        "place": lambda: _commune(found, visit),
        "starts": lambda: _require_start(found, visit),
        "ends": lambda: events.require_end(*_times(found, visit)),
        "address": lambda: _require_fitting(plain(form.get("address", "")), ADDRESS_LIMIT),
        "reason": lambda: reason(visit),
    }
    for code in visit.author.campaign.languages:
        for name, limit in ((f"title-{code}", TITLE_LIMIT), (f"description-{code}", DESCRIPTION_LIMIT)):
            looks[name] = partial(_require_fitting, plain(form.get(name, "")), limit)
    for name, look in looks.items():
        try:
            look()
        except PortevoixError as fault:
            told_of[name] = told(visit, fault)
    if not told_of.keys() & {"starts", "ends"} and (doubts := _doubts(found, visit)):
        told_of["sure"] = doubts
    needed = ["place", "address", "starts", "ends", *(f"title-{code}" for code in found.texts)]
    return {name: "" for name in needed if name in form and not plain(form[name])} | told_of


def _require_start(found: ManagedEvent, visit: Visit) -> None:
    starts_at, _ = _times(found, visit)
    if starts_at != found.event.starts_at:
        announcing.require_future(starts_at, visit.now, found.event.zone)


def _times(found: ManagedEvent, visit: Visit) -> tuple[datetime, datetime]:
    """When it would begin and end. Raises BadForm."""
    try:
        commune = _commune(found, visit)
    except PortevoixError:
        commune = None  # which is told beside the place
    starts, ends = (_instant(found, visit, name, commune) for name in ("starts", "ends"))
    values = events.changed(found.event, EventChange(starts_at=starts, ends_at=ends))
    return values.get("starts_at", found.event.starts_at), values.get("ends_at", found.event.ends_at)


def _doubts(found: ManagedEvent, visit: Visit) -> Markup | None:
    """What is unusual of its new time, unless that was said to be meant."""
    starts_at, ends_at = _times(found, visit)
    if (starts_at, ends_at) == (found.event.starts_at, found.event.ends_at):
        return None
    return doubted(visit, visit.form, starts_at, ends_at, zone=found.event.zone)
