"""Surveys as tests ask them: what they ask, and asking them of people whose chat is at hand."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from bot.actions.expressions import ExpressionOccasion
from bot.actions.surveys import NewSurvey, import_survey
from bot.delivery.messages import message
from bot.rules.expressions import EVERYBODY, Expression
from bot.rules.kinds import Kind
from bot.rules.surveys import Form, Option, Question
from bot.words.surveys import first_text
from db.schema import deliveries
from db.surveys import by_code, opened
from tests.conversation import Conversation, Talker


def _option(name: str, fr: str, en: str, following: str | None = None) -> Option:
    return Option(id=name, text={"fr": fr, "en": en}, next=following)


TRAINS = Form(
    title={"fr": "Vos trajets", "en": "Your journeys"},
    purpose={"fr": "Pour écrire notre programme.", "en": "To write our programme."},
    questions=(
        Question(
            id="train",
            text={"fr": "Prenez-vous le train ?", "en": "Do you take the train?"},
            options=(_option("yes", "Oui", "Yes", "when"), _option("no", "Non", "No", "why")),
        ),
        Question(
            id="when",
            text={"fr": "Quand ?", "en": "When?"},
            several=True,
            next="more",
            options=(
                _option("morning", "Le matin", "In the morning"),
                _option("evening", "Le soir", "At night"),
            ),
        ),
        Question(
            id="why",
            text={"fr": "Pourquoi ?", "en": "Why?"},
            options=(_option("price", "Trop cher", "Too dear"), _option("far", "Trop loin", "Too far")),
        ),
        Question(
            id="more",
            text={"fr": "Faut-il plus de trains ?", "en": "Do we need more trains?"},
            options=(_option("yes", "Oui", "Yes"), _option("no", "Non", "No")),
        ),
    ),
)


def survey(conversation: Conversation, code: str = "trains", audience: Expression = EVERYBODY) -> NewSurvey:
    """One that is open for two days."""
    now = conversation.clock.now()
    return NewSurvey(
        code=code,
        kind=Kind.POLL,
        form=TRAINS,
        audience=audience,
        closes_at=now + timedelta(days=2),
        erase_at=now + timedelta(days=30),
    )


async def ask(conversation: Conversation, *people: Talker, code: str = "trains") -> None:
    """Makes a survey, and puts its message into these chats."""
    occasion = ExpressionOccasion(
        campaign=conversation.services.campaign,
        gazetteer=conversation.services.gazetteer,
        now=conversation.clock.now(),
    )
    async with conversation.database.write() as tx:
        await import_survey(tx, survey(conversation, code), occasion, actor="test")
        made = await by_code(tx, code)
        assert made is not None
        for talker in people:
            stored = await talker.stored()
            assert stored is not None
            language = stored.language or "fr"

            def render(name: str, language: str = language, **values: object) -> object:
                return conversation.services.texts.render(name, language, zone="Europe/Paris", **values)

            text = first_text(render, made, language, mute="news")  # type: ignore[arg-type]  # with its language
            talker.receive([message(talker.telegram_id, text)])
            theirs = sa.and_(deliveries.c.broadcast == made.broadcast, deliveries.c.person == stored.id)
            left = {"state": "sent", "message_id": talker.last.id, "sent_at": conversation.clock.now()}
            assert (await tx.execute(sa.update(deliveries).where(theirs).values(**left))).rowcount == 1


async def answers(
    conversation: Conversation, talker: Talker, code: str = "trains"
) -> dict[str, tuple[str, ...]]:
    """What is kept of what they chose."""
    async with conversation.database.read() as tx:
        stored = await talker.stored()
        assert stored is not None
        found = await opened(tx, code, stored.id)
        assert found is not None
        return dict(found.answers)
