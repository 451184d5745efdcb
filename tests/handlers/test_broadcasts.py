"""/broadcast: written, previewed, confirmed, followed; and what is refused on the way."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from db.engine import Database
from db.schema import audit, broadcast_texts, broadcasts, dialogs
from handlers import desk
from tests.campaigning import recipients, revoke, rows, staff, supporter
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.drafting import begin_broadcast, finish_broadcast, send_broadcast, write_broadcast

LYON, PARIS, NOUMEA, PAPEETE = "69123", "75056", "98818", "98735"


async def test_a_message_leaves_now_for_everybody_in_the_area(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    near = await supporter(conversation, 1, LYON)
    await supporter(conversation, 2, PARIS)
    await supporter(conversation, 3, LYON, mutes_news=True)
    await supporter(conversation, 4, LYON, state="stopped")
    await supporter(conversation, 5, LYON, consent_contact=False)
    await write_broadcast(organizer)
    assert "Within your area: Rhône" in organizer.last.text
    await finish_broadcast(organizer)
    french, english, summary = organizer.screen[-3:]
    assert french.text == "Bonjour Zoé\n\n<i>Équipe Camille Durand</i>"
    assert english.text == "Hello Zoé\n\n<i>Équipe Camille Durand</i>"
    assert "optout:news" in english.buttons["Stop these messages"]
    assert "<b>When:</b> now" in summary.text
    await organizer.send("Envoyer")
    assert list(await recipients(conversation, "staff:%")) == [near]
    (broadcast,) = await rows(conversation, broadcasts)
    assert (broadcast.kind, broadcast.area, broadcast.state) == ("persuasion", "69", "active")
    texts = {row.language: row.text for row in await rows(conversation, broadcast_texts)}
    assert texts == {"fr": "Bonjour {{ first_name }}", "en": "Hello {{ first_name }}"}
    assert [row.action for row in await rows(conversation, audit)] == ["broadcast"]
    assert "Sent: <b>&lt; 10</b> of &lt; 10" in organizer.last.text

    # The same word once more answers nothing.
    await organizer.send("ENVOYER")
    assert len(await rows(conversation, broadcasts)) == 1


@pytest.mark.parametrize(
    ("typed", "explained"),
    [
        ("<b>Bonjour", "never closed"),
        ("<foo>Bonjour</foo>", "knows no tag"),
        ("Bonjour {{ prenom }}", "is not a placeholder"),
        ("Bonjour {{ ", "<code>{{</code> is not a placeholder"),  # never closed
        ("x" * 5000, "5,000 characters; at most 4,096"),
        # It fits alone, but not with the signature.
        ("x" * 4090, "signature included; yours in Français"),
    ],
)
async def test_a_bad_text_is_explained_and_asked_again(
    conversation: Conversation, typed: str, explained: str
) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_broadcast(organizer)
    await organizer.send(typed)
    assert explained in organizer.last.text
    await organizer.send("Bonjour")
    assert "English" in organizer.last.text


async def test_what_no_message_can_hold_is_refused_before_its_tags_are_read(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server sends 20,000 tags as one message: none of them is looked at."""

    def read(text_html: str) -> str:
        raise AssertionError(text_html[:20])

    monkeypatch.setattr(desk, "with_typed_tags", read)
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_broadcast(organizer)
    await organizer.send("<a " * 20_000)
    assert "59,999 characters; at most 4,096" in organizer.last.text


async def test_a_question_to_supporters_is_a_survey(conversation: Conversation) -> None:
    """Nobody could answer the old kind; its buttons, drafts and messages lead to what can be answered."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await supporter(conversation, 1, LYON)
    await begin_broadcast(organizer, kind="Survey")
    assert "What kind of survey is it?" in organizer.last.text
    await organizer.send("/cancel")
    await write_broadcast(organizer)
    async with conversation.database.write() as tx:  # as a former version kept it
        draft = (
            await tx.execute(sa.select(dialogs.c.data).where(dialogs.c.flow == "broadcast"))
        ).scalar_one()
        await tx.execute(sa.update(dialogs).values(data={**draft, "kind": "poll"}))
    await organizer.send("/broadcast")
    assert "What kind of message is it?" in organizer.last.text
    await organizer.tap("News and arguments")
    assert "Who is it for?" in organizer.last.text
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(kind="poll"))
    await organizer.send("/broadcasts")
    await organizer.tap("1. ")
    await organizer.tap_data("1:broadcast_copy:1")
    assert "What kind of message is it?" in organizer.last.text


async def test_formatting_of_telegram_is_kept(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_broadcast(organizer)
    bold = {"type": "bold", "offset": 8, "length": 4}
    await organizer.send_message(text="Bonjour Lyon, <i>venez</i> & 1 < 2", entities=[bold])
    await organizer.tap("No text in this language")
    await organizer.tap("No photo")
    await finish_broadcast(organizer)
    assert "Bonjour <b>Lyon</b>, <i>venez</i> &amp; 1 &lt; 2" in organizer.screen[-3].text
    assert "No text in English" in organizer.last.text


async def test_a_photo_leaves_less_room(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_broadcast(organizer)
    await organizer.send("x" * 1020)
    await organizer.tap("No text in this language")
    photo = [{"file_id": "small", "file_unique_id": "s", "width": 1, "height": 1}]
    photo.append({"file_id": "large", "file_unique_id": "l", "width": 9, "height": 9})
    await organizer.send_message(photo=photo)
    assert "at most 1,024 characters" in organizer.last.text
    await organizer.send("/cancel")

    await begin_broadcast(organizer)
    await organizer.send("Bonjour")
    await organizer.tap("No text in this language")
    await organizer.send_message(photo=photo)
    await finish_broadcast(organizer)
    pictures = organizer.called("sendPhoto")
    assert [call.payload["photo"] for call in pictures] == ["large", "large"]
    assert pictures[0].payload["caption"].startswith("Bonjour\n\n")
    await organizer.send("SEND")
    (broadcast,) = await rows(conversation, broadcasts)
    assert broadcast.photo == "large"


async def test_the_audience_is_combined_from_conditions(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    chosen = await supporter(conversation, 1, LYON, volunteer=True)
    await supporter(conversation, 2, LYON)
    await supporter(conversation, 3, PARIS, volunteer=True)
    await supporter(conversation, 4, LYON, volunteer=True, language="en")
    await write_broadcast(admin)
    await admin.send("rhône")
    assert "people in Rhône" in admin.last.text
    await admin.tap("Language, volunteers")
    await admin.tap("Volunteers only")
    await admin.tap("Language, volunteers")
    await admin.tap("Français")
    await admin.tap("Vote")
    await admin.tap("Round 1: have not voted yet")
    sentence = "people in Rhône, volunteers, read French, except those who have voted (round 1)"
    assert sentence in admin.last.text
    assert "<b>Recipients:</b> 1" in admin.last.text
    await finish_broadcast(admin)
    await admin.send("SEND")
    assert list(await recipients(conversation, "staff:%")) == [chosen]


async def test_around_a_commune(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await write_broadcast(admin)
    await admin.send("villeurbanne")
    await admin.tap("10 km")
    assert "within 10 km of Villeurbanne" in admin.last.text
    await admin.send("qzxwvk")
    assert "I don’t know any commune" in admin.last.text
    await admin.tap("Back")
    assert "within 10 km of Villeurbanne" in admin.last.text


async def test_a_circle_says_how_sure_it_is(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await write_broadcast(admin)
    await admin.send("Chalinargues")  # its neighbours’ centre
    assert "Chalinargues lies is known to about 6 km only" in admin.last.text
    await admin.tap("10 km")
    assert "Chalinargues lies is known to about 6 km only" in admin.last.text
    await admin.send("Coltines")
    assert "about 6 km" not in admin.last.text
    await admin.tap("10 km")
    assert " are located only to within about 6 km" in admin.last.text
    await admin.send("Rhône")
    assert "about 6 km" not in admin.last.text


async def test_pausing_resuming_and_cancelling(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await supporter(conversation, 1, LYON)
    await send_broadcast(admin)
    (broadcast,) = await rows(conversation, broadcasts)

    async def state() -> str:
        return str((await rows(conversation, broadcasts))[0].state)

    await admin.tap("Pause")
    assert (await state(), "Paused" in admin.last.text) == ("paused", True)
    await admin.tap_data(f"1:broadcast_do:pause:{broadcast.id}", on=admin.last)  # the second of two taps
    assert await state() == "paused"
    await admin.tap("Resume")
    assert await state() == "active"
    await admin.tap("Cancel")
    assert (await state(), "cannot be undone" in admin.last.text) == ("active", True)
    await admin.tap("Keep")
    await admin.tap("Cancel")
    await admin.tap("Cancel for good")
    assert await state() == "cancelled"
    assert "Cancelled: nothing more goes out" in admin.last.text
    assert admin.last.buttons == {}
    changes = [row.details.get("change") for row in await rows(conversation, audit)]
    assert changes == [None, "pause", "resume", "cancel"]


async def test_others_broadcasts_are_for_coordinators_of_the_area(conversation: Conversation) -> None:
    author = await staff(conversation, 7, "organizer", "69")
    colleague = await staff(conversation, 8, "organizer", "69")
    elsewhere = await staff(conversation, 9, "coordinator", "R11")
    coordinator = await staff(conversation, 10, "coordinator", "R84")
    await supporter(conversation, 1, LYON)
    await send_broadcast(author)
    (broadcast,) = await rows(conversation, broadcasts)
    for nosy in (colleague, elsewhere):
        await nosy.tap_data(f"1:broadcast_do:cancel:{broadcast.id}")
        assert "coordinator of the whole area" in nosy.last.text
        await nosy.send("/broadcasts")
        assert "No message that you look after was sent yet" in nosy.last.text
    await coordinator.send("/broadcasts")
    await coordinator.tap(f"{broadcast.id}. ")
    await coordinator.tap("Pause")
    assert (await rows(conversation, broadcasts))[0].state == "paused"


async def test_a_role_revoked_in_the_middle_sends_nothing(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await supporter(conversation, 1, LYON)
    await write_broadcast(organizer)
    await finish_broadcast(organizer)
    await revoke(conversation, 7)
    await organizer.send("SEND")
    assert "Your role does not allow this" in organizer.last.text
    assert await rows(conversation, broadcasts) == []
    await organizer.tap_data("1:broadcast_do:pause:1")
    assert await rows(conversation, audit) == []


@pytest.mark.parametrize(
    ("area", "people", "cost"),
    [("FR", 25, r"2\.5"), ("69", 25, r"\d\d?\.9"), ("69", 9, r"\d\.9")],  # of an area more than is likely
)
async def test_what_it_costs_is_shown_before_where_the_campaign_pays(
    sqlite_database: Database, area: str, people: int, cost: str
) -> None:
    paying = Conversation(
        sqlite_database, paris("2016-11-16T10:00"), campaign=replace(CAMPAIGN, paid_broadcasts=True)
    )
    organizer = await staff(paying, 7, "organizer", area)
    for number in range(people):
        await supporter(paying, 100 + number, LYON)
    await write_broadcast(organizer)
    await finish_broadcast(organizer)
    assert re.search(rf"<b>Cost:</b> {cost} Telegram Stars at most \(0\.1 a message\)", organizer.last.text)
    assert "10,000 Stars and 10,000 people a month" in organizer.last.text
    await organizer.send("SEND")
    assert not any("allow_paid_broadcast" in call.payload for call in organizer.calls)


async def test_what_costs_nothing_is_shown_without_a_price(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await write_broadcast(organizer)
    await finish_broadcast(organizer)
    assert "Stars" not in organizer.last.text


async def test_forged_buttons_do_nothing(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await organizer.send("/broadcast")
    for forged in (
        "1:broadcast_kind:service",
        "1:broadcast_do:erase:1",
        "1:broadcast_do:pause:x",
        "1:broadcast",
    ):
        await organizer.tap_data(forged)
        assert organizer.toast
    await write_broadcast(organizer)
    for forged in ("1:audience_is:area:XX", "1:audience_is:rsvp:1", "1:audience_is:around:69123:9999"):
        await organizer.tap_data(forged)
        assert organizer.toast


async def test_progress_of_what_does_not_exist(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await admin.tap_data("1:broadcast:1")
    assert "does not exist any more" in admin.last.text


async def test_who_looks_after_everything_counts_exactly(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "FR")
    await supporter(conversation, 1, LYON)
    await send_broadcast(organizer)
    assert "Sent: <b>0</b> of 1" in organizer.last.text


async def test_a_text_fits_for_the_longest_name_too(conversation: Conversation) -> None:
    """Short for whoever writes it, and too long for somebody: then nobody is left without it."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_broadcast(organizer)
    shown = await organizer.send("{{ first_name }} " * 40 + "x" * 3_400)
    assert "somebody with a very long first name and commune" in shown.text
    shown = await organizer.send("x" * 4_000)
    assert "very long first name" not in shown.text
    assert "Write the message – English" in shown.text


@pytest.mark.parametrize("tapped", ["1:rsvp:lyon1:yes", "1:messages:news:off", "1:settings_place"])
async def test_an_old_button_does_not_lose_the_draft(conversation: Conversation, tapped: str) -> None:
    """Staff need not be supporters: what invites others to sign up leaves what they write alone."""
    await conversation.add_event("lyon1")
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_broadcast(organizer)
    await organizer.send("Bonjour")
    await organizer.tap_data(tapped)
    assert "finish it first, or leave it with /cancel" in organizer.last.text
    shown = await organizer.send("Hello")
    assert "photo" in shown.text


async def test_a_photo_may_come_before_any_text(conversation: Conversation) -> None:
    """Without a caption: the text is asked for as before, and the photo is kept."""
    admin = await staff(conversation, 7, "admin", "FR")
    await begin_broadcast(admin)
    asked = admin.last.text
    shown = await admin.send_message(photo=[{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}])
    assert shown.text == asked
    await admin.send("Bonjour")
    shown = await admin.send("Hello")
    assert "A photo?" not in shown.text
