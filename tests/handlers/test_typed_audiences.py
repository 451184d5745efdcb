"""Whom a message is for, typed as an expression: a slip is pointed at, what one may not ask about is no condition."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from bot.rules.surveys import as_json as as_form
from db.schema import people, surveys
from tests.campaigning import staff
from tests.choosing import PARIS, about, count, crowd, writing
from tests.conversation import Conversation
from tests.drafting import write_broadcast
from tests.surveying import TRAINS


async def test_an_expression_is_typed(conversation: Conversation) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("(in:75 or near:69123:20) and not rsvp:any:silent")
    assert "(people in Paris or within 20 km of Lyon), except those who have not answered an event" in (
        talker.last.text
    )
    assert count(talker) == "5"


DEEP = "(" * 500 + "staff" + ")" * 500


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("near:69123:20 and rsvp:nope:yes", "near:69123:20 and <b><u>rsvp:nope:yes</u></b>"),
        ("in:69 and lagnuage:fr", "<b><u>lagnuage:fr</u></b>\n\nThere is no such condition."),
        (
            "in:99999 or staff",
            "<b><u>in:99999</u></b> or staff\n\nThere is no such place. The nearest that exist: 95 (Val-d’Oise), 94",
        ),
        ("in:20", "The nearest that exist: 2A (Corse-du-Sud), 2B (Haute-Corse) and 19 (Corrèze)"),
        ("in:R99", "The nearest that exist: R94 (Corse), R93"),
        ("in:97999", "The nearest that exist: 978 (Saint-Martin), 977 (Saint-Barthélemy) and 976"),
        ("in:Lyon", "This is written like <code>in:69</code>"),
        ("in:34000", "Did you mean 34172 (Montpellier)?"),
        ("in:69999", "Did you mean 69389 (Lyon 9e), 69388 (Lyon 8e)"),
        ("near:69999:20", "I don’t know which commune this is"),
        ("in:69 and", "<b><u>and</u></b>\n\nSomething is missing after this"),
        ("in:69 staff", "in:69 <b><u>staff</u></b>\n\nNothing joins this"),
        (" or ".join(["in:69"] * 101), "or <b><u>in:69</u></b>\n\nThis is too long"),
        (f"in:69 and {DEEP}", "<b><u>(</u></b>"),
        (DEEP.replace("staff", "volunteers"), "<b><u>(</u></b>"),
        ("{}", "I can’t read this"),
        ("audience:nope", "<b><u>audience:nope</u></b>\n\nI can’t find that saved audience"),
        ("got:99", "I can’t find that message"),
        ("vote:9:voted", "<b><u>vote:9:voted</u></b>\n\nThere is no such round: write 1 or 2."),
        ("à 20 km de Qzxwvk, bénévoles", "à 20 km de <b><u>Qzxwvk</u></b>, bénévoles"),
        (
            "volunteers, who like cheese",
            "volunteers, <b><u>who like cheese</u></b>\n\nI don’t understand.",
        ),
        (
            "Lyonn 5 km",
            "<b><u>Lyonn</u></b> 5 km\n\nI don’t know which commune this is: check the spelling, or add the"
            " département. Did you mean Lyon (69)?",
        ),
        ("Saint-Denis 5 km", "Did you mean Saint-Denis (974), Saint-Denis (93) or Saint-Denis (11)?"),
        ("jeunes de Lyon", "<b><u>jeunes</u></b> de Lyon\n\nI don’t understand."),
        ("99999", "I don’t know any commune with the postcode 99999."),
        ("((((", "I don’t know any commune, département or region called “((((”"),
        ("24/11", "<b><u>24/11</u></b>\n\nThis is a date"),
        ("demain 19h", "<b><u>demain 19h</u></b>\n\nThis is a date"),
        ("Friday", "<b><u>Friday</u></b>\n\nThis is a date"),
        ("maintenant", "<b><u>maintenant</u></b>\n\nThis is a date"),
        ("SEND", "<b><u>SEND</u></b>\n\nNothing is sent yet"),
        ("envoyer", "<b><u>envoyer</u></b>\n\nNothing is sent yet"),
        ("Xyzzy-les-Bains, volunteers", "<b><u>Xyzzy-les-Bains</u></b>, volunteers"),
        ("said yes to the feast of May", "<b><u>feast of May</u></b>\n\nI can’t find that event among yours"),
    ],
)
async def test_a_slip_is_pointed_at_and_costs_nothing(
    conversation: Conversation, typed: str, said: str
) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("Lyon 20 km")
    await talker.send(typed)
    assert said in talker.last.text
    await talker.send("volunteers")
    assert "within 20 km of Lyon, volunteers" in talker.last.text


async def test_who_and_where_side_by_side_are_both_asked(conversation: Conversation) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    for typed in ("volunteers in Lyon", "bénévoles de Lyon", "volunteers within 20 km of Lyon"):
        await talker.send(typed)
        assert "volunteers, " in talker.last.text, typed
        assert "Lyon" in talker.last.text, typed
        await talker.tap("Everybody")


async def test_a_number_that_may_be_of_two_places_is_asked_about(conversation: Conversation) -> None:
    talker = await writing(conversation)
    await talker.send("31060")
    assert {"Bélesta-en-Lauragais (31)", "Toulouse (31)"} <= set(talker.last.buttons)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("31060 CEDEX", "Toulouse (31)"),
        ("31060 Toulouse Cedex 9", "Toulouse"),
        ("BP 12, 69300 Caluire CEDEX", "Caluire-et-Cuire"),
        ("BP 40016, 69641 Caluire Cedex", "Caluire-et-Cuire"),
        ("CS 30012, 31060 Toulouse Cedex 9, bénévoles", "Toulouse"),
        ("INSEE 31060", "Bélesta-en-Lauragais"),
        ("code postal 34000", "Montpellier"),
    ],
)
async def test_an_address_on_an_envelope_names_its_town(
    conversation: Conversation, language: str, typed: str, offered: str
) -> None:
    talker = await writing(conversation)
    async with conversation.database.write() as tx:
        mine = people.c.telegram_id == talker.telegram_id
        await tx.execute(sa.update(people).where(mine).values(language=language))
    await talker.send(typed)
    assert offered in talker.last.text or offered in talker.last.buttons, talker.last


async def test_ten_thousand_conditions_are_refused_at_once(conversation: Conversation) -> None:
    talker = await writing(conversation)
    # Telegram brings at most 4,096 characters; the web and files bring more.
    await talker.send((" or ".join(["staff"] * 10_000))[:4096])
    assert "This is too long" in talker.last.text


async def test_events_of_others_are_not_asked_about(conversation: Conversation) -> None:
    """Nor by typing their code: who said yes elsewhere is not theirs to read."""
    await crowd(conversation)
    await conversation.add_event("bb22", commune=PARIS, titles={"fr": "Ailleurs", "en": "Elsewhere"})
    talker = await writing(conversation, role="organizer", area="69")
    await talker.tap("Answers to an event")
    assert not any("Elsewhere" in label for label in talker.last.buttons)
    for typed in ("rsvp:bb22:yes", "said yes to Elsewhere"):
        await talker.send(typed)
        assert "I can’t find that event among yours" in talker.last.text
    await talker.tap_data("1:audience_event:bb22")
    await talker.tap_data("1:audience_is:rsvp:bb22:yes")
    await talker.send("Lyon 20 km")
    assert "within 20 km of Lyon\n" in talker.last.text
    assert "Elsewhere" not in talker.last.text


@pytest.mark.parametrize(
    "typed", ["in:75", "volunteer and in:75", "Paris, volunteers", "near:75056:20", "Ain"]
)
async def test_a_place_outside_of_ones_area_is_pointed_at(conversation: Conversation, typed: str) -> None:
    """Staff of Rhône who type it would write to nobody."""
    await crowd(conversation)
    talker = await writing(conversation, role="organizer", area="69")
    await talker.send(typed)
    assert "This lies outside your area (Rhône)" in talker.last.text
    assert re.search(r"<b><u>(in:75|Paris|near:75056:20|Ain)</u></b>", talker.last.text)
    await talker.send("Paris")
    await talker.tap("Paris (75)")
    await talker.tap("Only this commune")
    assert "This lies outside your area (Rhône)" in talker.last.text
    await talker.send("in:R84 and volunteer")
    assert about(count(talker)) >= 10
    await talker.send("volunteers, except Paris")
    assert "volunteers, except those in Paris" in talker.last.text


async def test_what_is_written_in_conditions_alone_is_an_expression(conversation: Conversation) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("volunteer and not (staff or named)")
    assert "volunteers, except" in talker.last.text
    await talker.send("volunteers and (Lyon or Ain)")
    assert "volunteers, (people in Lyon or people in Ain)" in talker.last.text


async def test_answers_to_a_colleagues_survey_are_no_condition(conversation: Conversation) -> None:
    """Who may not see its results does not count them by audiences either."""
    async with conversation.database.write() as tx:
        now = conversation.clock.now()
        dates = {"closes_at": now, "erase_at": now, "created_at": now}
        form = as_form(TRAINS)
        await tx.execute(
            sa.insert(surveys).values(code="trains", form=form, area="69", created_by=99, **dates)
        )
    talker = await writing(conversation, role="organizer", area="69")
    await talker.send("survey:trains:yes")
    assert "I can’t find that survey" in talker.last.text
    coordinator = await staff(conversation, 8, "coordinator", "69")
    await write_broadcast(coordinator)
    await coordinator.send("survey:trains:any")
    assert "I can’t find that survey" not in coordinator.last.text
