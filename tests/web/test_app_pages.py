"""A supporter's own pages: events with their answers and shifts, the vote plan, data and choices."""

from __future__ import annotations

import re
from dataclasses import replace

import httpx
import pytest
import sqlalchemy as sa

from bot.actions.renewals import text_hash
from bot.rules.console import Entrance
from bot.web import outlines
from bot.words.texts import Texts
from db.schema import consents, events, people, responses, rsvps, shifts, vote_plans
from tests.campaigning import rows, staff, supporter
from tests.conversation import Conversation
from tests.drafting import announce_event
from tests.web.browsing import Browser, signed_in, web_of

ZOE, LEO, SOPHIE = 31, 32, 11


async def reader(conversation: Conversation, number: int, commune: str | None, **values: object) -> Browser:
    await supporter(conversation, number, commune, language="en", **values)
    return await signed_in(conversation.person(number), door=Entrance.APP)


async def announced(conversation: Conversation, **values: object) -> str:
    """The code of an event in Lyon."""
    sophie = await staff(conversation, SOPHIE, "organizer", "69")
    await announce_event(sophie)
    async with conversation.database.write() as tx:
        if values:
            await tx.execute(sa.update(events).values(**values))
        return str((await tx.execute(sa.select(events.c.code))).scalar_one())


async def test_an_event_is_found_on_the_map_and_answered_as_in_the_chat(conversation: Conversation) -> None:
    code = await announced(conversation, capacity=1, counted=True, guests=2)
    zoe = await reader(conversation, ZOE, "69123", asked_team=True)
    leo = await reader(conversation, LEO, "69266", asked_team=True)
    await zoe.open("/app/")
    spots = re.findall(r'href="/app/\?in=(\d+)#list" aria-label="([^"]*)"', zoe.page.text)
    assert spots == [("69123", "Lyon: 1")]
    assert f'href="/app/events/{code}"' in zoe.page.text
    assert (await zoe.open("/app/?in=69123")).status_code == 200
    assert (await zoe.open("/app/?in=01001")).status_code == 404
    assert 'href="/app/?in=69123#list"' in (await leo.open("/app/?map=FR")).text
    one = f"/app/events/{code}"
    assert "Will you come?" in (await _told(zoe, one))
    await zoe.send(one, tap=f"rsvp:{code}:yes")
    assert "You’re coming" in zoe.text
    assert "May we introduce you to the local team?" not in zoe.text  # they were asked before
    await leo.open(one)
    assert "Join the waiting list" in leo.text
    await leo.send(one, tap=f"rsvp:{code}:yes")
    assert "waiting list: no. 1" in leo.text
    await leo.send(one, tap=f"guests:{code}:1")
    assert "You need 2 seats" in leo.text
    # The chat knows, and the log has it with no update.
    talker = conversation.person(LEO)
    assert "waiting list: no. 1" in (await talker.send(f"/start ev_{code}")).text
    said = [(row.question, row.answer, row.update_id) for row in await rows(conversation, responses)]
    assert said == [("rsvp", "yes", None), ("rsvp", "yes", None), ("guests", "1", None)]
    assert (await zoe.open(f"{one}.ics")).headers["content-type"].startswith("text/calendar")
    for tap in (
        "",
        "rsvp",
        f"rsvp:{code}:perhaps",
        f"guests:{code}:9",
        "shift:1",
        "delete:yes",
        "agree:keep:yes",
    ):
        await leo.open(one)
        assert (await leo.send(one, tap=tap)).status_code == 404, tap
    assert len(await rows(conversation, rsvps)) == 2


@pytest.mark.parametrize(
    ("commune", "frame"),
    [("69123", "69"), ("69381", "69"), ("75056", "75"), ("97411", "frame:974"), ("97502", "frame:975")],
)
def test_a_commune_lies_where_the_map_draws_its_department(commune: str, frame: str) -> None:
    x, y, width, height = outlines.frames()[frame]
    found = outlines.point_of(commune)
    assert found is not None
    assert x <= found[0] <= x + width
    assert y <= found[1] <= y + height


async def test_a_shift_is_taken_and_given_back(conversation: Conversation) -> None:
    code = await announced(conversation, has_shifts=True)
    (event,) = await rows(conversation, events)
    async with conversation.database.write() as tx:
        shift = {"event": event.id, "starts_at": event.starts_at, "ends_at": event.ends_at, "capacity": 1}
        await tx.execute(sa.insert(shifts).values(**shift, role="welcome"))
    zoe = await reader(conversation, ZOE, "69123", asked_team=True)
    one = f"/app/events/{code}"
    await zoe.open(one)
    assert "0 of 1 places taken" in zoe.text
    for said, shown in (("yes", "✓ yours"), ("no", "0 of 1 places taken")):
        await zoe.send(one, tap=f"shift:1:{said}")
        assert shown in zoe.text, said
    assert "You’re coming" in zoe.text  # that stays said
    assert (await zoe.send(one, tap="shift:7:yes")).status_code == 409


async def _told(visitor: Browser, path: str) -> str:
    await visitor.open(path)
    return visitor.text


async def test_who_comes_is_asked_once_whether_the_team_may_know(conversation: Conversation) -> None:
    code = await announced(conversation)
    zoe = await reader(conversation, ZOE, "69123", consent_team=False, asked_team=False)
    await zoe.open(f"/app/events/{code}")
    await zoe.send(f"/app/events/{code}", tap=f"rsvp:{code}:yes")
    assert "May we introduce you to the local team?" in zoe.text
    await zoe.send(f"/app/events/{code}", tap="agree:team:yes", language="en")
    assert "May we introduce you" not in zoe.text
    (choice,) = await rows(conversation, consents)
    assert (choice.purpose, choice.given, choice.language) == ("team", True, "en")


async def test_in_a_quiet_period_no_event_is_told(conversation: Conversation) -> None:
    code = await announced(conversation)
    zoe = await reader(conversation, ZOE, "69123")
    from tests.conversation import paris

    conversation.clock.move(paris("2016-11-20T10:00"))
    zoe = await signed_in(conversation.person(ZOE), door=Entrance.APP)
    for path in ("/app/", f"/app/events/{code}"):
        assert "keep silent" in await _told(zoe, path), path
    assert (await zoe.open(f"/app/events/{code}.ics")).status_code == 404


async def test_the_plan_is_made_question_by_question(conversation: Conversation) -> None:
    zoe = await reader(conversation, ZOE, "69123")
    assert "You haven’t planned yet" in await _told(zoe, "/app/vote")
    for tap, shown in (
        ("step:1:plan:open", "When will you vote?"),
        ("step:1:plan:midday", "Where will you be coming from?"),
        ("step:1:plan.departure:work", "Who will you go with?"),
        ("step:1:plan.company:friends", "My"),
    ):
        await zoe.send("/app/vote", tap=tap)
        assert zoe.page.status_code == 200, tap
        assert shown in zoe.text, tap
    (plan,) = await rows(conversation, vote_plans)
    assert (plan.slot, plan.departure, plan.company) == ("midday", "work", "friends")
    await zoe.send("/app/vote", tap="step:1:turnout:voted")
    assert zoe.page.status_code == 409  # voting has not opened
    for tap in (
        "step:1:plan:never",
        "step:9:plan:midday",
        "step:1:erase:yes",
        "rsvp:1",
        "step:1:plan.company:x",
    ):
        await zoe.open("/app/vote")
        assert (await zoe.send("/app/vote", tap=tap)).status_code == 404, tap


async def test_data_and_choices_are_ones_own(conversation: Conversation) -> None:
    zoe = await reader(conversation, ZOE, "69123")
    assert "What we hold about you" in await _told(zoe, "/app/me")
    await zoe.send("/app/me", tap="settings_language:fr")
    assert '<html lang="fr">' in zoe.page.text
    await zoe.send("/app/me", tap="messages:news:off")
    await zoe.send("/app/me", tap="choice:team:show")
    assert zoe.page.url.path == "/app/me/choices/team"
    # The page was in French: so are the words that the ledger keeps.
    await zoe.send("/app/me", tap="choice:team:no", language="fr")
    person = next(row for row in await rows(conversation, people) if row.telegram_id == ZOE)
    assert (person.language, person.mutes_news, person.consent_team) == ("fr", True, False)
    held = (await zoe.open("/app/me/data.json")).json()
    assert [(each["purpose"], each["language"]) for each in held["consents"]] == [("team", "fr")]
    for tap in (
        "choice:x:yes",
        "choice:team:maybe",
        "settings_language:de",
        "messages:x:on",
        "volunteer:yes",
        "",
    ):
        await zoe.open("/app/me")
        assert (await zoe.send("/app/me", tap=tap)).status_code == 404, tap
    # No to being written to is /stop: nothing but one's data is left.
    await zoe.open("/app/me/choices/contact")
    await zoe.send("/app/me", tap="choice:contact:no", language="fr")
    person = next(row for row in await rows(conversation, people) if row.telegram_id == ZOE)
    assert person.state == "stopped"
    assert (await zoe.open("/app/me")).status_code == 200
    assert (await zoe.open("/app/")).status_code == 409


async def test_a_page_that_was_opened_before_the_words_changed_agrees_to_nothing(
    conversation: Conversation,
) -> None:
    zoe = await reader(conversation, ZOE, "69123")
    await zoe.open("/app/me/choices/contact")
    served = conversation.services
    broker = replace(served.campaign.controller, name="Data Broker SA")
    other = replace(served.campaign, controller=broker)
    conversation.serve(replace(served, campaign=other, texts=Texts({"campaign": other})))
    web = web_of(conversation, str(zoe.client.base_url).rstrip("/"))
    zoe.client = httpx.AsyncClient(transport=web, base_url=zoe.client.base_url, cookies=zoe.client.cookies)
    await zoe.send("/app/me", tap="choice:contact:yes")
    assert await rows(conversation, consents) == []
    assert zoe.page.url.path == "/app/me/choices/contact"
    assert "Data Broker SA" in zoe.text, "today's words are put"
    await zoe.send("/app/me", tap="choice:contact:yes")
    (choice,) = await rows(conversation, consents)
    text = conversation.services.texts.render("consents/contact", choice.language).written
    assert (choice.given, choice.text_hash) == (True, text_hash(text))


async def test_whoever_did_not_sign_up_reads_what_is_held_and_nothing_else(
    conversation: Conversation,
) -> None:
    stranger = conversation.person(99)
    await stranger.send("/help")
    visitor = await signed_in(stranger, door=Entrance.APP)
    await visitor.arrive()
    assert "Sign up first" in visitor.text
    assert "The number of this chat" in await _told(visitor, "/app/me")
    for path in ("/app/vote", "/app/me/choices/team"):
        assert (await visitor.open(path)).status_code == 409, path
