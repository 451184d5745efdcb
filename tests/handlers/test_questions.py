"""The consent ledger proves the words that stood before somebody's eyes, whatever language they chose since."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.actions.renewals import consent_texts, look_at_everybody, question_of, text_hash
from bot.campaign.campaign import Campaign
from bot.rules.consent import Purpose
from bot.words.texts import Texts, mark_of
from db.schema import consents, dialogs
from tests.conversation import CAMPAIGN, Conversation, Shown, Talker

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
    yes = yes_of(shown)
    stored = await talker.stored()
    if stored is not None and stored.language is not None:
        await talker.tap_data(f"1:language:{language}", on=talker.screen[0])
    talker._user["language_code"] = language
    await talker.tap_data(yes, on=shown)


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


async def test_the_button_of_a_message_too_old_to_be_shown_tells_its_words(
    conversation: Conversation,
) -> None:
    zoe = conversation.person(7, language="fr")
    yes = yes_of(await zoe.send("/start"))
    await zoe.tap_data(yes, on=Shown(id=1, text=""))
    assert await last_proof(conversation) == told(conversation, Purpose.CONTACT, "fr")


# -- other words than today's --

DATA_BROKER = replace(CAMPAIGN, controller=replace(CAMPAIGN.controller, name="Data Broker SA"))


def changed(conversation: Conversation, campaign: Campaign = DATA_BROKER) -> None:
    """The campaign file says something else now, and the bot was started anew."""
    texts = Texts({"campaign": campaign})
    conversation.serve(replace(conversation.services, campaign=campaign, texts=texts))


async def rows_of(conversation: Conversation) -> list[tuple[str, bool]]:
    async with conversation.database.read() as tx:
        found = await tx.execute(sa.select(consents.c.purpose, consents.c.given).order_by(consents.c.id))
        return [(row.purpose, row.given) for row in found]


async def test_a_yes_to_words_that_changed_is_none_and_is_asked_anew(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    old = await zoe.send("/start")
    changed(conversation)
    again = await zoe.tap_data(yes_of(old), on=old)
    assert await rows_of(conversation) == []
    assert "Data Broker SA" in again.text, "today's words stand there now"
    await zoe.tap_data(yes_of(again), on=again)
    assert await last_proof(conversation) == told(conversation, Purpose.CONTACT, "en")


@pytest.mark.parametrize("mark", ["", ":=", ":=0123456789abcdef"])
async def test_a_button_of_an_older_version_agrees_to_nothing(conversation: Conversation, mark: str) -> None:
    zoe = conversation.person(7)
    asked = await zoe.send("/start r_abcd1234")
    friend = ":abcd1234" if ":abcd1234" in yes_of(asked) else ""
    again = await zoe.tap_data(f"1:consent:contact:yes{mark}{friend}", on=Shown(id=asked.id, text=asked.text))
    assert await rows_of(conversation) == []
    assert yes_of(again) == yes_of(asked), "nothing that the button carried is lost"


async def test_a_choice_whose_words_changed_is_put_anew_and_a_no_counts(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    await zoe.sign_up()
    old = await zoe.tap_data("1:choice:contact:show")
    yes, no = old.buttons["Yes, write to me"], old.buttons["No, stop"]
    before = await rows_of(conversation)
    changed(conversation)
    await look_at_everybody(
        conversation.database, consent_texts(conversation.services.texts), conversation.clock.now()
    )
    await zoe.tap_data(yes, on=old)
    assert await rows_of(conversation) == before
    stored = await zoe.stored()
    assert stored is not None
    assert (stored.consent_contact, stored.renew_contact) == (False, True), "it is still to be confirmed"
    assert "Data Broker SA" in old.text, "the message says what is asked today"
    await zoe.tap_data(no, on=old)
    assert (await rows_of(conversation))[len(before) :] == [("contact", False)]


async def test_a_yes_that_is_typed_is_to_the_words_that_were_shown(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    await zoe.send("/start")
    await zoe.tap_data("1:consent:contact:yes")
    await zoe.send("Lyon")
    async with conversation.database.write() as tx:
        dialog = (await tx.execute(sa.select(dialogs.c.data))).scalar_one()
        other = {**dialog, "mark": mark_of("Other words.")}
        await tx.execute(sa.update(dialogs).values(data=other))
    again = await zoe.send("yes")
    assert await rows_of(conversation) == [("contact", True)]
    assert "May I choose your messages by where you vote?" in again.text
    await zoe.send("yes")
    assert await rows_of(conversation) == [("contact", True), ("commune", True)]


async def test_an_offer_of_help_and_an_end_of_a_restriction_are_to_what_was_read(
    conversation: Conversation,
) -> None:
    zoe = conversation.person(7)
    await zoe.sign_up()
    for data in ("1:help:open", "1:help_choose:doors"):
        await zoe.tap_data(data)
    before = await rows_of(conversation)
    again = await zoe.tap_data("1:help_contact:yes:=0123456789abcdef")
    assert await rows_of(conversation) == before
    await zoe.tap_data(yes_of(again), on=again)
    assert (await rows_of(conversation))[-1] == ("help", True)
    await zoe.send("/restrict")
    await zoe.tap("I’d rather not say: do it")
    again = await zoe.tap_data("1:restriction:end:=0123456789abcdef")
    assert (await rows_of(conversation))[-1] == ("restriction", True)
    await zoe.tap("Yes, end it")
    assert (await rows_of(conversation))[-1] == ("restriction", False)
