"""The cast: invented people of every territory that votes, the same ones for the same seed."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from bot.campaign.campaign import Campaign
from bot.communes import Commune, Gazetteer
from bot.communes.abroad import country_of
from bot.communes.consulates import homes_in
from bot.demo.people import FIRST_NAMES, OVERSEAS
from bot.rules.ballot_kinds import ELSEWHERE
from bot.rules.communes.query import parent_of
from bot.rules.territories import ABROAD, METROPOLE, TERRITORIES, at_local, territory_of, zone

FIRST_ID = 7_000_001
COUNTRIES = ("BE", "GB", "US", "CA", "AU", "JP")
HOMES_IN_A_COUNTRY = 2
OVERSEAS_COMMUNES = (*OVERSEAS, "98719")
METROPOLITAN_COMMUNES = 80
ABROAD_OR_OVERSEAS_SHARE = 0.2
AROUND_THE_LARGEST = 0.1
ENGLISH_SHARE = 0.15
NEIGHBOURS = 8
"""People of the largest town who all hear of the same meeting: enough for a waitlist, whatever the seed. They come
after two people of each territory.
"""
# Answers take the bot thirty times as long as messages: in a large cast most people only read.
TALKERS_SHARE, FEWEST_TALKERS, MOST_TALKERS = 0.08, 60, 4_000
NEWCOMERS_SHARE, FEWEST_NEWCOMERS, MOST_NEWCOMERS = 0.02, 15, 1_000
REGISTERED_BEFORE = timedelta(days=42)


HERE, NOT_HERE = "1:votes_here:yes", "1:votes_here:help"
"""The buttons of a campaign that is not held everywhere: yes, one votes there; no, and one helps."""


class Character(StrEnum):
    """A person's way with the messages they receive: see bot.rehearsal.conduct."""

    SILENT = "silent"
    DILIGENT = "diligent"
    HESITANT = "hesitant"
    CHANGER = "changer"
    ABSTAINER = "abstainer"
    ABSENT = "absent"
    MOVER = "mover"
    BLOCKER = "blocker"
    STOPPER = "stopper"
    MUTER = "muter"
    DELETER = "deleter"
    RESTRICTER = "restricter"
    GUEST = "guest"


TALKERS = tuple(character for character in Character if character is not Character.SILENT)


@dataclass(frozen=True, kw_only=True, slots=True)
class CastPlace:
    """Where somebody votes, and the zone they live by. `typed` is what they type in the chat to say so, `taps` the
    button that says it where there is one; members are asked nothing.

    `home` is the consulate or the city that they choose then, in a country where that is asked.
    """

    territory: str
    zone: str
    typed: str
    commune: Commune | None = None
    country: str | None = None
    home: str | None = None
    taps: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CastMember:
    """A person of the cast. `joins_at`: they sign up in the chat then; None: they were registered before it begins.

    `moves_to`, `moves_at`: they vote elsewhere from then on. `neighbour`: which of NEIGHBOURS they are, if one.
    """

    telegram_id: int
    first_name: str
    language: str
    character: Character
    place: CastPlace
    registered_at: datetime
    joins_at: datetime | None = None
    moves_to: CastPlace | None = None
    moves_at: datetime | None = None
    neighbour: int | None = None

    @property
    def number(self) -> int:
        """Counts from 0: what tells two people of one character apart."""
        return self.telegram_id - FIRST_ID

    def place_at(self, instant: datetime) -> CastPlace:
        """Where they vote at an instant."""
        if self.moves_to is not None and self.moves_at is not None and self.moves_at <= instant:
            return self.moves_to
        return self.place


# When people sign up in the chat: (the ballot, days before its day, Paris time). At night, late in the evening, on
# an eve, on a polling day and between two rounds too.
JOINING = (
    (0, 19, time(9, 50)),
    (0, 14, time(2, 20)),
    (0, 10, time(12, 40)),
    (0, 6, time(21, 10)),
    (0, 3, time(18, 20)),
    (0, 1, time(15, 10)),
    (0, 0, time(10, 40)),
    (-1, 5, time(19, 40)),
    (-1, 1, time(7, 10)),
    (-1, 0, time(14, 10)),
)
# When movers move: before the first round, and before the last one.
MOVING = ((0, 5, time(11, 30)), (-1, 3, time(11, 30)))


def paris(campaign: Campaign, ballot: int, days_before: int, at: time) -> datetime:
    """A Paris time so many days before a ballot's day (-1: the last ballot's), in UTC."""
    day = campaign.ballots[ballot].day - timedelta(days=days_before)
    return at_local(day, at, zone("Europe/Paris")).astimezone(UTC)


def invent(
    campaign: Campaign, gazetteer: Gazetteer, *, count: int, seed: int, start: datetime
) -> list[CastMember]:
    """`count` people. The first ones stand for every territory and every character, the others for the crowd."""
    chance = random.Random(seed)
    places = places_of(campaign, gazetteer, chance)
    territories = sorted(places)
    crowd = _crowd(places, chance)
    talkers = _share(count, TALKERS_SHARE, FEWEST_TALKERS, MOST_TALKERS)
    newcomers = _share(count, NEWCOMERS_SHARE, FEWEST_NEWCOMERS, MOST_NEWCOMERS)
    joining = [at for each in JOINING if (at := paris(campaign, *each)) > start]
    moving = [paris(campaign, *each) for each in MOVING]
    members = []
    for number in range(count):
        neighbour = number - 2 * len(territories)
        if 0 <= neighbour < NEIGHBOURS and count >= 2 * len(territories) + NEIGHBOURS:
            members.append(_neighbour(number, neighbour, places, start))
            continue
        stands_for = number < 4 * len(territories) + NEIGHBOURS
        place = chance.choice(_homes(places, territories, number)) if stands_for else next(crowd)
        character = _character(number, len(territories), talkers, chance)
        joins = bool(joining) and number % 4 == 3 and number < 4 * newcomers
        joins_at = joining[number // 4 % len(joining)] if joins else None
        moves_at = moving[number % 2]
        moves = (
            campaign.asks_place and character is Character.MOVER and (joins_at is None or joins_at < moves_at)
        )
        members.append(
            CastMember(
                telegram_id=FIRST_ID + number,
                first_name=chance.choice(FIRST_NAMES),
                language="en" if "en" in campaign.languages and chance.random() < ENGLISH_SHARE else "fr",
                character=character,
                place=place,
                registered_at=start - REGISTERED_BEFORE * chance.random() ** 2 - timedelta(minutes=30),
                joins_at=joins_at,
                moves_to=chance.choice(places[chance.choice(territories)]) if moves else None,
                moves_at=moves_at if moves else None,
            )
        )
    return members


def _neighbour(
    number: int, neighbour: int, places: dict[str, list[CastPlace]], start: datetime
) -> CastMember:
    return CastMember(
        telegram_id=FIRST_ID + number,
        first_name=FIRST_NAMES[neighbour],
        language="fr",
        character=Character.GUEST,
        place=(places.get(METROPOLE) or next(iter(places.values())))[0],
        registered_at=start - REGISTERED_BEFORE / 2,
        neighbour=neighbour,
    )


def _homes(places: dict[str, list[CastPlace]], territories: list[str], number: int) -> list[CastPlace]:
    """The homes of whoever stands for a territory. Abroad the Americas take turns with the rest: by some laws their
    consulates vote a day earlier.
    """
    territory = territories[number % len(territories)]
    if territory != ABROAD:
        return places[territory]
    american = number // len(territories) % 2 == 0
    return [place for place in places[ABROAD] if place.zone.startswith("America/") is american]


def _share(count: int, share: float, fewest: int, most: int) -> int:
    return min(count, most, max(fewest, round(count * share)))


def _character(number: int, territories: int, talkers: int, chance: random.Random) -> Character:
    """The talkers come first, one character after the other; each territory meets all of them in turn."""
    if number >= talkers or chance.random() < 0.15:
        return Character.SILENT
    return TALKERS[(number + number // territories) % len(TALKERS)]


def places_of(campaign: Campaign, gazetteer: Gazetteer, chance: random.Random) -> dict[str, list[CastPlace]]:
    """Places by territory, for the territories that take part in a ballot, and elsewhere where that may be said."""
    own_zone = TERRITORIES[campaign.home].zone
    if not campaign.asks_place:
        return {campaign.home: [CastPlace(territory=campaign.home, zone=own_zone, typed="")]}
    voting = {territory for ballot in campaign.ballots for territory in ballot.territories}
    places: dict[str, list[CastPlace]] = {}
    here = HERE if campaign.only_commune else None
    if not campaign.is_everywhere:
        places[ELSEWHERE] = [CastPlace(territory=ELSEWHERE, zone=own_zone, typed="", taps=NOT_HERE)]
    for commune in _communes(campaign, gazetteer, chance):
        typed = f"{commune.name} {commune.department}"
        found = gazetteer.search(typed)
        understood = found.confident and found.results[0].code == commune.code
        if understood and (territory := territory_of(commune.code)) in voting:
            place = CastPlace(territory=territory, zone=commune.zone, typed=typed, commune=commune, taps=here)
            places.setdefault(territory, []).append(place)
    for code in COUNTRIES if ABROAD in voting else ():
        country = country_of(code, "fr")
        assert country is not None  # a constant of this module
        homes = homes_in(code, "fr")
        for home in homes[:HOMES_IN_A_COUNTRY]:
            asked = home.key if len(homes) > 1 else None
            place = CastPlace(territory=ABROAD, zone=home.zone, typed=country.name, country=code, home=asked)
            places.setdefault(ABROAD, []).append(place)
    return places


def _communes(campaign: Campaign, gazetteer: Gazetteer, chance: random.Random) -> list[Commune]:
    inhabitants = gazetteer.inhabitants(METROPOLE if campaign.is_everywhere else None)
    voting = [code for code in inhabitants if campaign.is_everywhere or campaign.votes(code)]
    whole = [code for code in voting if parent_of(code) is None]
    largest = sorted(whole, key=lambda code: -inhabitants[code])
    chosen = largest[:METROPOLITAN_COMMUNES]
    if campaign.is_everywhere:
        drawn = chance.choices(whole, [inhabitants[code] for code in whole], k=METROPOLITAN_COMMUNES)
        chosen = [*largest[:3], *drawn, *OVERSEAS_COMMUNES]
    return [place for code in dict.fromkeys(chosen) if (place := gazetteer.by_code(code))]


def _crowd(places: dict[str, list[CastPlace]], chance: random.Random) -> Iterator[CastPlace]:
    """Most people in metropolitan France, some of them in its largest city; the others elsewhere."""
    elsewhere = [place for territory, found in places.items() if territory != METROPOLE for place in found]
    metropolitan = places.get(METROPOLE) or elsewhere
    elsewhere = elsewhere or metropolitan
    while True:
        draw = chance.random()
        if draw < ABROAD_OR_OVERSEAS_SHARE:
            yield chance.choice(elsewhere)
        elif draw < ABROAD_OR_OVERSEAS_SHARE + AROUND_THE_LARGEST:
            yield metropolitan[0]
        else:
            yield chance.choice(metropolitan)


def as_rows(campaign: Campaign, members: Sequence[CastMember]) -> list[dict[str, Any]]:
    """The rows of `people` of those who were registered before it begins, as signing up would have made them."""
    return [_row(campaign, member) for member in members if member.joins_at is None]


def _row(campaign: Campaign, member: CastMember) -> dict[str, Any]:
    place, commune = member.place, member.place.commune
    return {
        "telegram_id": member.telegram_id,
        "pseudonym": secrets.token_hex(8),
        "state": "registered",
        "language": member.language,
        "first_name": member.first_name,
        "commune": commune.code if commune else None,
        "department": commune.department if commune else None,
        "region": commune.region if commune else None,
        "territory": place.territory,
        "country": place.country,
        "zone": place.zone,
        "latitude": commune.latitude if commune else None,
        "longitude": commune.longitude if commune else None,
        **dict.fromkeys(("consent_contact", "consent_team", "consent_keep"), True),
        "consent_commune": campaign.chooses_by_commune and place.territory != ELSEWHERE,
        **dict.fromkeys(("asked_team", "asked_keep"), True),
        **dict.fromkeys(("created_at", "registered_at", "seen_at"), member.registered_at),
    }


# How many of their latest messages stay in a chat of the local Telegram: the last ones are all that is answered.
KEPT_BY_TALKERS, KEPT_BY_OTHERS = 2, 0


def as_account(member: CastMember) -> dict[str, Any]:
    """The person as the local Telegram takes them."""
    acts = member.character is not Character.SILENT or member.joins_at is not None
    return {
        "id": member.telegram_id,
        "first_name": member.first_name,
        "language_code": member.language,
        "started": member.joins_at is None,
        "keeps": KEPT_BY_TALKERS if acts else KEPT_BY_OTHERS,
    }
