"""Audiences: whom a message is for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadAudience, PortevoixError, UnknownArea
from bot.rules.audiences import Audience, Radius, RsvpCondition, VoteCondition, radius_around
from bot.rules.people import RsvpAnswer, VoteState

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
