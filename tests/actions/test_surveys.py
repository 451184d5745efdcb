"""Surveys in the database: counted, kept from who may not be counted, and erased on their own day."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.surveys
from bot.actions import retention, survey_results
from bot.actions.rights import holding
from bot.rules.retention import Retention
from bot.rules.small_counts import Reader
from bot.rules.suppression import SuppressionKey
from bot.rules.surveys import as_json
from db.engine import Database
from db.people import find
from db.schema import answer_counts, people, responses, survey_answers, surveys
from db.surveys import ANYBODY, Survey
from tests.actions.test_exports import rows_of
from tests.conversation import CAMPAIGN, paris
from tests.places import place_of
from tests.surveying import TRAINS

NOW = paris("2016-11-02T10:00")
KEY = SuppressionKey(links=(b"k" * 32,))
ERASED = NOW + timedelta(days=9)


@pytest.fixture
async def asked(database: Database) -> Database:
    """Twenty people of Lyon, the last of whom restricted their data: all take the train, some in the morning."""
    async with database.write() as tx:
        row = {"code": "trains", "form": as_json(TRAINS), "area": "FR", "created_at": NOW}
        dates = {"closes_at": NOW + timedelta(days=2), "erase_at": ERASED}
        await tx.execute(sa.insert(surveys).values(**row, **dates))
        for number in range(1, 21):
            state = "restricted" if number == 20 else "registered"
            known = {
                "telegram_id": number,
                "pseudonym": f"p{number}",
                "state": state,
                "consent_team": number == 1,
            }
            moments = {"created_at": NOW, "seen_at": NOW, "registered_at": NOW}
            await tx.execute(
                sa.insert(people).values(territory="FR", **place_of("69123"), **known, **moments)
            )
            chosen = [("train", "yes"), ("when", "morning" if number > 15 else "")]
            for question, option in chosen:
                given = {"survey": 1, "person": number, "question": question, "option": option, "at": NOW}
                await tx.execute(sa.insert(survey_answers).values(**given))
            said = {"question": "survey", "subject": "trains", "answer": "train:yes", "department": "69"}
            await tx.execute(sa.insert(responses).values(person=number, at=NOW, **said))
    return database


async def the_survey(database: Database) -> Survey:
    async with database.read() as tx:
        found = await db.surveys.by_code(tx, "trains")
    assert found is not None
    return found


async def numbers(database: Database) -> dict[tuple[str, str], int]:
    survey = await the_survey(database)
    async with database.read() as tx:
        return {of: count.total for of, count in (await db.surveys.counts(tx, survey)).items()}


COUNTED = {ANYBODY: 19, ("train", "yes"): 19, ("when", "morning"): 4, ("when", ""): 15}


async def test_who_restricted_their_data_is_not_counted(asked: Database) -> None:
    assert await numbers(asked) == COUNTED
    told = await rows_of(asked, "survey_answers")
    assert len(told) == 38
    assert {row["option"] or "" for row in told if row["question"] == "when"} == {"", "morning"}


async def test_a_team_reads_names_of_who_agreed_and_tens_of_the_others(asked: Database) -> None:
    named, *counted = await rows_of(asked, "survey_answers", area="69", known_in=("69",))
    assert (named["supporter"] is not None, named["people"]) == (True, 1)
    assert [(row["question"], row["people"]) for row in counted if row["supporter"] is None] == [
        ("train", 10),
        ("when", 10),
    ]


async def test_on_its_day_the_answers_go_and_the_counts_stay(asked: Database) -> None:
    async def purge(at: timedelta, *, dry_run: bool = False) -> int:
        erased = await retention.purge(
            asked, CAMPAIGN, key=KEY, actor="test", now=ERASED + at, dry_run=dry_run
        )
        return erased["answers to surveys"]

    assert await purge(-timedelta(seconds=1)) == 0
    assert await purge(timedelta(), dry_run=True) == 57
    assert (await the_survey(asked)).state == "open"
    assert await purge(timedelta()) == 57
    assert (await the_survey(asked)).is_counted
    assert await numbers(asked) == COUNTED
    async with asked.read() as tx:
        # Who restricted their data keeps what they said, and is counted by nobody.
        assert set(await tx.scalars(sa.select(survey_answers.c.person))) == {20}
        assert set(await tx.scalars(sa.select(responses.c.person))) == {20}
        left = sa.select(answer_counts.c.count).where(answer_counts.c.area == "FR", answer_counts.c.day == "")
        assert list(await tx.scalars(left)) == [10]
    assert await purge(timedelta(days=1)) == 0


async def test_shares_are_of_those_whom_a_question_was_put_to_and_stay_when_the_answers_go(
    asked: Database,
) -> None:
    """Of several answers, what was chosen does not add up to those who were asked: they are counted apart."""
    async with asked.write() as tx:
        for person in (17, 18, 20):
            more = {"survey": 1, "person": person, "question": "when", "option": "evening", "at": NOW}
            await tx.execute(sa.insert(survey_answers).values(**more))

    async def shares(reader: Reader) -> list[list[float | None]]:
        async with asked.read() as tx:
            found = await survey_results.found_in(tx, await the_survey(asked), reader.known_in)
            told = survey_results.as_read(await the_survey(asked), reader, found)
        return [[each.percent(reader, people) for _, people in each.options] for each in told.questions]

    everybody = [[100, 0], [400 / 19, 200 / 19], [None, None], [None, None]]
    assert await shares(Reader(known_in=None)) == everybody
    # Staff of an area read tens: a share would tell of one person.
    assert {each for some in await shares(Reader(known_in=("69",))) for each in some} == {None}
    await retention.purge(asked, CAMPAIGN, key=KEY, actor="test", now=ERASED, dry_run=False)
    assert await shares(Reader(known_in=None)) == everybody
    assert await numbers(asked) == {**COUNTED, ("when", "evening"): 2}


async def test_everybody_reads_what_they_chose(asked: Database) -> None:
    async with asked.read() as tx:
        person = await find(tx, 16)
        assert person is not None
        held = await holding(tx, person, key=KEY, retention=Retention())
    assert [(each["code"], each["question"], each["option"]) for each in held.surveys] == [
        ("trains", "train", "yes"),
        ("trains", "when", "morning"),
    ]
    assert json.loads(held.to_json())["surveys"][0]["code"] == "trains"
