"""A survey with a tree through the local Telegram, in both languages, and kills between question and answer."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import db.people
from bot.actions.expressions import ExpressionOccasion
from bot.actions.surveys import NewSurvey, import_survey
from bot.campaign.campaign import load_campaign
from bot.communes import load as load_gazetteer
from bot.rules.expressions import EVERYBODY
from bot.rules.kinds import Kind
from bot.settings import Settings
from bot.startup import opened
from simulator.client import Simulator
from simulator.reading import as_read
from tests.bots import until
from tests.story import Story, Teller, telling
from tests.surveying import TRAINS
from tests.test_crash import FIRST, supporter

START = "2016-10-28T10:00+02:00"  # before the first reminder, which would take the message of the day
NOW = datetime.fromisoformat(START).astimezone(UTC)
LANGUAGES = ("fr", "en", "fr", "en", "fr")


async def ask(settings: Settings, simulator: Simulator) -> None:
    """Five supporters, and a survey for all of them."""
    people = [{"id": FIRST + number, "first_name": f"P{number}", "started": True} for number in range(5)]
    await simulator.add_people(people)
    rows = [{**supporter(FIRST + number), "language": code} for number, code in enumerate(LANGUAGES)]
    new = NewSurvey(
        code="trains",
        kind=Kind.POLL,
        form=TRAINS,
        audience=EVERYBODY,
        closes_at=NOW + timedelta(days=2),
        erase_at=NOW + timedelta(days=9),
    )
    campaign = load_campaign(settings.campaign)
    async with opened(settings) as database, database.write() as tx:
        await db.people.add_many(tx, rows)
        occasion = ExpressionOccasion(campaign=campaign, gazetteer=load_gazetteer(), now=NOW)
        await import_survey(tx, new, occasion, actor="test")


async def shown(teller: Teller, words: str) -> None:
    """Returns once the survey's one message says this."""

    async def says() -> bool:
        asked = [
            each for each in await teller.messages() if re.search("Vos trajets|Your journeys", each.text)
        ]
        assert len(asked) <= 1, "One message asks everything."
        return bool(asked) and words in as_read(asked[0].text)

    await until(says, f"{teller.first_name} reads {words}")


async def killed(story: Story) -> None:
    await story.process.kill()
    await story.process.start()


async def results(story: Story) -> dict[tuple[str, str | None], int]:
    finished = await story.command("surveys", "results", "trains", "--json")
    assert finished.status == 0, finished.err
    return {
        (row["question"], row["option"]): row["people"] for row in json.loads(finished.out) if row["people"]
    }


async def test_each_question_has_one_answer_whenever_the_bot_is_killed(tmp_path: Path) -> None:
    async with telling(tmp_path, at=START, killable=True, prepare=ask) as story:
        tellers = [Teller(story, FIRST + number, f"P{number}") for number in range(5)]
        one, two, three, four, five = tellers
        for teller, code in zip(tellers, LANGUAGES, strict=True):
            await shown(teller, "Question 1 sur 3" if code == "fr" else "Question 1 of 3")
        # An answer, and a kill before the next question is seen.
        await one.tap("Oui")
        await killed(story)
        await shown(one, "Quand")
        await one.tap("Le matin")
        await one.tap("Le soir")
        await killed(story)
        await shown(one, "Plusieurs réponses possibles")
        await one.tap("Question suivante")
        await shown(one, "Faut-il plus de trains")
        await one.tap("Passer")
        await shown(one, "Voici vos réponses")
        # Another way through the tree; changed, and what followed the first answer is taken back.
        await two.tap("No")
        await shown(two, "Why?")
        await two.tap("Too dear")
        await shown(two, "Question 3 of 3")
        await two.tap("Back")
        await shown(two, "Why?")
        await two.tap("Back")
        await shown(two, "Do you take the train?")
        await killed(story)
        await two.tap("Yes")
        await shown(two, "When?")
        # Left in the middle, and never begun; who leaves takes the answers along.
        await three.tap("Oui")
        await shown(three, "Quand")
        await four.tap("Skip")
        await shown(four, "When?")
        await five.forge("1:survey:nothing:0:choose:0")
        await story.settled()
        assert await results(story) == {
            ("train", "yes"): 3,
            ("train", None): 1,
            ("when", "morning"): 1,
            ("when", "evening"): 1,
            ("more", None): 1,
        }
        rows = await story.exported("survey_answers")
        assert len({(row["supporter"], row["question"], row["option"]) for row in rows}) == len(rows) == 7
        await three.send("/delete")
        await three.tap("Oui, tout effacer")
        await story.settled()
        assert (await results(story))["train", "yes"] == 2
