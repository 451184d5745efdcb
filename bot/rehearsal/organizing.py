"""What the organizers do during a rehearsal, all in the chat: two events, three messages (one in two versions and taken
back, one corrected), a survey and a neutral reminder; and a supporter hosts a series, which the second organizer lets
take place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from bot.campaign.campaign import Campaign
from bot.rehearsal import surveying
from bot.rehearsal.acts import Act, send, tap
from bot.rehearsal.cast import CastMember, CastPlace, paris
from bot.rehearsal.checker import CORRECTED
from bot.rehearsal.conduct import GUESTS, WRITE_TO_THE_TEAM, Doing
from bot.rehearsal.ground import offering, walking
from bot.rules.experiments import Outcome
from bot.rules.kinds import Kind
from bot.rules.territories import METROPOLE
from bot.words.texts import Texts

ORGANIZER: dict[str, Any] = {"id": 6_000_001, "first_name": "Sophie", "language_code": "fr", "keeps": 50}
SECOND: dict[str, Any] = {"id": 6_000_002, "first_name": "Karim", "language_code": "fr", "keeps": 50}
"""Both are admins; who did not write a message may let it go where that needs a second person."""
STAFF = (ORGANIZER, SECOND)
LATER = timedelta(minutes=20)
READING = timedelta(minutes=1)
ROUNDS = 2
"""How many conversations each of them answers in a row."""
OTHER = "programme_again"
LEFT_OUT = 20
BEGINNING = 6
"""Characters that tell one text from the others."""


def organizing(campaign: Campaign, texts: Texts, members: Sequence[CastMember]) -> Iterator[Doing]:
    """Everything they do, each with the second person's look 20 minutes later."""
    written = [
        # A meeting in the place where most people are, and one far from it.
        (paris(campaign, 0, 17, time(11, 5)), _event),
        (paris(campaign, 0, 16, time(11, 5)), _far_event),
        # Three questions, which follow one another in two ways.
        (paris(campaign, *surveying.ASKED), _survey),
        # To everybody, at a quarter past twelve of their own clock.
        (paris(campaign, 0, 12, time(10, 5)), _programme),
        # Some people get one more in a full week: something has to give way.
        (paris(campaign, 0, 6, time(12, 5)), _answers),
        # And one on the eve, which the law holds back.
        (paris(campaign, 0, 1, time(10, 5)), _last_word),
        # A neutral reminder may leave then, where the campaign file allows it.
        (paris(campaign, 0, 1, time(11, 5)), _neutral_reminder),
    ]
    yield from _hosted(campaign, texts, members)
    # The meeting has two shifts that overlap, before anybody answers; on its day who comes in is ticked on the list.
    yield from _plan_shifts(paris(campaign, 0, 17, time(11, 5)) + LATER)
    door = paris(campaign, 0, 11, time(18, 35))
    yield Doing(at=door, person=ORGANIZER["id"], acts=tuple(_optional(_MY_EVENT, tap("1:door:*"))))
    for minutes in range(1, 4):
        # The first on the list is there, was not after all, and is.
        tick = tuple(_optional(tap("1:tick:*")))
        yield Doing(at=door + minutes * READING, person=ORGANIZER["id"], acts=tick)
    yield offering(campaign, ORGANIZER["id"])
    yield from walking(campaign, members)
    yield from _think_again(campaign, texts)
    yield from _answer_questions(campaign)
    for at, acts in written:
        wanted = acts(campaign, texts, members, at)
        if wanted:
            yield Doing(at=at, person=ORGANIZER["id"], acts=wanted)
            # What would reach nobody is sent all the same; and the word counts once the summary was read.
            anyway = {**tap("1:broadcast_better:anyway"), "optional": True}
            yield Doing(at=at + READING, person=ORGANIZER["id"], acts=(anyway,))
            word = _confirmation(campaign, texts)
            yield Doing(at=at + 2 * READING, person=ORGANIZER["id"], acts=(word,))
            yield Doing(at=at + LATER, person=SECOND["id"], acts=_approve())


def _think_again(campaign: Campaign, texts: Texts) -> Iterator[Doing]:
    """A message is taken back and another is corrected, each with the second person's look."""
    # Two days at most after it left, by whatever clock: it can still be deleted.
    regret = paris(campaign, 0, 10, time(10, 5))
    yield Doing(at=regret, person=ORGANIZER["id"], acts=_take_back(campaign, texts))
    yield Doing(
        at=regret + LATER, person=SECOND["id"], acts=({**tap("1:broadcast_decide:*"), "optional": True},)
    )
    second_thought = paris(campaign, 0, 5, time(10, 5))
    # Each look is at what came meanwhile: the chat holds an older list and an older card.
    for minutes, looks in enumerate(_correct(campaign, texts)):
        yield Doing(at=second_thought + minutes * READING, person=ORGANIZER["id"], acts=looks)
    yield Doing(
        at=second_thought + LATER,
        person=SECOND["id"],
        acts=({**tap("1:broadcast_decide:*"), "optional": True},),
    )


def _answer_questions(campaign: Campaign) -> Iterator[Doing]:
    """Both are on duty, and take what waits, the second a minute later: one at a time, each answered and closed."""
    first, *_ = asked = [paris(campaign, *moment) for moment in WRITE_TO_THE_TEAM]
    for behind, who in enumerate(STAFF):
        begins = (send("/inbox"), send(str(who["first_name"])), tap("1:duty:on"))
        yield Doing(at=first - LATER, person=who["id"], acts=begins)
        for at in asked:
            for minutes in range(behind, 4 * ROUNDS, 4):
                steps = (
                    (send("/inbox"), tap("1:talk_take:*")),
                    (send("Oui, avec plaisir"),),
                    (tap("1:talk_close:*"),),
                )
                for step, acts in enumerate(steps, start=minutes):
                    when = at + LATER + step * READING
                    yield Doing(at=when, person=who["id"], acts=tuple(_optional(*acts)))


def _hosted(campaign: Campaign, texts: Texts, members: Sequence[CastMember]) -> Iterator[Doing]:
    """A neighbour's two evenings, a week apart: proposed, and let take place by the second organizer."""
    host = next((member for member in members if _may_host(member)), None)
    place = busiest(members, lambda place: place.territory == METROPOLE)
    if host is None or place is None:
        return
    at = paris(campaign, 0, 15, time(11, 5))
    acts = [send("/events"), tap("1:host")]
    acts += _words_and_place(campaign, texts, place)
    acts += [
        send(f"{at + timedelta(days=5):%d/%m} 18:00"),
        tap("1:event_duration:90"),
        tap("1:event_skip:seats:-"),
        *(tap("1:event_back:repeat"), tap("1:event_repeat:week"), send("2")),
        tap("1:host_send"),
    ]
    yield Doing(at=at, person=host.telegram_id, acts=tuple(acts))
    yield Doing(at=at + LATER, person=SECOND["id"], acts=(tap("1:host_card:*"), tap("1:host_approve:*")))
    yield Doing(
        at=at + 2 * LATER, person=ORGANIZER["id"], acts=({**tap("1:broadcast_decide:*"), "optional": True},)
    )


def _may_host(member: CastMember) -> bool:
    """Whether they were there from the beginning, stay where they are, and talk to the bot."""
    return member.joins_at is None and member.moves_at is None and member.character in GUESTS


_MY_EVENT = (send("/events"), tap("1:my_events"), tap("1:my_event:*"))


def _optional(*acts: Act | tuple[Act, ...]) -> Iterator[Act]:
    """What is done where there is such an event."""
    for each in acts:
        for act in each if isinstance(each, tuple) else (each,):
            yield {**act, "optional": True} if act["act"] == "tap" else act


def _plan_shifts(at: datetime) -> Iterator[Doing]:
    """Two shifts of the only event that there is, each of two places; one look after the other."""
    for number, (role, hours) in enumerate((("welcome", "18:00-20:00"), ("set_up", "19:00-21:00"))):
        begin = at + (1 + 6 * number) * READING
        yield Doing(at=begin, person=ORGANIZER["id"], acts=_MY_EVENT)
        asks = (tap("1:plan_shifts:*"), tap("1:plan_add:*"), tap(f"1:plan_role:{role}"))
        yield Doing(at=begin + READING, person=ORGANIZER["id"], acts=(*asks, send(hours), send("2")))


def _approve() -> tuple[Act, ...]:
    """Lets the newest message go, if it waits for a second person."""
    look, let_go = tap("1:broadcast:*"), tap("1:broadcast_decide:*")
    return (send("/broadcasts"), look, {**let_go, "optional": True})


def _take_back(campaign: Campaign, texts: Texts) -> tuple[Act, ...]:
    """The newest message."""
    word = send(texts.typed("mends/recall_word", campaign.languages[0]))
    return (send("/broadcasts"), tap("1:broadcast:*"), tap("1:mend:recall:*"), word)


def _correct(campaign: Campaign, texts: Texts) -> Iterator[tuple[Act, ...]]:
    """The newest message, in each language; one look after the other."""
    words = [send(texts.typed("rehearsal/news", code, about=CORRECTED)) for code in campaign.languages]
    word = send(texts.typed("mends/correct_word", campaign.languages[0]))
    yield (send("/broadcasts"),)
    yield (tap("1:broadcast:*"),)
    yield (tap("1:mend:correction:*"), *words, word)


def beginnings(campaign: Campaign, texts: Texts) -> dict[str, str]:
    """What each version of a message begins with, and what the correction does, by which they are told apart."""
    names = {"programme": "A", OTHER: "B", CORRECTED: CORRECTED}
    return {
        texts.typed("rehearsal/news", code, about=about)[:BEGINNING]: name
        for about, name in names.items()
        for code in campaign.languages
    }


def _confirmation(campaign: Campaign, texts: Texts) -> Act:
    return send(texts.typed("broadcasts/confirmation_word", campaign.languages[0]))


def _event(
    campaign: Campaign, texts: Texts, members: Sequence[CastMember], at: datetime
) -> tuple[Act, ...] | None:
    place = busiest(members, lambda place: place.territory == METROPOLE)
    # Fewer seats than there are people who will want one: there is a waitlist, and seats come free on the eve.
    guests = sum(member.character in GUESTS and member.place == place for member in members)
    return _announce(campaign, texts, place, at + timedelta(days=6), seats=max(1, guests // 2))


def _far_event(
    campaign: Campaign, texts: Texts, members: Sequence[CastMember], at: datetime
) -> tuple[Act, ...] | None:
    place = busiest(members, lambda place: place.territory != METROPOLE)
    return _announce(campaign, texts, place, at + timedelta(days=7))


def busiest(members: Sequence[CastMember], fits: Any) -> CastPlace | None:
    """The commune where most people of the cast vote, among those that fit."""
    found = Counter(member.place for member in members if member.place.commune and fits(member.place))
    return max(found, key=lambda place: (found[place], place.typed), default=None)


def _words_and_place(campaign: Campaign, texts: Texts, place: CastPlace) -> Iterator[Act]:
    """What is answered of every event: its words in each language, and where it is."""
    for language in campaign.languages:
        yield send(texts.typed("rehearsal/event_title", language, commune=place.commune))
        yield send(texts.typed("rehearsal/event_description", language))
    yield send(place.typed)
    yield send(texts.typed("rehearsal/event_address", campaign.languages[0]))
    yield tap("1:event_skip:pin:-")


def _announce(
    campaign: Campaign, texts: Texts, place: CastPlace | None, day: datetime, *, seats: int | None = None
) -> tuple[Act, ...] | None:
    if place is None or place.commune is None:
        return None
    acts = [send("/new_event")]
    acts += _words_and_place(campaign, texts, place)
    acts += [
        send(f"{day:%d/%m} 19:00"),
        tap("1:event_duration:120"),
        *((tap("1:event_skip:seats:-"),) if seats is None else (send(str(seats)), tap("1:event_guests:2"))),
        tap("1:event_audience"),
    ]
    return tuple(acts)


def _survey(campaign: Campaign, texts: Texts, members: Sequence[CastMember], at: datetime) -> tuple[Act, ...]:
    return surveying.ask(campaign, texts, at)


def _programme(
    campaign: Campaign, texts: Texts, members: Sequence[CastMember], at: datetime
) -> tuple[Act, ...]:
    when = send(f"{at + timedelta(days=1):%d/%m} 12:15")
    other = [send(texts.typed("rehearsal/news", code, about=OTHER)) for code in campaign.languages]
    versions = (
        *(tap("1:trial"), tap("1:trial_version:write:B"), *other),
        *(tap(f"1:trial_holdout:{LEFT_OUT}"), tap("1:trial_done"), tap(f"1:trial_goal:{Outcome.RSVP}")),
    )
    whose = tap("1:broadcast_whose:each")
    return _write(campaign, texts, "persuasion", "programme", when, whose, versions=versions)


def _answers(
    campaign: Campaign, texts: Texts, members: Sequence[CastMember], at: datetime
) -> tuple[Act, ...]:
    return _write(campaign, texts, "gotv", "answers", tap("1:broadcast_now"), language=campaign.languages[-1])


def _last_word(
    campaign: Campaign, texts: Texts, members: Sequence[CastMember], at: datetime
) -> tuple[Act, ...]:
    now = tap("1:broadcast_now")
    return _write(campaign, texts, "persuasion", "last_word", now, language=campaign.languages[-1])


def _neutral_reminder(
    campaign: Campaign, texts: Texts, members: Sequence[CastMember], at: datetime
) -> tuple[Act, ...]:
    return (
        send("/broadcast"),
        tap(f"1:broadcast_kind:{Kind.CIVIC_NEUTRAL}"),
        tap("1:broadcast_field:done"),
        tap("1:broadcast_audience"),
        tap("1:broadcast_now"),
    )


def _write(
    campaign: Campaign,
    texts: Texts,
    kind: str,
    about: str,
    *when: Act,
    language: str | None = None,
    versions: Sequence[Act] = (),
) -> tuple[Act, ...]:
    """/broadcast to everybody, or to those who read a language; `versions`: what is tapped to have several."""
    written = [send(texts.typed("rehearsal/news", code, about=about)) for code in campaign.languages]
    narrowed = [] if language is None else [tap("1:audience:who"), tap(f"1:audience_is:language:{language}")]
    return (
        send("/broadcast"),
        tap(f"1:broadcast_kind:{kind}"),
        *written,
        *versions,
        tap("1:broadcast_skip:photo:-"),
        *narrowed,
        tap("1:broadcast_audience"),
        *when,
    )
