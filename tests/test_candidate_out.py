"""A candidate who is out: everything stops but one last choice, kept or deleted, put to each person once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.campaign.calendar import as_json, calendar_entries
from bot.campaign.campaign import Campaign, parse_campaign
from bot.rules.candidacy import LAST_CHOICE
from tests.frozen import FROZEN
from tests.mission import announce_event, appoint, sign_up_in
from tests.reading import Reader
from tests.story import Story, Teller, telling

FILE = FROZEN / "campaign.toml"
OUT = f"out_after = 1\n{FILE.read_text(encoding='utf-8')}"


def campaign_out(after: int = 1) -> Campaign:
    campaign, faults = parse_campaign(OUT.replace("out_after = 1", f"out_after = {after}"))
    assert campaign is not None, faults
    return campaign


async def steps_sent(story: Story) -> Counter[tuple[str, str]]:
    """How often each step or broadcast left, by its name and kind."""
    rows = await story.exported("deliveries")
    return Counter((row["step"] or "", row["kind"]) for row in rows if row["state"] == "sent")


async def last_choices(person: Teller, read: Reader) -> int:
    asked = read.says("You have one choice left")
    return sum(bool(asked.search(message.text)) for message in await person.messages())


async def test_one_last_choice_and_nothing_else(tmp_path: Path) -> None:
    """Before round 1 all goes on as ever; after it, in both languages, one question: keep or delete."""
    french, english = Reader("fr"), Reader("en")
    (tmp_path / "campaign.toml").write_text(OUT, encoding="utf-8")
    async with telling(
        tmp_path, at="2016-11-17T10:00+01:00", more={"PORTEVOIX_CAMPAIGN": str(tmp_path)}
    ) as story:
        readers = {"Claire": french, "Paul": english, "Awa": english, "Max": french, "Tea": french}
        keeps, deletes, says_nothing, leaves, far = everybody = [
            await story.person(name, language=read.language) for name, read in readers.items()
        ]
        for person in (keeps, deletes, says_nothing, leaves):
            await sign_up_in(person, readers[person.first_name], "villeurbanne", "69266")
        await sign_up_in(far, french, "nouméa", "98818")
        organizer = await appoint(story, "Sophie", "organizer", "FR", english)
        await story.jump("2016-11-18T18:00+01:00")
        await says_nothing.expect(english.says("The vote is in two days"))
        await story.jump("2016-11-20T11:00+01:00")
        await keeps.expect(french.says("Today is polling day"))
        await leaves.send("/stop")
        before = await steps_sent(story)
        assert {step for step, _ in before} == {"plan", "echo", "go"}

        await story.jump("2016-11-20T20:30+01:00")  # the embargo ends: no thanks leave
        await story.jump("2016-11-20T22:59+01:00")
        assert await steps_sent(story) == before
        await story.jump("2016-11-20T23:00+01:00")  # 9:00 on Monday in Nouméa
        assert await last_choices(far, french) == 1
        assert await last_choices(keeps, french) == 0
        await story.jump("2016-11-21T09:00+01:00")
        for person in everybody:
            asked = await last_choices(person, readers[person.first_name])
            assert asked == (person is not leaves), person.first_name

        late = await story.person("Neuf", language="en")
        await late.start()
        await late.expect(english.says("%(name)s: we are no longer in the running, so nobody can sign up"))
        await keeps.send("/events")
        await keeps.expect(french.says("No event is planned for now."))
        assert not french.says("I’ll write to you when there is one").search((await keeps.last()).text)
        await keeps.tell(french.label("Keep me for the next campaign"), "consent", "yes", about="keep")
        await keeps.expect(french.says("Thank you, we’ll keep in touch"))
        await deletes.tap(english.label("Delete everything"))
        await deletes.expect(english.says("Erase everything about you?"))
        await deletes.tap(english.label("Yes, erase everything"))
        await deletes.expect(english.says("Everything about you has been erased"))
        await keeps.send("/vote")
        await keeps.expect(french.says("We are no longer in the running, so"))
        await keeps.send("/why")
        await keeps.expect(french.says("Our candidate is no longer in the running. Everybody"))
        stale = await keeps.forge("1:step:2:plan:midday")
        assert stale.alert is None, "The bubble says it."
        await keeps.expect(french.says("We are no longer in the running, so"))
        for command in ("/broadcast", "/new_event"):
            await organizer.send(command)
            await organizer.expect(english.says("Our candidate is no longer in the running: nothing is sent"))

        await story.bot.stop()
        await story.bot.start()
        for instant in ("2016-11-23T18:00", "2016-11-25T18:00", "2016-11-27T11:00", "2016-11-27T20:30"):
            await story.jump(f"{instant}+01:00")
        # Erased people's deliveries remain, without them: four in all.
        assert await steps_sent(story) == before + Counter({(LAST_CHOICE, "service"): 4})


async def test_what_was_queued_does_not_leave(tmp_path: Path) -> None:
    """A broadcast for later and an event's reminders are cancelled; the event's own cancellation still arrives."""
    read = Reader("en")
    (tmp_path / "campaign.toml").write_text(OUT, encoding="utf-8")
    async with telling(
        tmp_path, at="2016-10-29T10:00+02:00", more={"PORTEVOIX_CAMPAIGN": str(tmp_path)}
    ) as story:
        person = await story.person("Emily", language="en")
        await sign_up_in(person, read, "villeurbanne", "69266")
        organizer = await appoint(story, "Sophie", "organizer", "69", read)
        await story.jump("2016-10-30T18:00+01:00")
        await story.jump("2016-11-02T10:00+01:00")
        event = await announce_event(organizer, read, on="24/11 19:00")
        await person.tell(read.label("I’ll come"), "rsvp", "yes", about=event)
        await story.jump("2016-11-21T09:00+01:00")
        await story.jump("2016-11-23T11:00+01:00")  # the eve's reminder is due
        await organizer.tap(read.label("Manage the event"))
        await organizer.tap(read.label("Cancel the event"))
        await organizer.tap(read.label("Cancel it and tell them"))
        await person.expect(read.says("This event is cancelled."))
        sent = await steps_sent(story)
        assert sent["", "event_service"] == 1
        assert sent[LAST_CHOICE, "service"] == 1


def test_the_calendar_ends_with_the_last_choice() -> None:
    """Round 1 to its end, then one line for each territory; nothing of round 2."""
    entries = [as_json(entry) for entry in calendar_entries(campaign_out())]
    first = [each for each in entries if each["ballot"] == 1]
    assert entries == first
    assert "thanks" not in {each["step"] for each in first}
    asked = {each["territory"]: each for each in first if each["step"] == LAST_CHOICE}
    assert len(asked) == 15
    assert {(each["kind"], each["blocked"]) for each in asked.values()} == {("service", False)}
    # The embargo is 20:30 in Paris, where courtesy hours have ended, 15:30 in Guadeloupe, 6:30 in Nouméa.
    assert asked["FR"]["at_local"] == "2016-11-21T09:00:00+01:00"
    assert asked["971"]["at_local"] == "2016-11-20T15:30:00-04:00"
    assert asked["988"]["at_local"] == "2016-11-21T09:00:00+11:00"


def test_after_the_last_round_the_whole_calendar_stands_before_it() -> None:
    entries = [as_json(entry) for entry in calendar_entries(campaign_out(after=2))]
    assert {each["step"] for each in entries if each["ballot"] == 2} == {
        *("plan", "echo", "go", "last"),
        LAST_CHOICE,
    }
    assert "thanks" in {each["step"] for each in entries if each["ballot"] == 1}


def test_the_candidate_stands_until_the_embargo() -> None:
    campaign = campaign_out()
    embargo = datetime(2016, 11, 20, 19, 30, tzinfo=UTC)
    assert not campaign.is_out(embargo - timedelta(seconds=1))
    assert campaign.is_out(embargo)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("out_after = 1", "out_after = 3", "out_after"),
        ("out_after = 1", 'out_after = "round 1"', "out_after"),
        ('name = "thanks"', 'name = "last_choice"', "is the program’s own step"),
    ],
)
def test_a_file_that_says_it_wrongly_is_a_fault(old: str, new: str, said: str) -> None:
    campaign, faults = parse_campaign(OUT.replace(old, new))
    assert campaign is None
    assert any(said in str(fault) for fault in faults)
