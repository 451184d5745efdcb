"""The consent ledger proves the words that stood before somebody's eyes, whatever language they chose since."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.actions.renewals import question_of, text_hash
from bot.rules.consent import Purpose
from db.schema import consents
from tests.conversation import Conversation, Shown, Talker

OTHER = {"fr": "en", "en": "fr"}


async def last_proof(conversation: Conversation) -> tuple[str, str, str]:
    """The purpose, the language and the text of what was agreed to last."""
    columns = (consents.c.purpose, consents.c.language, consents.c.text_hash)
    async with conversation.database.read() as tx:
        row = (await tx.execute(sa.select(*columns).order_by(consents.c.id.desc()).limit(1))).one()
    return row.purpose, row.language, row.text_hash


def told(conversation: Conversation, purpose: Purpose, language: str) -> tuple[str, str, str]:
    text = conversation.services.texts.render(question_of(purpose), language)
    return purpose, language, text_hash(text.written)


def yes_of(shown: Shown) -> str:
    return next(data for data in shown.buttons.values() if data.rpartition("yes")[1])


async def agree(talker: Talker, shown: Shown, language: str) -> None:
    """The tap of somebody who chose another language since the question was put."""
    stored = await talker.stored()
    if stored is not None and stored.language is not None:
        await talker.tap_data(f"1:language:{language}", on=talker.screen[0])
    talker._user["language_code"] = language
    await talker.tap_data(yes_of(shown), on=shown)


@pytest.mark.parametrize("language", OTHER)
async def test_every_question_is_proved_in_the_language_it_was_put_in(
    conversation: Conversation, language: str
) -> None:
    other, zoe = OTHER[language], conversation.person(7, language=language)
    asked = await zoe.send("/start")
    await agree(zoe, asked, other)
    assert await last_proof(conversation) == told(conversation, Purpose.CONTACT, language)
    stored = await zoe.stored()
    assert stored is not None
    assert stored.language == language, "the language somebody agreed in is theirs"
    asked = await zoe.send("Lyon")
    await agree(zoe, asked, other)
    assert await last_proof(conversation) == told(conversation, Purpose.COMMUNE, language)
    for purpose in (Purpose.TEAM, Purpose.KEEP):
        for button in ("agree", "choice"):
            await zoe.tap_data(f"1:language:{language}", on=zoe.screen[0])
            asked = await zoe.tap_data(f"1:{button}:{purpose}:show")
            await agree(zoe, asked, other)
            assert await last_proof(conversation) == told(conversation, purpose, language), button


async def test_of_a_message_too_old_to_be_shown_the_language_of_today_is_noted(
    conversation: Conversation,
) -> None:
    zoe = conversation.person(7, language="fr")
    await zoe.send("/start")
    await zoe.tap_data("1:consent:contact:yes", on=Shown(id=1, text=""))
    assert await last_proof(conversation) == told(conversation, Purpose.CONTACT, "fr")
