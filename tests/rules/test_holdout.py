"""The holdout: random, stable, of the right size."""

from bot.rules.holdout import is_held_out

PEOPLE = range(20_000)


def held_out(percent: int, key: str = "primaire-2016") -> set[int]:
    return {person for person in PEOPLE if is_held_out(key=key, person=person, percent=percent)}


def test_the_share_is_what_was_asked_and_only_grows() -> None:
    assert held_out(0) == set()
    assert held_out(100) == set(PEOPLE)
    ten, twenty = held_out(10), held_out(20)
    assert ten < twenty
    # The standard deviation is 42 people: five of them.
    assert abs(len(ten) - 2_000) < 212


def test_another_campaign_draws_anew() -> None:
    assert held_out(10) != held_out(10, "presidentielle-2027")
