"""Audiences: whom a message is for."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadAudience, PortevoixError, UnknownArea
from bot.rules.audiences import (
    Audience,
    Radius,
    RsvpCondition,
    VoteCondition,
    lives_in,
    matches,
    radius_around,
)
from bot.rules.consent import Purpose
from bot.rules.people import PersonFacts, RsvpAnswer, State, VoteFacts, VoteState

LYON = PersonFacts(
    territory="FR",
    zone="Europe/Paris",
    language="fr",
    registered_at=datetime(2016, 10, 1, tzinfo=UTC),
    commune="69123",
    department="69",
    region="84",
    consents=frozenset({Purpose.CONTACT, Purpose.COMMUNE}),
    volunteer=True,
    votes={1: VoteFacts(state=VoteState.WILL, slot="morning")},
    rsvps={7: RsvpAnswer.YES},
)
ABROAD = replace(LYON, territory="abroad", zone="Asia/Tokyo", commune=None, department=None, region=None)
NOWHERE = replace(LYON, territory=None, commune=None, department=None, region=None)


@pytest.mark.parametrize(
    "audience",
    [
        Audience(),
        Audience(area="R84"),
        Audience(area="69"),
        Audience(area="69123"),
        Audience(radius=Radius(commune="69266", km=10)),
        Audience(language="fr"),
        Audience(volunteers=True),
        Audience(rsvp=RsvpCondition(event=7, answers=frozenset({RsvpAnswer.YES, RsvpAnswer.MAYBE}))),
        Audience(rsvp=RsvpCondition(event=8, answers=frozenset())),  # invited, gave no answer
        Audience(vote=VoteCondition(ballot=1, states=frozenset({VoteState.WILL}))),
        Audience(vote=VoteCondition(ballot=1, planned=True)),
        Audience(vote=VoteCondition(ballot=2, states=frozenset({VoteState.NONE}), planned=False)),
        Audience(area="69", language="fr", volunteers=True, vote=VoteCondition(ballot=1, planned=True)),
    ],
)
def test_somebody_is_in_the_audience(audience: Audience) -> None:
    assert matches(audience, LYON, communes_within={"69123", "69266"})


@pytest.mark.parametrize(
    "audience",
    [
        Audience(area="R11"),
        Audience(area="75"),
        Audience(area="69266"),
        Audience(area="abroad"),
        Audience(radius=Radius(commune="75056", km=10)),
        Audience(language="en"),
        Audience(rsvp=RsvpCondition(event=7, answers=frozenset({RsvpAnswer.NO}))),
        Audience(rsvp=RsvpCondition(event=7, answers=frozenset())),
        Audience(vote=VoteCondition(ballot=1, states=frozenset({VoteState.VOTED}))),
        Audience(vote=VoteCondition(ballot=2, planned=True)),
        Audience(area="69", language="en"),  # one condition fails: all do
    ],
)
def test_somebody_is_not_in_the_audience(audience: Audience) -> None:
    assert not matches(audience, LYON, communes_within={"75056"})


def test_who_is_not_active_or_did_not_agree_is_in_no_audience() -> None:
    assert not matches(Audience(), replace(LYON, state=State.STOPPED))
    assert not matches(Audience(), replace(LYON, state=State.UNREACHABLE))
    assert not matches(Audience(), replace(LYON, consents=frozenset({Purpose.COMMUNE})))


def test_choosing_by_commune_needs_consent_and_everybody_does_not() -> None:
    discreet = replace(LYON, consents=frozenset({Purpose.CONTACT}))
    assert matches(Audience(), discreet)
    assert not matches(Audience(area="69"), discreet)
    assert not matches(Audience(radius=Radius(commune="69123", km=5)), discreet, communes_within={"69123"})


def test_people_abroad_and_people_without_a_commune() -> None:
    assert matches(Audience(), ABROAD)
    assert matches(Audience(area="abroad"), replace(ABROAD, consents=frozenset({Purpose.CONTACT})))
    assert not lives_in("69", ABROAD)
    assert matches(Audience(), NOWHERE)
    assert not matches(Audience(area="abroad"), NOWHERE)
    assert not matches(Audience(area="69"), NOWHERE)


def test_an_audience_stays_within_an_area() -> None:
    assert Audience(area="69123").within("69")
    assert not Audience(area="69").within("69123")
    assert not Audience().within("69")
    assert Audience(area="abroad").within("FR")


AUDIENCES = st.builds(
    Audience,
    area=st.sampled_from(["FR", "abroad", "R84", "69", "2A", "69123"]),
    radius=st.none() | st.builds(Radius, commune=st.sampled_from(["69123", "2A004"]), km=st.integers(1, 500)),
    language=st.none() | st.sampled_from(["fr", "en", "pt-PT"]),
    rsvp=st.none()
    | st.builds(RsvpCondition, event=st.integers(1), answers=st.frozensets(st.sampled_from(RsvpAnswer))),
    vote=st.none()
    | st.builds(
        VoteCondition,
        ballot=st.integers(1, 2),
        states=st.frozensets(st.sampled_from(VoteState)),
        planned=st.none() | st.booleans(),
    ),
    volunteers=st.booleans(),
)


@given(audience=AUDIENCES)
def test_an_audience_survives_json(audience: Audience) -> None:
    assert Audience.from_json(json.loads(json.dumps(audience.to_json()))) == audience


@pytest.mark.parametrize(
    "data",
    [
        {"aera": "69"},
        {"radius": {"commune": "69123"}},
        {"radius": {"commune": "69123", "km": 0}},
        {"radius": {"commune": "69123", "km": "10"}},
        {"rsvp": {"event": 7, "answers": ["perhaps"]}},
        {"vote": {"states": ["voted"]}},
        {"vote": {"ballot": 1, "states": 7}},
        {"area": 69},
    ],
)
def test_a_broken_audience_is_refused_with_a_sentence(data: dict[str, object]) -> None:
    with pytest.raises(BadAudience) as refused:
        Audience.from_json(data)
    assert refused.value.sentence.endswith(".")


def test_an_audience_in_an_unknown_area_is_refused() -> None:
    with pytest.raises(UnknownArea):
        Audience.from_json({"area": "Lyon"})


@pytest.mark.parametrize(("commune", "km"), [("69123", 0), ("69123", 501), ("Lyon", 5)])
def test_a_radius_is_around_a_commune_and_has_bounds(commune: str, km: int) -> None:
    with pytest.raises(PortevoixError):
        radius_around(commune, km)
