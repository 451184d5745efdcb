"""Who gets a seat, who waits, and whom a free one is for, as rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.event_draft import next_question, read_seats, reopened
from bot.rules.kinds import Kind
from bot.rules.leaving import hold
from bot.rules.offers import LONGEST, can_be_asked_in_time, may_be_asked, offer_until, time_to_answer
from bot.rules.people import RsvpAnswer
from bot.rules.seats import (
    MOST_SEATS,
    BadSeats,
    Rsvp,
    Seats,
    SeatsWanted,
    WaitingParty,
    allot,
    answered,
    brought,
    door_opens,
    lapsed,
    limit_of,
    offered,
    waits_for_all,
    within_reach,
)
from tests.conversation import CAMPAIGN, paris

AT = datetime(2016, 11, 16, 9, tzinfo=UTC)
BLANK = Rsvp(event=1, person=1, answer="yes", at=AT)
PARTIES = st.integers(1, 5)
LISTS = st.lists(st.tuples(PARTIES, st.booleans(), st.booleans()), max_size=12).map(
    lambda rows: [
        WaitingParty(person=number, ticket=number, party=party, whole=whole, reachable=reachable)
        for number, (party, whole, reachable) in enumerate(rows, start=1)
    ]
)


@given(free=st.integers(0, 20), waiting=LISTS)
def test_free_seats_are_shared_out_in_order(free: int, waiting: list[WaitingParty]) -> None:
    found = allot(free, waiting)
    assert sum(found.values()) <= free
    left = free
    for each in waiting:
        got = found.get(each.person)
        assert got is None or (each.reachable and 0 < got <= each.party)
        if got is None and each.reachable and left:
            assert each.whole, "Only who wants all of it is passed over while a seat is left."
            assert each.party > left
        if got is not None:
            assert got == each.party or got == left, "All they need, or all that is left."
            assert not each.whole or got == each.party
        left -= got or 0


@given(waiting=LISTS)
def test_where_there_are_enough_everybody_gets_theirs(waiting: list[WaitingParty]) -> None:
    assert allot(None, waiting) == {each.person: each.party for each in waiting if each.reachable}


@given(
    limit=st.none() | st.integers(0, 30),
    taken=st.integers(0, 40),
    waiting=LISTS,
    guests=st.integers(0, 4),
    before=st.sampled_from([None, "yes", "maybe", "no", "waiting", "offered", "lapsed"]),
    said=st.sampled_from(RsvpAnswer),
    door_open=st.booleans(),
)
def test_no_answer_takes_a_seat_that_is_not_there(
    limit: int | None,
    taken: int,
    waiting: list[WaitingParty],
    guests: int,
    before: str | None,
    said: RsvpAnswer,
    door_open: bool,
) -> None:
    own = None if before is None else replace(BLANK, answer=before, guests=guests)
    if before == "waiting" and own is not None:
        own = replace(own, ticket=3)
    if before == "offered" and own is not None:
        own = replace(own, ticket=3, offered=1 + guests // 2)
    held = own.seats if own is not None else 0
    seats = Seats(limit=limit, taken=max(taken, held), waiting=len(waiting), tickets=20)
    others = [each for each in waiting if each.person != 1]
    reach = within_reach(seats, own, allot(seats.free, others), door_open=door_open)
    blank = replace(BLANK, at=AT + timedelta(hours=1), answer=said.value)
    after = answered(said, seats=seats, own=own, blank=blank, reach=reach)
    moved = seats.moved(own, after)
    if limit is not None:
        assert moved.taken <= max(limit, seats.taken), "Never more than there are, or than there were before."
    if said is not RsvpAnswer.YES:
        assert (after.answer, after.seats, after.ticket) == (said.value, 0, None)
    elif held:
        assert after.answer == "yes"
        assert after.seats >= min(held, after.party), "Who has a seat keeps it."
    elif after.waits:
        assert after.ticket == (3 if before == "waiting" else 21)
    if after.answer == "yes" and not door_open and seats.free is not None:
        claimed = sum(allot(seats.free, others).values())
        assert after.seats - held <= max(0, seats.free - claimed), "Nobody new passes the list."


@given(guests=st.integers(0, 4), more=st.integers(0, 4), reach=st.none() | st.integers(0, 6))
def test_guests_need_seats_but_for_who_waits(guests: int, more: int, reach: int | None) -> None:
    coming = replace(BLANK, guests=guests)
    changed = brought(coming, more, at=AT, reach=reach)
    fits = reach is None or 1 + more <= reach or more <= guests
    assert (changed is not None) is fits
    listed = replace(BLANK, answer="waiting", guests=guests, ticket=1, whole=True)
    asked = brought(listed, more, at=AT, reach=reach)
    assert asked == replace(listed, guests=more, whole=False)


@given(party=PARTIES, seats=PARTIES, asked=st.integers(0, 4), others=st.integers(0, 5), endless=st.booleans())
def test_an_offer_becomes_none_of_a_part_by_asking_for_more(
    party: int, seats: int, asked: int, others: int, endless: bool
) -> None:
    own = offered(replace(BLANK, answer="waiting", guests=party - 1, ticket=4), min(seats, party), AT)
    reach = None if endless else own.offered + others
    after = brought(own, asked, at=AT, reach=reach)
    if after is None:
        assert reach is not None
        assert 1 + asked > max(party, reach)
        return
    assert after.party == 1 + asked
    assert 0 < after.offered <= after.party
    assert reach is None or after.offered <= reach, "No seat that is not there."
    assert own.offered < own.party or after.offered == after.party, "What was all of it is still all of it."


def test_an_offer_lapses_into_the_next_s_and_a_part_into_waiting_for_all() -> None:
    party = replace(BLANK, answer="waiting", guests=2, ticket=4)
    until = AT + timedelta(hours=12)
    whole, part = offered(party, 3, until), offered(party, 1, until)
    assert lapsed(whole, told=True, at=until).answer == "lapsed"
    assert lapsed(whole, told=False, at=until) == replace(party, offers=1, lost=1)
    assert lapsed(part, told=True, at=until) == replace(party, whole=True, offers=1)
    assert waits_for_all(part, until) == replace(party, whole=True, offers=1, at=until)


@given(
    offers=st.integers(0, 9),
    lost=st.integers(0, 9),
    party=PARTIES,
    seats=PARTIES,
    told=st.booleans(),
)
def test_what_did_not_arrive_costs_nobody_their_place(
    offers: int, lost: int, party: int, seats: int, told: bool
) -> None:
    waits = replace(BLANK, answer="waiting", guests=party - 1, ticket=4, offers=offers, lost=lost)
    after = lapsed(offered(waits, min(seats, party), AT), told=told, at=AT)
    assert after.lost == (0 if told else lost + 1)
    assert (after.answer == "lapsed") is (told and seats >= party)
    assert after.ticket == (None if after.answer == "lapsed" else 4)
    tapped = (
        answered(RsvpAnswer.YES, seats=Seats(limit=0), own=after, blank=BLANK, reach=0),
        brought(after, 1, at=AT, reach=0),
    )
    assert all(each is not None and each.lost == 0 for each in tapped)


@pytest.mark.parametrize(
    ("limit", "taken", "allotted", "left"),
    [(None, 5, 0, None), (5, 5, 0, 0), (5, 3, 2, 0), (5, 3, 1, 1), (2, 3, 0, 0)],
)
def test_what_is_for_those_who_wait_is_left_for_nobody_else(
    limit: int | None, taken: int, allotted: int, left: int | None
) -> None:
    assert Seats(limit=limit, taken=taken, waiting=1, allotted=allotted).left == left


@pytest.mark.parametrize(
    ("capacity", "overbooking", "limit"), [(None, 20, None), (100, 0, 100), (100, 10, 110), (9, 10, 9)]
)
def test_over_booking_rounds_down(capacity: int | None, overbooking: int, limit: int | None) -> None:
    assert limit_of(capacity, overbooking) == limit


@pytest.mark.parametrize(
    ("typed", "seats"),
    [
        ("120", 120),
        (" 1 200 ", 1200),
        ("1\u202f200", 1200),
        ("1.200", 1200),
        ("1’200", 1200),
        ("1,000,000", MOST_SEATS),
    ],
)
def test_a_number_of_seats_is_read_as_people_write_it(typed: str, seats: int) -> None:
    assert read_seats(typed) == seats


WORDS = ["beaucoup", "", "12 personnes", "½", "1e9"]
# What sets thousands apart stands before three digits, and is the same throughout.
PARTS = ["2,5", "2.5", "12 00", "1,0000", "1 200,5", "1.200,000", ",5", "120."]


@pytest.mark.parametrize("typed", ["0", "-1", "1000000000", *WORDS, *PARTS])
def test_what_no_place_has_is_refused(typed: str) -> None:
    with pytest.raises(BadSeats):
        read_seats(typed)


@pytest.mark.parametrize("wanted", [{"overbooking": 5}, {"overbooking": -10}, {"guests": 5}, {"guests": -1}])
def test_what_was_not_offered_is_refused(wanted: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not offered"):
        SeatsWanted(capacity=10, **wanted).require_sound()


def test_seats_are_one_question_that_is_skipped_with_a_tap() -> None:
    """With a number guests are asked about; over-booking only where somebody wants it."""
    data = {"titles": {"fr": "x"}, "descriptions": {"fr": ""}, "commune": "69123", "address": "y", "pin": []}
    data |= {"wall": "2016-11-24T19:00", "minutes": 60}
    assert next_question(data, ["fr"]).step == "seats"
    assert next_question({**data, "seats": []}, ["fr"]).step == "audience"
    limited = {**data, "seats": [120], "chosen": True}
    assert next_question(limited, ["fr"]).step == "guests"
    settled = {**limited, "guests": 0}
    assert next_question(settled, ["fr"]).step == "summary"
    for field in ("seats", "guests", "overbooking"):
        assert next_question({**settled, **reopened(field)}, ["fr"]).step == field


NOVEMBER = st.integers(0, 14 * 24 * 60).map(
    lambda minutes: paris("2016-11-14T00:00") + timedelta(minutes=minutes)
)
HOMES = st.sampled_from(
    [("FR", "Europe/Paris"), ("987", "Pacific/Tahiti"), ("abroad", "Asia/Tokyo"), (None, "Europe/Paris")]
)


@given(now=NOVEMBER, hours=st.floats(0, 200), home=HOMES)
def test_an_offer_lasts_its_hours_of_day_and_ends_before_the_door_opens(
    now: datetime, hours: float, home: tuple[str | None, str]
) -> None:
    territory, zone = home
    starts = now + timedelta(hours=hours)
    until = offer_until(starts_at=starts, territory=territory, zone=zone, now=now, policy=CAMPAIGN.policy)
    if now >= door_opens(starts):
        assert until is None
        return
    assert until is not None
    assert now < until <= door_opens(starts)
    needed = time_to_answer(starts, now)
    assert needed <= LONGEST
    # Minute by minute: the time in which they could be asked is what they were given, or all there was.
    free, at, minute = timedelta(), now, timedelta(minutes=5)
    while at < until:
        awake = may_be_asked(territory=territory, zone=zone, now=at, policy=CAMPAIGN.policy)
        free += min(minute, until - at) if awake else timedelta()
        at += minute
    assert free <= needed + 3 * minute
    assert until == door_opens(starts) or free >= needed - 3 * minute


@given(now=NOVEMBER, hours=st.integers(0, 60), home=HOMES)
def test_a_seat_is_kept_for_whom_can_be_asked_before_the_door_opens(
    now: datetime, hours: int, home: tuple[str | None, str]
) -> None:
    starts, (territory, zone) = now + timedelta(hours=hours), home
    life: dict[str, Any] = {"territory": territory, "zone": zone, "policy": CAMPAIGN.policy}
    minutes = range(0, max(0, int((door_opens(starts) - now).total_seconds())), 60)
    some = any(may_be_asked(**life, now=now + timedelta(seconds=each)) for each in minutes)
    assert can_be_asked_in_time(**life, starts_at=starts, now=now) is some


@given(now=NOVEMBER, home=HOMES)
def test_an_offer_rings_when_a_message_of_the_campaign_may(
    now: datetime, home: tuple[str | None, str]
) -> None:
    territory, zone = home
    free = hold(kind=Kind.PERSUASION, territory=territory, zone=zone, now=now, policy=CAMPAIGN.policy) is None
    assert may_be_asked(territory=territory, zone=zone, now=now, policy=CAMPAIGN.policy) is free
