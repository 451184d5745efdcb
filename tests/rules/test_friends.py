"""Telling somebody that a friend is in: never on the day itself, at one hour for all who signed up on a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.links import Link, event_link, read_link
from bot.rules.friends import TOLD_AT, told_at
from bot.rules.territories import TERRITORIES

ZONES = sorted({each.zone for each in TERRITORIES.values()})
START = datetime(2016, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 5_000 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
CODES = st.text("0123456789abcdef", min_size=1, max_size=16)


@given(now=INSTANTS, zone=st.sampled_from(ZONES), later=st.timedeltas(timedelta(0), timedelta(days=1)))
def test_it_tells_the_day_and_no_hour(now: datetime, zone: str, later: timedelta) -> None:
    where = ZoneInfo(zone)
    due = told_at(now=now, zone=zone)
    local = due.astimezone(where)
    assert local.date() == now.astimezone(where).date() + timedelta(days=1)
    assert local.time() == TOLD_AT
    if (now + later).astimezone(where).date() == now.astimezone(where).date():
        assert told_at(now=now + later, zone=zone) == due


@given(event=CODES, friend=st.one_of(st.just(""), CODES))
def test_a_link_reads_as_it_was_written_and_telegram_takes_it(event: str, friend: str) -> None:
    payload = event_link("bot", event, friend).split("?start=")[1]
    assert read_link(payload) == Link(event=event, friend=friend)
    assert len(payload) <= 64


@given(st.text(max_size=40))
def test_whatever_is_sent_is_read_as_a_link_that_stands_or_as_none(payload: str) -> None:
    link = read_link(payload)
    assert read_link(link.payload) == link
