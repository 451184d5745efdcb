"""Audiences: whom a message is for. Every condition that is set must hold; an empty audience is everybody.

Choosing people by their commune needs their consent to it (purpose `commune`). A radius is around a commune's
centre. `db.audiences` finds the people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import BadAudience
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, normal_area
from bot.rules.people import RsvpAnswer, VoteState

MAX_RADIUS_KM = 500


@dataclass(frozen=True, kw_only=True)
class Radius:
    """Communes whose centre is within `km` kilometres of a commune's centre (INSEE code), which is
    included.
    """

    commune: str
    km: int


@dataclass(frozen=True, kw_only=True)
class RsvpCondition:
    """People who gave one of these answers to an event; no answers listed: who were invited and gave none."""

    event: int
    answers: frozenset[RsvpAnswer]


@dataclass(frozen=True, kw_only=True)
class VoteCondition:
    """People whose vote in a ballot is in one of these states, and who planned a slot, did not, or either
    (None).
    """

    ballot: int
    states: frozenset[VoteState] = frozenset(VoteState)
    planned: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Audience:
    """The people whom a message is for; None and False set no condition. `area` is an area code, FR everybody."""

    area: str = EVERYWHERE
    radius: Radius | None = None
    language: str | None = None
    rsvp: RsvpCondition | None = None
    vote: VoteCondition | None = None
    volunteers: bool = False

    @property
    def uses_commune(self) -> bool:
        """Whether people are chosen by where they vote or live, which needs their consent."""
        return self.area not in {EVERYWHERE, ABROAD_AREA} or self.radius is not None

    def to_json(self) -> dict[str, Any]:
        """A JSON object; conditions that are not set are left out."""
        data: dict[str, Any] = {"area": self.area}
        if self.radius is not None:
            data["radius"] = {"commune": self.radius.commune, "km": self.radius.km}
        if self.language is not None:
            data["language"] = self.language
        if self.rsvp is not None:
            data["rsvp"] = {"event": self.rsvp.event, "answers": sorted(self.rsvp.answers)}
        if self.vote is not None:
            data["vote"] = {"ballot": self.vote.ballot, "states": sorted(self.vote.states)}
            if self.vote.planned is not None:
                data["vote"]["planned"] = self.vote.planned
        if self.volunteers:
            data["volunteers"] = True
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Audience":
        """Reads what `to_json` wrote; raises BadAudience or UnknownArea for anything else."""
        unknown = set(data) - {"area", "radius", "language", "rsvp", "vote", "volunteers"}
        if unknown:
            raise BadAudience(f"An audience has no condition “{sorted(unknown)[0]}”.", condition=min(unknown))
        try:
            radius, rsvp, vote = data.get("radius"), data.get("rsvp"), data.get("vote")
            return cls(
                area=normal_area(data.get("area", EVERYWHERE)),
                radius=radius_around(radius["commune"], radius["km"]) if radius else None,
                language=data.get("language"),
                rsvp=_rsvp_condition(rsvp) if rsvp else None,
                vote=_vote_condition(vote) if vote else None,
                volunteers=bool(data.get("volunteers", False)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise BadAudience(f"The audience cannot be read: {fault}.") from fault


def radius_around(commune: str, km: int) -> Radius:
    """A radius of 1 to 500 km; raises BadAudience or UnknownArea."""
    if not isinstance(km, int) or not 1 <= km <= MAX_RADIUS_KM:
        raise BadAudience(f"A radius is a whole number of kilometres from 1 to {MAX_RADIUS_KM}.", km=km)
    return Radius(commune=normal_area(commune), km=km)


def _rsvp_condition(data: Mapping[str, Any]) -> RsvpCondition:
    return RsvpCondition(event=int(data["event"]), answers=frozenset(map(RsvpAnswer, data["answers"])))


def _vote_condition(data: Mapping[str, Any]) -> VoteCondition:
    return VoteCondition(
        ballot=int(data["ballot"]),
        states=frozenset(map(VoteState, data.get("states", VoteState))),
        planned=data.get("planned"),
    )


def chosen_by_commune(audience: Mapping[str, Any], area: str) -> bool:
    """Whether a broadcast, as it is stored, chose people by where they vote: by itself or by its author's `area`."""
    areas = {area, audience.get("area", EVERYWHERE)}
    return bool(audience.get("radius")) or not areas <= {EVERYWHERE, ABROAD_AREA}
