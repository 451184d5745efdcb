"""What neutral messages say: the program's own words, filled with practical facts and with nothing that anybody typed.

Their templates, `locales/templates/neutral/`, are rendered apart from all others. The campaign is not among what they
may name, and the vote comes to them without the name that the campaign file gives it: one that would say more fails.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import cache

from bot.campaign.campaign import Campaign
from bot.communes import Commune
from bot.frozen import Frozen
from bot.rules.bringing import Money, Thing
from bot.rules.neutrality import PracticalField
from bot.rules.polling_places import PollingPlace, Where
from bot.words.step_values import Vote, at_place, is_neutral, vote_in
from bot.words.texts import Text, Texts
from db.events import Event
from db.people import Person

EVERY_FIELD = frozenset(PracticalField)


class PracticalFacts(Frozen):
    """The facts that a neutral message may tell beside the day and the hours; empty where it is not told.

    `things`, `fee`: what to bring. `hall`: where members meet to vote. `link`: the campaign file's address for finding
    one's polling place, where the place itself is not known.
    """

    place: PollingPlace | None = None
    must_choose: bool = False
    things: tuple[Thing, ...] = ()
    fee: Money | None = None
    link: str | None = None
    hall: str = ""


@cache
def _texts() -> Texts:
    return Texts({})


def worded(
    name: str, language: str, *, vote: Vote, facts: PracticalFacts = PracticalFacts(), **said: object
) -> Text:
    """A neutral message about a vote. `said`: an answer, an instant; never words."""
    return _texts().render_once(f"neutral/{name}", language, vote=replace(vote, name=""), facts=facts, **said)


def turnout(language: str, *, vote: Vote, answer: str, may_help: bool, now: datetime) -> Text:
    """What answers "voted", "later" or "can't". `may_help`: whether there is something left to help with."""
    return worded("turnout", language, vote=vote, answer=answer, may_help=may_help, now=now)


def event_cancelled(language: str, event: Event, commune: Commune | None) -> Text:
    """That an event does not take place: when and in which commune, by no name."""
    return _texts().render("neutral/event_cancelled", language, event=event, commune=commune)


def reminder(
    name: str,
    language: str,
    *,
    campaign: Campaign,
    ballot: int,
    person: Person,
    where: Where,
    fields: Collection[str] = EVERY_FIELD,
) -> Text | None:
    """The neutral reminder of a round for one person; None where it is not held."""
    vote = vote_in(campaign, campaign.ballot(ballot), person=person, language=language)
    if vote is None:
        return None
    facts = facts_about(campaign, vote, where, fields)
    hall = campaign.practical_in(language).place
    if vote.among_members and PracticalField.PLACE in fields and is_neutral(hall, campaign):
        facts = replace(facts, hall=hall)
    return worded(name, language, vote=at_place(vote, where.place), facts=facts)


def facts_about(
    campaign: Campaign, vote: Vote, where: Where, fields: Collection[str] = EVERY_FIELD
) -> PracticalFacts:
    """What is told of a vote, as far as it was chosen and is neutral; people who vote online need neither."""
    if vote.online:
        return PracticalFacts()
    told = PracticalFacts()
    if PracticalField.BRING in fields:
        bring = campaign.bring
        told = PracticalFacts(things=bring.things, fee=bring.fee_in(vote.territory))
    if PracticalField.PLACE not in fields:
        return told
    if where.place is not None and is_neutral(f"{where.place.name}, {where.place.address}", campaign):
        return replace(told, place=where.place)
    link = campaign.links.get("polling_place") or None
    return replace(told, must_choose=where.must_choose, link=link)
