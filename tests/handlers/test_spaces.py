"""No-break spaces in a conversation: shown to people, understood from people, and never handed to programs."""

from __future__ import annotations

import sqlalchemy as sa

from bot.actions.renewals import consent_texts
from bot.rules.consent import Purpose
from bot.words.no_break import bound, with_plain_spaces
from db.schema import consents, event_texts, events
from tests.campaigning import staff
from tests.conversation import Conversation, Talker
from tests.spaces import may_break

LANGUAGE = "fr"


def sent(person: Talker) -> list[str]:
    """Every text and label of the last answer, as it was sent."""
    said = [str(call.payload.get("text") or call.payload.get("caption") or "") for call in person.calls]
    for call in person.calls:
        rows = call.payload.get("reply_markup", {}).get("inline_keyboard", [])
        said += [button["text"] for row in rows for button in row]
    return said


async def test_what_is_shown_is_bound_and_what_machines_read_is_not(conversation: Conversation) -> None:
    await conversation.add_event(
        "lyon1", titles={"fr": "Débat : venez le 24 novembre à 19 h !", "en": "Debate"}
    )
    zoe = conversation.person(7, language=LANGUAGE)
    await zoe.sign_up()
    for word in ("/start ev_lyon1", "/vote", "/settings", "/privacy", "/events", "/why", "/consent"):
        await zoe.send(word)
        assert [place for said in sent(zoe) for place in may_break(said, LANGUAGE)] == []
    await zoe.send("/start ev_lyon1")
    assert "Débat\u202f: venez le 24\u00a0novembre à 19\u00a0h\u202f!" in sent(zoe)[0]
    await zoe.tap_data("1:rsvp:lyon1:yes")
    for asked in (zoe.tap_data("1:ics:lyon1"), zoe.send("/mydata")):
        await asked
        (call,) = zoe.called("sendDocument")
        assert call.attachment is not None
        content = call.attachment.content.decode()
        assert content == with_plain_spaces(content)
        assert call.attachment.name == with_plain_spaces(call.attachment.name)


async def test_what_is_typed_with_them_is_understood(conversation: Conversation) -> None:
    """Some keyboards type them by themselves, and people paste what they were shown."""
    zoe = conversation.person(7, language=LANGUAGE)
    await zoe.send("/start")
    await zoe.tap_data("1:consent:contact:yes")
    assert "Seine-Saint-Denis" in (await zoe.send("je\u00a0vote à\u202fsaint\u00a0denis\u202f93")).text
    await zoe.send("d’accord\u202f!")
    person = await zoe.stored()
    assert person is not None
    assert person.commune == "93066"

    await staff(conversation, 7, "organizer", "FR")
    for words in ("/new_event", "Débat\u202f: «\u202foui\u202f»\u00a0!", "Venez", "Debate", "Come"):
        await zoe.send(words)
    await zoe.send("saint\u00a0denis\u00a093")
    await zoe.send("Salle\u00a05, 1\u00a0rue X")
    await zoe.tap("Sans épingle")
    await zoe.send("jeudi 24\u00a0novembre à 19\u00a0h\u00a030")
    await zoe.send("1\u00a0h\u202f30")
    await zoe.tap("Il y en a assez")
    await zoe.tap("C’est bon")
    assert "jeudi 24 novembre, de 19 h 30" in zoe.last.text
    await zoe.send("ENVOYER\u202f!")
    async with conversation.database.read() as tx:
        (event,) = (await tx.execute(sa.select(events))).all()
        titles = (await tx.scalars(sa.select(event_texts.c.title))).all()
    # What is kept has plain spaces: it goes into calendar files and exports.
    assert event.address == "Salle 5, 1 rue X"
    assert "Débat : « oui » !" in titles


async def test_another_custom_of_spaces_asks_nobody_again(conversation: Conversation) -> None:
    """The ledger keeps the hash of the text before no-break spaces."""
    texts = conversation.services.texts
    zoe = conversation.person(7, language=LANGUAGE)
    await zoe.sign_up()
    async with conversation.database.read() as tx:
        kept = {row.purpose: row.text_hash for row in await tx.execute(sa.select(consents))}
    today = consent_texts(texts).by_purpose
    for purpose in Purpose:
        assert f"{LANGUAGE}:{kept[purpose]}" in today[purpose]
    question = texts.render("consents/contact", LANGUAGE)
    assert question.html == bound(question.written, LANGUAGE)
