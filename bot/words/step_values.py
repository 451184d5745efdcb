"""What the messages about voting show to one person: their day and hours, what to bring, their plan, a link for
friends. Pure, so that a sender makes thousands from people and plans loaded together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.links import friend_link
from bot.rules.ballots import Ballot, Hours
from bot.rules.neutrality import bears_a_name
from bot.rules.polling_places import NOWHERE_KNOWN, PollingPlace, Where
from bot.rules.reminders import territory_followed
from bot.rules.territories import METROPOLE, at_local, territory_of, zone
from bot.words.telegram_html import links_in
from db.people import Person
from db.vote_plans import VotePlan

MOST_KEPT = 4_096


class Vote(Frozen):
    """One ballot where one person votes. `day`, `opens`, `closes` are local to `zone`; the instants are UTC.

    `name`: "premier tour". `assumed`: no place is known, so these are metropolitan France's. `online`: people
    abroad, from `opens_at` to `closes_at`, which may be on two days. `is_last`: no ballot follows.
    `is_only`: there is no other round. `among_members`: of a vote of members, so that no words speak of polling places.
    `own_zone`: of whoever votes online and lives by another clock than that of Paris, beside which theirs is told.
    """

    ballot: int
    name: str
    territory: str
    day: date
    opens: time
    closes: time
    opens_at: datetime
    closes_at: datetime
    zone: str
    online: bool
    assumed: bool
    is_last: bool
    is_only: bool = False
    among_members: bool = False
    own_zone: str | None = None

    @property
    def title(self) -> str:
        """The name as a heading."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def is_told_by_paris(self) -> bool:
        """Whether an hour needs saying that it is that of Paris: who votes online lives wherever they do."""
        return self.online and not self.among_members and self.own_zone is None

    def has_opened(self, now: datetime) -> bool:
        return self.opens_at <= now

    def days_until(self, now: datetime, own_zone: str) -> int:
        """In how many days one can vote, by the clock of whoever reads it; negative once one can."""
        if self.has_opened(now):
            return -1
        where = zone(own_zone)
        return (self.opens_at.astimezone(where).date() - now.astimezone(where).date()).days

    def is_over(self, now: datetime) -> bool:
        return self.closes_at <= now


class UsefulFacts(Frozen):
    """Facts that are useful before going, in the person's language; blank where the campaign file is silent."""

    fee: str
    who: str
    identity: str
    sentence: str
    sentence_means: str
    no_proxy: str
    abroad: str
    place: str
    polling_place: str


def vote_in(campaign: Campaign, ballot: Ballot, *, person: Person, language: str) -> Vote | None:
    """A ballot as it takes place for one person; None where it is not held."""
    territory = territory_followed(person.territory, ballot)
    if territory is None:
        return None
    ballot = campaign.ballot_for(ballot, territory=territory, zone=person.zone)
    polling = ballot.polling(territory)
    hours = _hours(ballot, territory, person.commune)
    opening_day = polling.day - timedelta(days=polling.opens_days_before)
    vote = Vote(
        ballot=ballot.number,
        name=campaign.text(campaign.ballot_names.get(ballot.number, {}), language),
        territory=territory,
        day=polling.day,
        opens=hours.opens,
        closes=hours.closes,
        opens_at=at_local(opening_day, hours.opens, polling.zone).astimezone(UTC),
        closes_at=at_local(polling.day, hours.closes, polling.zone).astimezone(UTC),
        zone=polling.zone.key,
        online=polling.online,
        assumed=person.territory is None,
        is_last=_is_last(campaign, ballot, territory),
        is_only=campaign.has_one_round,
        among_members=not campaign.asks_place,
    )
    return replace(vote, own_zone=person.zone) if _has_another_clock(vote, person.zone) else vote


def _has_another_clock(vote: Vote, own: str | None) -> bool:
    if own is None or not vote.online or vote.among_members:
        return False
    offsets = (vote.opens_at.astimezone(zone(each)).utcoffset() for each in (own, vote.zone))
    return len(set(offsets)) > 1


def _hours(ballot: Ballot, territory: str, commune: str | None) -> Hours:
    if commune is not None and territory_of(commune) == territory:
        return ballot.hours_in(commune)
    return ballot.polling(territory).hours


def at_place(vote: Vote, place: PollingPlace | None) -> Vote:
    """The vote with the hours of the person's own polling place, where its file tells them."""
    if place is None or place.opens is None or place.closes is None:
        return vote
    where = zone(vote.zone)
    return replace(
        vote,
        opens=place.opens,
        closes=place.closes,
        opens_at=at_local(vote.day, place.opens, where).astimezone(UTC),
        closes_at=at_local(vote.day, place.closes, where).astimezone(UTC),
    )


def _is_last(campaign: Campaign, ballot: Ballot, territory: str) -> bool:
    later = (each for each in campaign.ballots if each.number > ballot.number)
    return not any(each.takes_place_in(territory) for each in later)


def next_vote(campaign: Campaign, *, person: Person, language: str, now: datetime) -> Vote | None:
    """The first ballot that is not over where the person votes; None after the last."""
    for ballot in campaign.ballots:
        vote = vote_in(campaign, ballot, person=person, language=language)
        if vote is not None and not vote.is_over(now):
            return vote
    return None


def votes_after(campaign: Campaign, ballot: Ballot, *, person: Person, language: str) -> tuple[Vote, ...]:
    """The later ballots as they take place for one person."""
    later = (each for each in campaign.ballots if each.number > ballot.number)
    found = (vote_in(campaign, each, person=person, language=language) for each in later)
    return tuple(vote for vote in found if vote is not None)


def facts_for(campaign: Campaign, *, territory: str, language: str) -> UsefulFacts:
    """The campaign's practical information for a territory."""
    practical = campaign.practical_in(language)
    return UsefulFacts(
        fee=practical.fee_in(territory),
        who=practical.who,
        identity=practical.identity,
        sentence=practical.sentence,
        sentence_means=practical.sentence_means,
        no_proxy=practical.no_proxy,
        abroad=practical.abroad,
        place=practical.place,
        polling_place=campaign.links.get("polling_place", ""),
    )


def values_for_step(
    *,
    person: Person,
    plan: VotePlan | None,
    campaign: Campaign,
    ballot: int,
    language: str,
    bot_username: str,
    now: datetime,
    where: Where = NOWHERE_KNOWN,
) -> Mapping[str, Any]:
    """The values that the templates of `steps/` and `vote/` are given, beside `person`, `zone` and `now`.

    Raises ValueError where the ballot is not held: no step is sent there. `friend_link` is None while the law
    forbids to pass on a call to vote, and once the candidate is out. While it does (`is_quiet`), what the campaign file
    says is told as far as it is neutral. `days`: until the person's own opening. `asks_to_keep`: nobody asked them yet
    whether their profile is kept after the vote. `later`: the votes that follow where the person votes.
    """
    held = campaign.ballot(ballot)
    vote = vote_in(campaign, held, person=person, language=language)
    if vote is None:
        raise ValueError(f"Ballot {ballot} is not held in {person.territory or METROPOLE}.")
    later = votes_after(campaign, held, person=person, language=language)
    facts = facts_for(campaign, territory=vote.territory, language=language)
    is_quiet = campaign.is_quiet(territory=person.territory, now=now, zone=person.zone)
    if is_quiet:
        vote, facts = neutral_only(campaign, vote, facts)
        later = tuple(neutral_only(campaign, each, facts)[0] for each in later)
    may_pass_on = not is_quiet and not campaign.is_out(now)
    return MappingProxyType(
        {
            "vote": at_place(vote, where.place),
            "later": later,
            "where": where,
            "plan": plan,
            "facts": facts,
            "slots": campaign.slots,
            "is_quiet": is_quiet,
            "asks_to_keep": not (person.consent_keep or person.asked_keep),
            "days": vote.days_until(now, person.zone or vote.zone),
            "friend_link": friend_link(bot_username, person.friend_code) if may_pass_on else None,
            "may_help": campaign.needs_hands(now),
        }
    )


def neutral_only(campaign: Campaign, vote: Vote, facts: UsefulFacts) -> tuple[Vote, UsefulFacts]:
    """The vote and the facts without what bears a name of the campaign or a link; nor the sentence to sign, which may
    be a slogan."""
    told = {name: text if is_neutral(text, campaign) else "" for name, text in vars(facts).items()}
    told |= {"sentence": "", "sentence_means": "", "polling_place": facts.polling_place}
    return replace(vote, name=vote.name if is_neutral(vote.name, campaign) else ""), UsefulFacts(**told)


@lru_cache(maxsize=MOST_KEPT)
def _is_neutral(text: str, names: tuple[str, ...]) -> bool:
    return not bears_a_name(text, names) and not links_in(text)


def is_neutral(text: str, campaign: Campaign) -> bool:
    """Whether words that the program did not write may stand in a quiet period: no name of the campaign, no link."""
    return _is_neutral(text, campaign.own_names)
