"""Whoever lets a message go sees who gets it, and when; what nobody would get any more is let go knowingly alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions import broadcast_approvals
from bot.words.no_break import with_plain_spaces
from db.schema import deliveries, people
from tests.approving import LYON, leave_for_supporters, states
from tests.campaigning import rows, supporter, written
from tests.conversation import Conversation, Shown, Talker, paris
from tests.drafting import finish_broadcast, send_broadcast, write_broadcast
from tests.handlers.test_reach import full_week, wrote
from tests.leaving import let_leave


async def fill(conversation: Conversation, *numbers: int) -> None:
    """These supporters get nothing more for three days."""
    for row in await rows(conversation, people):
        if row.telegram_id in numbers:
            await full_week(conversation, row.id)


async def news(conversation: Conversation, talker: Talker) -> Shown:
    """What somebody of the team is told now."""
    await let_leave(conversation, talker)
    return talker.last


async def test_the_card_says_what_its_author_saw(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    # Meanwhile one of three had as many as a week allows, and another one their message of the day.
    await fill(asking, 100)
    (other,) = [row.id for row in await rows(asking, people) if row.telegram_id == 101]
    await wrote(asking, other, asking.clock.now() - timedelta(hours=1))
    await let_leave(asking, nadia)
    card = nadia.last.text
    assert "<b>Recipients:</b> 3" in card
    assert "✓ At once: 1" in card
    assert (
        "Already had as many messages as we allow: 1. They get it from Thursday 17 November at 09:00" in card
    )
    assert "✗ Expires unsent for 1: they already had as many messages as we allow" in card
    await nadia.tap("Approve")
    # So few that it tells nothing of them.
    assert "It goes out from now on, to each person as soon as they may be written to." in nadia.last.text
    assert "going out now" not in nadia.last.text


@pytest.mark.parametrize(
    ("language", "held", "most"),
    [
        (
            "en",
            "as we allow: 20. They get it on Thursday 17 November between 09:00 and 10:01 (Paris time)",
            "It waits. Most people get it on Thursday 17 November between 09:00 and 10:01 (Paris time), as hours and"
            " caps allow.",
        ),
        (
            "fr",
            "20. Réception le jeudi 17 novembre entre 9 h et 10 h 01 (heure de Paris)",
            "La plupart le recevront le jeudi 17 novembre entre 9 h et 10 h 01 (heure de Paris), selon les heures et"
            " les limites d’envoi.",
        ),
    ],
)
async def test_after_the_yes_the_same_hours_are_told_as_before_and_one_day_once(
    asking: Conversation, organizer: Talker, nadia: Talker, language: str, held: str, most: str
) -> None:
    """Ten had their message of the day, and ten as many as a week allows until a little later."""
    now, day = asking.clock.now(), timedelta(days=1)
    for number in range(200, 220):
        person = await supporter(asking, number, LYON)
        left = (now - day / 24,) if number < 210 else (now - 6 * day, now - 3 * day, now - 2 * day)
        await wrote(asking, person, *left)
    await fill(asking, 100, 101, 102)
    await send_broadcast(organizer)
    async with asking.database.write() as tx:
        readers = people.c.telegram_id.in_([organizer.telegram_id, nadia.telegram_id])
        await tx.execute(sa.update(people).where(readers).values(language=language))
    await let_leave(asking, nadia)
    assert held in with_plain_spaces(nadia.last.text)
    await nadia.tap_data("1:broadcast_decide:1:yes")
    assert most in with_plain_spaces(nadia.last.text)
    assert most in with_plain_spaces((await news(asking, organizer)).text)


async def test_nobody_approves_unknowingly_what_nobody_gets(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    """The card was read while people could still get it."""
    await send_broadcast(organizer)
    await let_leave(asking, nadia)
    card = nadia.last
    await fill(asking, 100, 101, 102)
    await nadia.tap_data(card.buttons["Approve"], on=card)
    assert await states(asking) == ["unapproved"]
    assert "Nobody would get it." in card.text
    assert "Approve" not in card.buttons
    # A better hour in one tap: everybody gets it then.
    later = next(label for label in card.buttons if label.startswith("Approve it for"))
    await nadia.tap_data(card.buttons[later], on=card)
    (sent,) = [row for row in await written(asking) if row.created_by]
    assert sent.state == "active"
    assert sent.starts_at > asking.clock.now() + timedelta(days=2)
    assert "It waits. Most people get it from" in card.text
    assert "It waits. Most people get it from" in (await news(asking, organizer)).text
    assert await leave_for_supporters(asking) == []
    asking.clock.move(sent.starts_at)
    assert await leave_for_supporters(asking) == [100, 101, 102]


async def test_a_better_hour_is_taken_only_while_it_is_the_better_one(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    """Who gets it at once meanwhile gets nothing by a button that names a later hour."""
    await send_broadcast(organizer)
    await fill(asking, 100, 101, 102)
    await let_leave(asking, nadia)
    card = nadia.last
    later = next(label for label in card.buttons if label.startswith("Approve it for"))
    asked = card.buttons[later]
    async with asking.database.write() as tx:
        await tx.execute(sa.delete(deliveries).where(deliveries.c.state == "sent"))
    await nadia.tap_data(asked, on=card)
    assert await states(asking) == ["unapproved"]
    assert "Approve" in card.buttons
    for forged in (f"{asked.rpartition(':')[0]}:1479999999", asked.replace("put_off", "decide")):
        await nadia.tap_data(forged, on=card)
    assert await states(asking) == ["unapproved"]
    assert await leave_for_supporters(asking) == []


async def test_knowingly_it_goes_and_its_author_reads_for_whom(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    await fill(asking, 100, 101, 102)
    await let_leave(asking, nadia)
    await nadia.tap("Approve it all the same")
    assert "Nobody, or hardly anybody, can get it any more" in nadia.last.text
    assert "nobody, or hardly anybody, can get it any more" in (await news(asking, organizer)).text
    assert await leave_for_supporters(asking) == []


async def test_what_waits_already_leaves_first(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    """Two wait for approval at once: the second one has no room on the day of the first."""
    await send_broadcast(organizer)
    await write_broadcast(organizer, "Second", "Second")
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    first, second = (row.id for row in await written(asking) if row.created_by)
    await nadia.tap_data(f"1:broadcast:{first}")
    await nadia.tap("Approve")
    assert "It goes out from now on, to each person as soon as they may be written to." in nadia.last.text
    # Nothing of the first one has left yet.
    await nadia.tap_data(f"1:broadcast:{second}")
    assert "They get it from Thursday 17 November at 09:00 on" in nadia.last.text
    await nadia.tap("Approve")
    assert "It goes out from now on, to each person as soon as they may be written to." in nadia.last.text
    # So it is: today the first, tomorrow the second.
    assert await leave_for_supporters(asking) == [100, 101, 102]
    assert await leave_for_supporters(asking) == []
    asking.clock.move(paris("2016-11-17T09:00"))
    async with asking.database.write() as tx:
        await tx.execute(sa.text("UPDATE deliveries SET state = 'queued' WHERE state = 'withheld'"))
    assert await leave_for_supporters(asking) == [100, 101, 102]


async def test_whoever_wrote_it_has_a_name_where_they_agreed_to_it(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    async with asking.database.write() as tx:
        mine = sa.update(people).where(people.c.telegram_id == 7)
        await tx.execute(mine.values(state="registered", first_name="Sophie", consent_team=True))
    await send_broadcast(organizer)
    await let_leave(asking, nadia)
    assert '<b>Written by:</b> <a href="tg://user?id=7">Sophie</a> (organizer, Rhône)' in nadia.last.text
    await nadia.tap("Send back with a reason")
    await nadia.send("Too long")
    told = (await news(asking, organizer)).text
    assert 'id=9">9</a> (administrator, the whole campaign) refused “Hello” (no. 1)' in told
    assert "<blockquote>Too long</blockquote>" in told


async def test_of_very_many_it_is_counted_when_it_is_read(
    asking: Conversation, organizer: Talker, nadia: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message that asks leaves by the one writer, for whom all others wait: it is decided where it is read."""
    monkeypatch.setattr(broadcast_approvals, "MOST_AT_ONCE", 2)
    await send_broadcast(organizer)
    await fill(asking, 100)
    await let_leave(asking, nadia)
    card = nadia.last
    assert "<b>Recipients:</b> 3" in card.text
    assert "At once" not in card.text
    assert "is counted when you read it" in card.text
    assert list(card.buttons) == ["See it as it will arrive"]
    await nadia.tap_data(card.buttons["See it as it will arrive"], on=card)
    assert "✓ At once: 2" in card.text
    await nadia.tap_data(card.buttons["Approve"], on=card)
    assert await states(asking) == ["active"]


async def test_what_everybody_gets_later_is_not_said_to_go_out_as_soon_as_it_is_approved(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    """All of them had their message of the day."""
    await send_broadcast(organizer)
    for row in await rows(asking, people):
        if row.telegram_id in (100, 101, 102):
            await wrote(asking, row.id, asking.clock.now() - timedelta(hours=1))
    await let_leave(asking, nadia)
    assert "3. They get it from Thursday 17 November at 09:00" in nadia.last.text
    assert "as soon as it is approved" not in nadia.last.text
