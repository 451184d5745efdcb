"""What the messages about voting show: the right day for each place, and words that the law lets through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from bot.campaign.campaign import Campaign, load_campaign
from bot.rules.kinds import Kind
from bot.rules.territories import TERRITORIES
from bot.words.step_values import next_vote, values_for_step, vote_in
from bot.words.texts import Text, Texts
from db.people import Person
from db.vote_plans import VotePlan
from locales import LANGUAGES
from tests.frozen import FROZEN

PRIMARY = load_campaign(FROZEN)
PRESIDENTIAL = load_campaign(Path("campaigns/presidentielle-2027"))
WEDNESDAY = datetime(2016, 11, 16, 12, tzinfo=UTC)
LYON = Person(
    id=1,
    telegram_id=7,
    pseudonym="0123456789abcdef",
    friend_code="fedcba9876543210",
    state="registered",
    language="fr",
    first_name="Zoé",
    commune="69123",
    department="69",
    region="84",
    territory="FR",
    country=None,
    zone="Europe/Paris",
    latitude=45.76,
    longitude=4.83,
    consent_contact=True,
    consent_commune=True,
    consent_team=False,
    consent_keep=False,
    asked_team=True,
    asked_keep=True,
    renew_contact=False,
    renew_commune=False,
    renew_team=False,
    renew_keep=False,
    mutes_events=False,
    mutes_news=False,
    mutes_reminders=False,
    volunteer=False,
    recruiter=None,
    unanswered=0,
    unreachable_at=None,
    created_at=WEDNESDAY,
    registered_at=WEDNESDAY,
    seen_at=WEDNESDAY,
    undisturbed_until=None,
    puzzled_at=None,
    newest_message=None,
)
PLAN = VotePlan(
    person=1,
    ballot=1,
    intention="will",
    slot="midday",
    departure="home",
    company="friends",
    vote=None,
    at=WEDNESDAY,
)


def lives_in(territory: str | None, **where: Any) -> Person:
    zone = TERRITORIES[territory].zone if territory else None
    nowhere = {"commune": None, "department": None, "region": None}
    return LYON._replace(territory=territory, **{**nowhere, "zone": zone, **where})


@pytest.mark.parametrize(
    ("territory", "day", "opens_at", "closes_at"),
    [
        ("FR", date(2016, 11, 20), "2016-11-20T07:00", "2016-11-20T18:00"),
        # The Americas vote on Saturday, each by their own clock.
        ("971", date(2016, 11, 19), "2016-11-19T12:00", "2016-11-19T23:00"),
        ("987", date(2016, 11, 19), "2016-11-19T18:00", "2016-11-20T05:00"),
        # Nouméa is ten hours ahead of Paris.
        ("988", date(2016, 11, 20), "2016-11-19T21:00", "2016-11-20T08:00"),
        # Online, on two days, by Paris time.
        ("abroad", date(2016, 11, 20), "2016-11-19T18:00", "2016-11-20T18:00"),
    ],
)
def test_the_ballot_where_one_votes(territory: str, day: date, opens_at: str, closes_at: str) -> None:
    vote = vote_in(PRIMARY, PRIMARY.ballot(1), person=lives_in(territory), language="fr")
    assert vote is not None
    assert vote.day == day
    assert vote.opens_at == datetime.fromisoformat(f"{opens_at}+00:00")
    assert vote.closes_at == datetime.fromisoformat(f"{closes_at}+00:00")
    assert vote.online is (territory == "abroad")
    assert not vote.assumed


def test_without_a_place_metropolitan_hours_are_shown_as_such() -> None:
    vote = vote_in(PRIMARY, PRIMARY.ballot(1), person=lives_in(None), language="fr")
    assert vote is not None
    assert (vote.territory, vote.assumed) == ("FR", True)


@pytest.mark.parametrize(
    ("commune", "closes"), [("69123", time(20)), ("69383", time(20)), ("42218", time(19))]
)
def test_a_commune_may_close_later(commune: str, closes: time) -> None:
    """Lyon, its 3rd arrondissement, and Saint-Étienne under the file of 2027."""
    ballot = PRESIDENTIAL.ballot(1)
    vote = vote_in(PRESIDENTIAL, ballot, person=lives_in("FR", commune=commune), language="fr")
    assert vote is not None
    assert vote.closes == closes


def test_the_next_vote_follows_the_local_close() -> None:
    """At 18:00 UTC on Saturday Guadeloupe still votes, on Sunday only the others do."""
    saturday, sunday = datetime(2016, 11, 19, 18, tzinfo=UTC), datetime(2016, 11, 20, 1, tzinfo=UTC)
    found = [next_vote(PRIMARY, person=lives_in("971"), language="fr", now=now) for now in (saturday, sunday)]
    assert [vote.ballot for vote in found if vote is not None] == [1, 2]


def test_a_ballot_held_elsewhere_has_no_message() -> None:
    abroad_only = replace(
        PRIMARY, ballots=(replace(PRIMARY.ballots[0], pollings=(PRIMARY.ballots[0].polling("abroad"),)),)
    )
    with pytest.raises(ValueError, match="not held in FR"):
        values_of(abroad_only, LYON, None, 1)


# -- the words of the steps --


def values_of(campaign: Campaign, person: Person, plan: VotePlan | None, ballot: int) -> dict[str, Any]:
    return dict(
        values_for_step(
            person=person,
            plan=plan,
            campaign=campaign,
            ballot=ballot,
            language=person.language or "fr",
            bot_username="portevoix_bot",
            now=campaign.ballots[0].pollings[0].opens_local.astimezone(UTC).replace(day=1),
        )
    )


def rendered(
    campaign: Campaign, template: str, language: str, person: Person, plan: VotePlan | None, ballot: int
) -> Text:
    person = person._replace(language=language)
    values = values_of(campaign, person, plan, ballot)
    zone = person.zone or "Europe/Paris"
    texts = Texts({"campaign": campaign})
    return texts.render(f"steps/{template}", language, person=person, zone=zone, now=WEDNESDAY, **values)


STEPS = [
    (campaign, step, ballot.number)
    for campaign in (PRIMARY, PRESIDENTIAL)
    for step in campaign.steps
    for ballot in campaign.ballots
    if step.belongs_to(ballot.number) and step.kind is not Kind.CIVIC_NEUTRAL
]
"""The neutral ones are those of tests/words/test_neutral.py."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("campaign", "step", "ballot"),
    STEPS,
    ids=[f"{campaign.slug}-{step.name}-{ballot}" for campaign, step, ballot in STEPS],
)
def test_every_step_is_worded_for_everybody(
    campaign: Campaign, step: Any, ballot: int, language: str
) -> None:
    """With and without a plan, at home, abroad and without a place: within limits, and as its kind allows."""
    for person in (LYON, lives_in("abroad", country="CA"), lives_in(None)):
        for plan in (PLAN, None):
            text = rendered(campaign, step.template, language, person, plan, ballot)
            shown = text.html + str(text.keyboard)
            assert 0 < len(text.html) < 4096
            group = "news" if step.kind is Kind.PERSUASION else "reminders"
            assert f"1:optout:{group}" in shown
            assert campaign.sender.name in text.html
            assert campaign.label is None or campaign.label.sponsor in text.html


def test_the_plan_step_asks_for_a_slot_of_the_campaign_in_rows_a_thumb_can_tap() -> None:
    text = rendered(PRIMARY, "plan", "fr", LYON, None, 1)
    assert [[button.label for button in row] for row in text.keyboard] == [
        ["Le matin", "Vers midi"],
        ["L’après-midi", "Dans la dernière heure"],
        ["Ne plus recevoir ces rappels"],
    ]


@pytest.mark.parametrize(
    ("plan", "ballot", "said"),
    [
        (PLAN, 1, "Souhaitez-vous garder votre plan"),
        (None, 1, "Quand irez-vous"),
        (replace(PLAN, vote="voted"), 1, "Merci d’avoir voté"),
        (None, 2, "<b>Le vote est terminé"),
        (replace(PLAN, vote="voted"), 2, "<b>Merci d’avoir voté"),
    ],
)
def test_the_thanks_fit_what_was_said_and_what_follows(plan: VotePlan | None, ballot: int, said: str) -> None:
    assert said in rendered(PRIMARY, "thanks", "fr", LYON, plan, ballot).html


@pytest.mark.parametrize(("plan", "times"), [(None, 0), (PLAN, 0), (replace(PLAN, vote="voted"), 1)])
def test_after_the_last_round_only_who_voted_is_thanked_and_once(plan: VotePlan | None, times: int) -> None:
    text = rendered(PRIMARY, "thanks", "fr", LYON, plan, 2)
    assert text.html.count("Merci") == times
    # No other such message comes: the button says what it ends.
    assert [button.label for button in text.keyboard[-1]] == ["Ne plus recevoir de nouvelles"]


@pytest.mark.parametrize(
    ("campaign", "zone", "day"),
    [
        # Consulates of the Americas vote on Saturday under the electoral code; others, and online voting, do not.
        (PRESIDENTIAL, "America/New_York", date(2027, 4, 10)),
        (PRESIDENTIAL, "Pacific/Honolulu", date(2027, 4, 10)),
        (PRESIDENTIAL, "Asia/Tokyo", date(2027, 4, 11)),
        (PRESIDENTIAL, None, date(2027, 4, 11)),
        (PRIMARY, "America/New_York", date(2016, 11, 20)),
    ],
)
def test_people_abroad_vote_on_the_day_of_their_consulate(
    campaign: Campaign, zone: str | None, day: date
) -> None:
    vote = vote_in(campaign, campaign.ballot(1), person=lives_in("abroad", zone=zone), language="en")
    assert vote is not None
    assert vote.day == day


@pytest.mark.parametrize(
    ("campaign", "promised"),
    [("presidentielle-2027", False), ("municipales-2026", False), ("assemblee-generale", True)],
)
def test_a_reminder_on_the_day_is_promised_only_where_one_is_planned(campaign: str, promised: bool) -> None:
    found = load_campaign(Path("campaigns") / campaign)
    assert found.reminds_on_the_day is promised
