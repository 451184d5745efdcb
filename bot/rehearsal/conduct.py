"""Conduct: what people do, by character. All of it goes through the chat: texts and taps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.campaign.campaign import Campaign
from bot.rehearsal import surveying
from bot.rehearsal.acts import Act, send, tap
from bot.rehearsal.cast import CastMember, CastPlace, Character, paris

SOON = timedelta(minutes=10)
ON_THE_WAY_BACK = timedelta(minutes=65)
"""Somebody who is reminded an hour before their slot tells afterwards that they voted."""
ANSWER_MINUTE, ANSWER_HOURS, POLLING_HOURS = 20, 6, 2
"""People answer at twenty past every sixth hour, on polling days every second, so that instants are few."""


START: Act = {"act": "start"}
REFUSES = 3
"""Of seven people, the one who refuses what may be refused."""
ERASURE = tap("1:delete:yes")


@dataclass(frozen=True, kw_only=True, slots=True)
class Doing:
    """An act that one person is going to do at an instant."""

    at: datetime
    person: int
    acts: tuple[Act, ...]


def sign_up(place: CastPlace, number: int) -> tuple[Act, ...]:
    """From /start to the welcome; some refuse that messages are chosen by their commune, where that is asked."""
    by_commune = tap(f"1:consent:commune:{'no' if number % 7 == REFUSES else 'yes'}*")
    is_asked = place.commune is not None and place.taps is None
    return (START, tap("1:consent:contact:yes*"), *say_place(place), *([by_commune] if is_asked else []))


def say_place(place: CastPlace) -> tuple[Act, ...]:
    if place.taps is not None:
        return (tap(place.taps),)
    if not place.typed:  # members are not asked
        return ()
    if place.commune is not None:
        return (send(place.typed),)
    where = (tap("1:place_by:abroad"), send(place.typed))
    return where if place.home is None else (*where, tap(f"1:home:{place.country}:{place.home}"))


def after(instant: datetime, wait: timedelta, hours: int = ANSWER_HOURS) -> datetime:
    """The next of the moments that everybody shares, every so many hours of UTC, at least so long after."""
    earliest = instant + wait
    shared = earliest.replace(
        hour=earliest.hour // hours * hours, minute=ANSWER_MINUTE, second=0, microsecond=0
    )
    return shared if shared >= earliest else shared + timedelta(hours=hours)


# -- what is done at a time of one's own --

_LEAVING = {
    # (the ballot, days before it, Paris time): when they go, and when those with an even number come back.
    Character.BLOCKER: ((0, 6, time(13, 45)), (-1, 6, time(10, 45))),
    Character.STOPPER: ((0, 7, time(10, 45)), (-1, 5, time(12, 15))),
    Character.DELETER: ((0, 9, time(9, 15)), (-1, 5, time(12, 15))),
    Character.RESTRICTER: ((0, 8, time(11, 5)), (-1, 6, time(12, 15))),
}
_WORDS: dict[Character, tuple[Act, ...]] = {
    Character.BLOCKER: ({"act": "block"},),
    Character.STOPPER: (send("STOP"),),
    Character.DELETER: (send("/delete"), ERASURE),
    Character.RESTRICTER: (send("/restrict"), tap("1:restriction:none")),
}
_BACK: dict[Character, tuple[Act, ...]] = {
    Character.BLOCKER: (START,),
    Character.RESTRICTER: (send("/restrict"), tap("1:restriction:lift"), tap("1:restriction:end*")),
}
"""How they come back who need not sign up again."""


def own_acts(member: CastMember, campaign: Campaign) -> Iterator[Doing]:
    """The acts of a person that nobody asked for: signs up, moves, leaves, comes back."""

    def doing(at: datetime, *acts: Act) -> Doing:
        return Doing(at=at, person=member.telegram_id, acts=acts)

    if member.joins_at is not None:
        yield doing(member.joins_at, *sign_up(member.place, member.number))
    if member.moves_to is not None and member.moves_at is not None:
        yield doing(member.moves_at, send("/settings"), tap("1:settings_place"), *say_place(member.moves_to))
    if member.character in _LEAVING:
        leaves, returns = (paris(campaign, *moment) for moment in _LEAVING[member.character])
        if _is_there(member, leaves):
            yield doing(leaves, *_WORDS[member.character])
            if member.number % 2 == 0:
                back = _BACK.get(member.character) or sign_up(member.place, member.number)
                yield doing(returns, *back)
    yield from questions(member, campaign)


WRITE_TO_THE_TEAM = ((0, 14, time(10, 35)), (0, 0, time(10, 35)))
"""(the ballot, days before it, Paris time): on an ordinary day, and on that of the vote."""
WRITES = 5
"""Of eight people who stay, the one who has a question."""


def questions(member: CastMember, campaign: Campaign) -> Iterator[Doing]:
    """What somebody asks the team: the second time in the same conversation."""
    if member.character in _LEAVING or member.number % 8 != WRITES:
        return
    for moment in WRITE_TO_THE_TEAM:
        at = paris(campaign, *moment)
        if _is_there(member, at):
            acts = (send("/menu"), tap("1:talk_write:-"), send("puis-je venir avec ma fille ?"))
            yield Doing(at=at, person=member.telegram_id, acts=acts)


def _is_there(member: CastMember, instant: datetime) -> bool:
    return member.joins_at is None or member.joins_at < instant


# -- what is answered --

Answer = Callable[[CastMember, str, Sequence[str]], tuple[timedelta, tuple[Act, ...]] | None]
"""(who, ballot or code, the buttons' data) -> after how long, and what; None: no answer."""


def answer_to(member: CastMember, data: Sequence[str], at: datetime) -> Doing | None:
    """The act of a person who gets a message with these buttons; None: nothing."""
    character = member.character
    if character is Character.SILENT or not data:
        return None
    if character is Character.MUTER:
        out = next((each for each in data if each.startswith("1:optout:") and member.number % 3), None)
        return None if out is None else Doing(at=after(at, SOON), person=member.telegram_id, acts=(tap(out),))
    question, about = asked(data)
    found = _ANSWERS[question](member, about, data) if question in _ANSWERS else None
    if found is None:
        return None
    wait, acts = found
    hours = POLLING_HOURS if question in ("turnout", "last_call") else ANSWER_HOURS
    return Doing(at=after(at, wait, hours), person=member.telegram_id, acts=acts)


def asked(data: Sequence[str]) -> tuple[str, str]:
    """The question asked, and its ballot or event: by the first button that asks."""
    for each in data:
        parts = each.split(":")
        if parts[1] == "step":
            return parts[3], parts[2]
        if parts[1] in ("rsvp", "series_date", "shift", "attend", "came", "stars", "survey"):
            return parts[1], parts[2]
    return "", ""


GUESTS = (Character.GUEST, Character.DILIGENT, Character.MOVER)


def _pledge(member: CastMember, ballot: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    said = {Character.ABSTAINER: "cannot", Character.HESITANT: "unsure"}.get(member.character, "will")
    return SOON, (tap(f"1:step:{ballot}:pledge:{said}"),)


def _place(member: CastMember, ballot: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    return SOON, (tap(f"1:step:{ballot}:place:{'known' if member.number % 3 else 'help'}"),)


def _plan(member: CastMember, ballot: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    slots = [each for each in data if each.startswith(f"1:step:{ballot}:plan:")]
    return SOON, _whole_plan(ballot, slots[member.number % len(slots)], member)


def _whole_plan(ballot: str, slot: str, member: CastMember) -> tuple[Act, ...]:
    departure = ("home", "work", "elsewhere")[member.number % 3]
    company = ("alone", "family", "friends")[member.number % 3]
    # Who votes online is asked neither.
    return (
        tap(slot),
        {**tap(f"1:step:{ballot}:plan.departure:{departure}"), "optional": True},
        {**tap(f"1:step:{ballot}:plan.company:{company}"), "optional": True},
    )


def _echo(member: CastMember, ballot: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    if member.character is Character.CHANGER:
        other = f"1:step:{ballot}:plan:*"
        return SOON, (tap(f"1:step:{ballot}:echo:change"), *_whole_plan(ballot, other, member))
    return SOON, (tap(f"1:step:{ballot}:echo:ok"),)


def _turnout(member: CastMember, ballot: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    if member.character is Character.HESITANT:
        return SOON, (tap(f"1:step:{ballot}:turnout:later"),)
    if member.character is Character.ABSENT:
        return SOON, (tap(f"1:step:{ballot}:turnout:cannot"),)
    return ON_THE_WAY_BACK, (tap(f"1:step:{ballot}:turnout:voted"),)


def _last_call(member: CastMember, ballot: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    return SOON, (tap(f"1:step:{ballot}:last_call:voted"),)


def _keep_plan(member: CastMember, ballot: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    keep = f"1:step:{ballot}:keep_plan:keep"
    if keep in data and member.character is not Character.CHANGER:
        return SOON, (tap(keep),)
    following = str(int(ballot) + 1)
    change = tap(f"1:step:{ballot}:keep_plan:change")
    return SOON, (change, *_whole_plan(following, f"1:step:{following}:plan:*", member))


def _rsvp(member: CastMember, code: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]] | None:
    if member.character not in GUESTS:
        return None
    if f"1:rsvp:{code}:maybe" not in data:
        return _offered(member, code)
    said = ("yes", "yes", "maybe", "no")[member.number // 11 % 4]
    if member.neighbour is not None:
        said = NEIGHBOURS_SAY[member.neighbour]
    if said == "yes" and member.number % 7 == 0:
        # With somebody else, where the event allows it.
        return SOON, (tap(f"1:rsvp:{code}:yes"), {**tap(f"1:guests:{code}:1"), "optional": True})
    if said == "yes":
        # Lends a hand, where the event has shifts.
        shifts = ({**tap(f"1:shifts:{code}"), "optional": True}, {**tap("1:shift:*"), "optional": True})
        return SOON, (tap(f"1:rsvp:{code}:yes"), *shifts)
    return SOON, (tap(f"1:rsvp:{code}:{said}"),)


NEIGHBOURS_SAY = ("yes", "yes", "yes", "yes", "yes", "yes", "maybe", "no")
"""One after the other: with half as many seats as there are neighbours the fifth waits, and the sixth."""
CANCEL = (0, 1)
"""Those of them who cancel on the eve: a seat and a place in a shift come free."""


def _series(member: CastMember, code: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]] | None:
    """Some come to the first date, some to the second."""
    if member.character not in GUESTS:
        return None
    dates = [each for each in data if each.startswith("1:series_date:")]
    date = dates[member.number % len(dates)]
    return SOON, (tap(date), {**tap(f"1:rsvp:{date.rpartition(':')[2]}:yes"), "optional": True})


def _shift_offered(member: CastMember, shift: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    """A place in a shift came free: some take it, some don’t want it any more."""
    return SOON, (tap(f"1:shift:{shift}:{'no' if member.number % 3 == 1 else 'yes'}"),)


def _offered(member: CastMember, code: str) -> tuple[timedelta, tuple[Act, ...]] | None:
    """A seat came free: some take it, some don’t want it any more, some say nothing."""
    said = ("yes", "no", None)[member.number % 3]
    return None if said is None else (SOON, (tap(f"1:rsvp:{code}:{said}"),))


def _attend(member: CastMember, code: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]] | None:
    cancels = member.number % 5 == 0 if member.neighbour is None else member.neighbour in CANCEL
    said = f"1:attend:{code}:{'cancel' if cancels else 'confirm'}"
    return (SOON, (tap(said),)) if said in data else None


def _came(member: CastMember, code: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    return SOON, (tap(f"1:came:{code}:{'yes' if member.number % 2 else 'no'}"),)


def _stars(member: CastMember, code: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]]:
    """How it was, and what they would change."""
    return SOON, (
        tap(f"1:stars:{code}:{1 + member.number % 5}"),
        {**tap(f"1:change:{code}:time"), "optional": True},
    )


def _survey(member: CastMember, code: str, data: Sequence[str]) -> tuple[timedelta, tuple[Act, ...]] | None:
    return surveying.answers(member, code)


_ANSWERS: dict[str, Answer] = {
    "pledge": _pledge,
    "place": _place,
    "plan": _plan,
    "echo": _echo,
    "turnout": _turnout,
    "last_call": _last_call,
    "keep_plan": _keep_plan,
    "rsvp": _rsvp,
    "series_date": _series,
    "shift": _shift_offered,
    "attend": _attend,
    "came": _came,
    "stars": _stars,
    "survey": _survey,
}
