"""What everybody may see of events: a page and a calendar, in both languages, silent when the law asks for it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, timedelta

import httpx
import pytest
import sqlalchemy as sa
from icalendar import Calendar
from starlette.applications import Starlette

from bot.actions import event_calendar
from bot.web.app import make_web
from bot.web.public import PublicEvents
from bot.web.site import Site
from db.engine import Database
from db.schema import events
from tests.conversation import BOT, CAMPAIGN, Conversation, paris
from tests.web.browsing import ADDRESS

STARTS = "2016-11-24T19:00"
SHOWING = replace(CAMPAIGN, shows_events=True)


async def _well() -> dict[str, object]:
    return {"ok": True, "why": []}


async def _no_figures() -> str:
    return ""


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, paris("2016-11-02T10:00"), campaign=SHOWING)


@pytest.fixture
def visitor(conversation: Conversation) -> httpx.AsyncClient:
    """A browser of somebody of whom nothing is known."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(web_for(conversation, ADDRESS)), base_url=ADDRESS)


def web_for(conversation: Conversation, address: str) -> Starlette:
    """What everybody may see, at an address."""
    site = Site(SHOWING, address=address)
    public = PublicEvents(
        site,
        database=conversation.database,
        clock=conversation.clock,
        gazetteer=conversation.services.gazetteer,
        bot_username=BOT,
    )
    return make_web(health=_well, metrics=_no_figures, site=site, parts=[public])


async def change(conversation: Conversation, **values: object) -> None:
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(**values))


async def test_the_page_of_an_event_in_both_languages(
    conversation: Conversation, visitor: httpx.AsyncClient
) -> None:
    await conversation.add_event("ab12", starts=STARTS)
    await change(conversation, capacity=100)
    for language, when in (("fr", "jeudi 24 novembre"), ("en", "24 November")):
        answer = await visitor.get(f"/event/ab12?lang={language}")
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.text
        assert when in answer.text.replace("\u00a0", " ")
        assert f"https://t.me/{BOT}?start=ev_ab12" in answer.text
        assert "inline" not in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', answer.text)
    assert found is not None
    data = json.loads(found[1])
    assert (data["@type"], data["startDate"]) == ("Event", "2016-11-24T19:00:00+01:00")
    assert data["location"]["address"]["addressLocality"] == "Lyon"
    assert data["maximumAttendeeCapacity"] == 100
    assert data["offers"]["availability"] == "https://schema.org/InStock"
    await change(conversation, state="cancelled")
    found = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', (await visitor.get("/event/ab12")).text
    )
    assert found is not None
    assert json.loads(found[1])["eventStatus"].endswith("EventCancelled")
    assert "offers" not in json.loads(found[1]), "Nobody has a seat at what does not take place."


async def test_what_is_typed_as_a_title_closes_no_tag(
    conversation: Conversation, visitor: httpx.AsyncClient
) -> None:
    await conversation.add_event("ab12", starts=STARTS, titles={"fr": "</script><script>alert(1)</script>"})
    answer = await visitor.get("/event/ab12")
    assert "<script>alert" not in answer.text
    assert answer.text.count("<script") == 1


@pytest.mark.parametrize("state", ["hidden", "dropped", "proposed"])
async def test_what_nobody_may_see_is_not_there(
    conversation: Conversation, visitor: httpx.AsyncClient, state: str
) -> None:
    await conversation.add_event("ab12", starts=STARTS, state=state)
    for path in ("/event/ab12", "/event/ab12.ics", "/event/nowhere", "/event/" + "x" * 99, "/feed/99.ics"):
        assert (await visitor.get(path)).status_code == 404, path
    feed = await visitor.get("/feed/FR.ics")
    assert not Calendar.from_ical(feed.text).walk("VEVENT")


async def test_a_calendar_of_each_area(conversation: Conversation, visitor: httpx.AsyncClient) -> None:
    await conversation.add_event("ab12", starts=STARTS)
    for area, number in (("FR", 1), ("R84", 1), ("69", 1), ("69123", 1), ("13", 0)):
        answer = await visitor.get(f"/feed/{area}.ics")
        assert answer.headers["content-type"].startswith("text/calendar")
        assert len(Calendar.from_ical(answer.text).walk("VEVENT")) == number, area
    await change(conversation, state="cancelled")
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=2))
    (entry,) = Calendar.from_ical((await visitor.get("/feed/69.ics")).text).walk("VEVENT")
    assert (entry["STATUS"], entry["UID"]) == ("CANCELLED", "ab12@portevoix")
    assert "This event is cancelled." in (await visitor.get("/event/ab12?lang=en")).text


async def test_a_calendar_that_is_full_holds_what_is_to_come(
    conversation: Conversation, visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_calendar, "MOST_FOLLOWED", 3)
    for code, day in (("old1", "10-20"), ("old2", "10-30"), ("new1", "11-10"), ("new2", "11-16")):
        await conversation.add_event(code, starts=f"2016-{day}T19:00")
    told = Calendar.from_ical((await visitor.get("/feed/FR.ics")).text).walk("VEVENT")
    assert [each["UID"].partition("@")[0] for each in told] == ["old2", "new1", "new2"]


async def test_in_a_quiet_period_nothing_is_told(
    conversation: Conversation, visitor: httpx.AsyncClient
) -> None:
    await conversation.add_event("ab12", starts=STARTS)
    # Half a minute before it begins: nobody keeps the page, or the calendar, into it.
    conversation.clock.move(paris("2016-11-18T23:59:30").astimezone(UTC))
    for path in ("/event/ab12", "/event/ab12.ics", "/feed/69.ics"):
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=30"), path
    conversation.clock.move(paris("2016-11-19T00:00").astimezone(UTC))
    assert (await visitor.get("/feed/69.ics")).status_code == 503
    conversation.clock.move(paris("2016-11-19T10:00").astimezone(UTC))
    page = await visitor.get("/event/ab12?lang=en")
    assert "Campaigns have to keep silent" in page.text
    assert "Réunion" not in page.text
    for path in ("/event/ab12.ics", "/feed/69.ics"):
        answer = await visitor.get(path)
        assert (answer.status_code, answer.text) == (503, ""), path
        assert int(answer.headers["retry-after"]) > 0


async def test_in_a_quiet_period_a_cancelled_event_is_told_without_what_was_typed(
    conversation: Conversation, visitor: httpx.AsyncClient
) -> None:
    await conversation.add_event("ab12", starts=STARTS, titles={"fr": "Votez Camille"})
    await change(conversation, state="cancelled", address="Salle Votez")
    conversation.clock.move(paris("2016-11-19T10:00").astimezone(UTC))
    page = await visitor.get("/event/ab12?lang=en")
    assert "This event is cancelled." in page.text
    assert "24 November" in page.text.replace("\u00a0", " ")
    assert "Lyon" in page.text
    for path in ("/event/ab12.ics", "/feed/69.ics"):
        told = (await visitor.get(path)).text
        (entry,) = Calendar.from_ical(told).walk("VEVENT")
        assert (entry["STATUS"], entry["SUMMARY"], entry["LOCATION"]) == ("CANCELLED", "Lyon", "Lyon")
        assert not {"DESCRIPTION", "URL", "GEO"} & set(entry)
        assert "Votez" not in told
        assert CAMPAIGN.sender.name not in told
    for told in ("Votez", "ld+json", "t.me/", "openstreetmap"):
        assert told not in page.text
