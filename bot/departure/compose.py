"""A broadcast as one person receives it: pure, from rows that were loaded before.

Previews and the sender call the same function, so that what an organizer sees is what leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Unpack
from zoneinfo import ZoneInfo

from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.delivery.calls import PAID, Call
from bot.delivery.messages import captioned, message
from bot.departure.composable import About, Composable, Fate
from bot.departure.forms import NO_CHAT, Form, filled_for_each, same_for_all
from bot.departure.placeholders import OWN, value_of
from bot.rules.ballots import Ballot
from bot.rules.kinds import MUTES, Kind, Mute
from bot.rules.neutrality import is_worded_by_the_program
from bot.rules.people import RsvpAnswer
from bot.rules.polling_places import NOWHERE_KNOWN, Where
from bot.rules.sending import OFFER
from bot.rules.shifts import Shift, at_the_same_time
from bot.rules.territories import ABROAD, territory_of
from bot.words import neutral
from bot.words.staff_texts import cut_for_each
from bot.words.surveys import first_text
from bot.words.texts import Text, Texts
from db.events import Event, EventText, EventTexts, text_in
from db.people import Person
from db.rsvps import Rsvp
from db.surveys import Survey

# How many event messages, and how many communes' words, are kept ready.
MOST_KEPT = 500
MOST_COMMUNES = 20_000


class Composer:
    """Everything that does not change from one person to the next; texts that many share are rendered once."""

    def __init__(self, *, texts: Texts, campaign: Campaign, gazetteer: Gazetteer, bot_username: str) -> None:
        self.campaign = campaign
        self.gazetteer = gazetteer
        self._texts = texts
        self.bot_username = bot_username
        self._signatures: dict[tuple[str, str], Text] = {}
        self._event_messages: dict[tuple[object, ...], Text] = {}
        # What a placeholder stands for is the same for everybody of a commune.
        self.commune_name: Callable[[str, str | None], str] = lru_cache(maxsize=MOST_COMMUNES)(
            self._commune_name
        )
        self.polling = lru_cache(maxsize=MOST_COMMUNES)(self._polling)

    def step(self, template: str, language: str, values: Mapping[str, Any]) -> Text:
        """What a reminder of the campaign file says."""
        return self._texts.render(f"steps/{template}", language, **values)

    def language_of(self, person: Person) -> str:
        known = person.language in self.campaign.languages
        return person.language if known and person.language else self.campaign.languages[0]

    def words(self, name: str, language: str, **values: Any) -> str:
        return self._texts.plain(name, language, **values)

    def signature(self, kind: str, language: str) -> Text:
        """The sender, the label, and the button that ends messages of this kind."""
        key = (kind, language)
        if key not in self._signatures:
            self._signatures[key] = self._texts.render("broadcasts/signature", language, mute=_mute(kind))
        return self._signatures[key]

    def event_message(
        self,
        broadcast: Composable,
        language: str,
        event: Event,
        text: EventText,
        answer: str | None,
        *,
        came: bool = False,
        shifts: Sequence[Shift] = (),
        full: bool = False,
    ) -> Text:
        """A message on an event: the same for everybody who reads a language, but for those who said maybe, or took a
        shift, and, once it is over, for those of whom it is known that they came.
        """
        maybe = answer == RsvpAnswer.MAYBE
        said = (broadcast.words, broadcast.follows, str(broadcast.series), broadcast.brief)
        key = (
            broadcast.template,
            broadcast.kind,
            language,
            event,
            text,
            maybe,
            came,
            said,
            tuple(shifts),
            full,
        )
        if key not in self._event_messages:
            if len(self._event_messages) >= MOST_KEPT:
                self._event_messages.clear()
            self._event_messages[key] = self._texts.render(
                str(broadcast.template),
                language,
                event=event,
                text=text,
                commune=self.gazetteer.by_code(event.commune),
                mute=_mute(broadcast.kind),
                maybe=maybe,
                words=broadcast.words,
                follows=broadcast.follows,
                brief=broadcast.brief,
                series=_dates(broadcast.series, event.zone),
                came=came,
                shifts=shifts,
                full=full,
                bot_username=self.bot_username,
            )
        return self._event_messages[key]

    def survey_message(self, broadcast: Composable, language: str, survey: Survey, zone: str | None) -> Text:
        """The message that asks a survey: the same for everybody who reads a language by the same clock."""

        def render(name: str, **values: Any) -> Text:
            return self._texts.render(name, language, zone=zone or "Europe/Paris", **values)

        mute = _mute(broadcast.kind)
        if not survey.id:  # a draft: all have this number, and each reads otherwise at its next preview
            return first_text(render, survey, language, mute=mute)
        key = ("survey", survey.id, broadcast.kind, language, zone)
        if key not in self._event_messages:
            if len(self._event_messages) >= MOST_KEPT:
                self._event_messages.clear()
            self._event_messages[key] = first_text(render, survey, language, mute=mute)
        return self._event_messages[key]

    def offer(self, person: Person, event: Event, texts: EventTexts, rsvp: Rsvp) -> Text:
        """A seat that came free, for one person: how many are held for them, and until when."""
        language = self.language_of(person)
        return self._texts.render(
            OFFER,
            language,
            event=event,
            text=text_in(texts, language, self.campaign.languages[0]),
            commune=self.gazetteer.by_code(event.commune),
            rsvp=rsvp,
            zone=person.zone or event.zone,
            mute=Mute.EVENTS.value,
            bot_username=self.bot_username,
        )

    def of_shift(
        self,
        template: str,
        person: Person,
        event: Event,
        texts: EventTexts,
        shift: Shift,
        place: Rsvp,
        taken: Iterable[Shift],
        *,
        others: bool = False,
    ) -> Text:
        """What became of a shift, or a place in one that came free, for one person; `taken`: theirs of the event.
        `others`: there are more that they might take.
        """
        language = self.language_of(person)
        return self._texts.render(
            template,
            language,
            event=event,
            text=text_in(texts, language, self.campaign.languages[0]),
            shift=shift,
            place=place,
            clash=at_the_same_time(shift, taken) if place.answer == "yes" else None,
            others=others,
            zone=person.zone or event.zone,
            mute=Mute.EVENTS.value,
        )

    def _commune_name(self, language: str, code: str | None) -> str:
        commune = self.gazetteer.by_code(code) if code else None
        return self.words("placeholders/commune", language, commune=commune)

    def _polling(self, name: str, language: str, ballot: Ballot, territory: str, commune: str | None) -> str:
        polling = ballot.polling(territory)
        # Where the ballot is not held in the commune's territory, the commune has no hours of it.
        theirs = commune is not None and territory_of(commune) == territory and not polling.online
        hours = ballot.hours_in(commune) if commune is not None and theirs else polling.hours
        by_paris = polling.online and territory == ABROAD
        return self.words(f"placeholders/{name}", language, day=polling.day, hours=hours, by_paris=by_paris)


def _dates(series: Mapping[str, Any] | None, zone: str) -> dict[str, Any] | None:
    """A series as its template shows it: how often, the `usual` start (of most dates, by weekday and hour), and each
    date with the code of its event.
    """
    if series is None:
        return None
    dates = [(code, datetime.fromisoformat(start)) for code, start in series["dates"]]
    walls = [start.astimezone(ZoneInfo(zone)) for _, start in dates]
    habits = Counter((wall.weekday(), wall.time()) for wall in walls)
    usual = max(walls, key=lambda wall: habits[wall.weekday(), wall.time()])
    return {"every": series["every"], "weekday": usual.weekday(), "usual": usual, "dates": dates}


def _mute(kind: str) -> str:
    """The switch under a message; under news of an event it is invitations."""
    return MUTES.get(Kind(kind), Mute.EVENTS).value


def compose_broadcast(
    composer: Composer,
    broadcast: Composable,
    texts: Mapping[str, str],
    person: Person,
    **about: Unpack[About],
) -> Call:
    """The call that sends a broadcast to a person. Raises LookupError, as `broadcast_form` does."""
    return broadcast_form(composer, broadcast, texts, person, **about)(person)


def broadcast_form(
    composer: Composer,
    broadcast: Composable,
    texts: Mapping[str, str],
    person: Person,
    *,
    now: datetime,
    event: Event | None = None,
    event_texts: EventTexts | None = None,
    survey: Survey | None = None,
    where: Where = NOWHERE_KNOWN,
    answer: str | None = None,
    came: bool = False,
    shifts: Sequence[Shift] = (),
    full: bool = False,
    **fate: Unpack[Fate],
) -> Form:
    """The form of a broadcast for all who are like a person: of staff (`texts` by language), on an event, a survey, or
    neutral. What is a reader's own (`OWN`) is read when it is filled in, and nowhere else.

    Raises LookupError for a broadcast with neither texts nor an event, and for a neutral one that is not the program's
    own words.
    """
    language = composer.language_of(person)
    if broadcast.kind == Kind.CIVIC_NEUTRAL:
        told = _neutral(composer, broadcast, texts, person, language, event=event, where=where)
        return same_for_all(as_call(NO_CHAT, told, **fate))
    if survey is not None:
        asked = composer.survey_message(broadcast, language, survey, person.zone)
        return same_for_all(as_call(NO_CHAT, asked, **fate))
    text = None
    if event is not None and event_texts:
        text = text_in(event_texts, language, composer.campaign.languages[0])
    if broadcast.template is None:
        written, spoken = _version(composer, texts, language)
        cut = cut_for_each(
            written, spoken, lambda name: value_of(composer, name, person, spoken, now, event, text), OWN
        )
        signed = composer.signature(broadcast.kind, language)
        return filled_for_each(
            cut,
            {name: partial(value, composer, spoken) for name, value in OWN.items()},
            lambda body: as_call(NO_CHAT, signed, body=body, photo=broadcast.photo, **fate),
        )
    if event is None or text is None:
        raise LookupError(f"nothing words the broadcast {broadcast.template}")
    told = composer.event_message(
        broadcast, language, event, text, answer, came=came, shifts=shifts, full=full
    )
    return same_for_all(as_call(NO_CHAT, told, photo=broadcast.photo, **fate))


def _neutral(
    composer: Composer,
    broadcast: Composable,
    texts: Mapping[str, str],
    person: Person,
    language: str,
    *,
    event: Event | None,
    where: Where,
) -> Text:
    """A neutral reminder of staff, who choose its practical fields and nothing else."""
    by_the_program = is_worded_by_the_program(
        step=None,
        template=broadcast.template,
        fields=broadcast.fields,
        photo=broadcast.photo,
        has_texts=bool(texts),
        event=event.id if event is not None else None,
    )
    if not by_the_program or broadcast.ballot is None:
        raise LookupError("a neutral reminder is not the program’s own words")
    text = neutral.reminder(
        "reminder",
        language,
        campaign=composer.campaign,
        ballot=broadcast.ballot,
        person=person,
        where=where,
        fields=broadcast.fields or (),
    )
    if text is None:
        raise LookupError(f"ballot {broadcast.ballot} is not held where the person votes")
    return text


def as_call(
    chat: int,
    text: Text,
    *,
    body: str | None = None,
    photo: str | None = None,
    paid: bool = False,
    **fate: Any,
) -> Call:
    """A text, below its `body` if there is one, as a message or as the caption of a photo that Telegram has already.

    `paid`: Telegram may take Stars for it. `fate`: further fields of the Call.
    """
    if body is not None:
        text = replace(text, html=f"{body}\n\n{text.html}")
    call = (
        message(chat, text, **fate)
        if photo is None
        else captioned(chat, text, method="sendPhoto", file={"photo": photo}, **fate)
    )
    return call.to(chat, **{PAID: True}) if paid else call


def _version(composer: Composer, texts: Mapping[str, str], language: str) -> tuple[str, str]:
    """The text of staff that is shown to readers of a language, and the language that it speaks: so does what is filled
    in."""
    if not texts:
        raise LookupError("a broadcast of staff has no text")
    first = composer.campaign.languages[0]
    spoken = next((known for known in (language, first) if known in texts), next(iter(texts)))
    return texts[spoken], spoken
