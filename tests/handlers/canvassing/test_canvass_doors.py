"""At the doors, in the chat: noted tap by tap, by nobody in silence or at night, and erased in time."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions.retention import purge
from bot.rules.ballots import Ballot
from bot.rules.retention import final_ballot_end
from db.schema import street_counts, visits, walkers
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.ground import STATION, WALK
from tests.handlers.canvassing.test_canvass import noted, plain, rows


async def test_a_door_is_one_tap(conversation: Conversation, zoe: Talker) -> None:
    assert "Nobody else yet" in plain(zoe.last)
    assert "0 of 14 doors done" in plain(zoe.last)
    card = await zoe.tap("Rue A, 1–9 (0/5)")
    assert "Door 1\n" in f"{plain(card)}\n"
    await zoe.tap("Opened")
    assert "1 of 5 doors done" in plain(zoe.last)
    assert "Door 3" in plain(zoe.last)
    await zoe.tap("Nobody there")
    assert list(zoe.last.buttons)[:3] == ["✓ 1", "– 3", "▸ 5"]
    await zoe.tap("Nobody as far as")
    assert "Nobody from 5 to which door?" in plain(zoe.last)
    await zoe.tap("9")
    assert "All doors of this side are done" in plain(zoe.last)
    assert await noted(conversation) == ["opened", "nobody", "nobody", "nobody", "nobody"]
    await zoe.tap("Undo")
    assert "2 of 5 doors done" in plain(zoe.last)
    # Another outcome takes the place of the one before it, and undoing brings that back.
    await zoe.tap("✓ 1")
    await zoe.tap("Refused")
    assert sorted(await noted(conversation)) == ["nobody", "refused"]
    await zoe.tap("Undo")
    assert sorted(await noted(conversation)) == ["nobody", "opened"]


async def test_a_building_has_as_many_doors_as_dwellings(conversation: Conversation, zoe: Talker) -> None:
    await zoe.tap("Rue A, 1–9 (0/5)")
    await zoe.tap("Dwellings: 1")
    await zoe.tap("3")
    assert "0 of 3 dwellings done" in plain(zoe.last)
    await zoe.tap("Opened")
    await zoe.tap("No access")
    assert "Door 1 – 2 of 3 dwellings done" in plain(zoe.last)
    await zoe.tap("Nobody as far as")
    await zoe.tap("▸ 1")
    assert await noted(conversation) == ["opened", "no_access", "nobody"]
    assert "Door 3" in plain(zoe.last)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2016-11-19T15:00", "silence"),
        ("2016-11-16T21:10", "between 10:00"),
        ("2016-11-16T07:00", "between 10:00"),
    ],
)
async def test_nobody_knocks_in_silence_or_at_night(
    conversation: Conversation, zoe: Talker, moment: str, told: str
) -> None:
    """What a sheet says happened before, and is entered at any time."""
    await zoe.tap("Rue A, 1–9")
    conversation.clock.move(paris(moment))
    await zoe.tap("Opened")
    assert told in zoe.toast.replace("\u202f", " ").replace("10 AM", "10:00").replace("10:00 AM", "10:00")
    assert await noted(conversation) == []
    await zoe.send(f"/start wp_{WALK}")
    await zoe.tap("Rue A, 1–9")
    assert "from the sheet" in plain(zoe.last)
    await zoe.tap("Opened")
    assert await noted(conversation) == ["opened"]
    if told == "silence":
        other = conversation.person(8)
        await other.sign_up()
        await other.tap_data("1:walk:take:1")
        assert "silence" in other.toast


async def test_who_walked_can_see_it_and_be_forgotten(conversation: Conversation, zoe: Talker) -> None:
    await zoe.tap("Rue A, 1–9")
    await zoe.tap("Opened")
    await zoe.send("/mydata")
    (file,) = [call for call in zoe.calls if call.attachment is not None]
    assert file.attachment is not None
    (walk,) = json.loads(file.attachment.content)["walks"]
    assert (walk["code"], walk["doors"]) == (WALK, 1)
    await zoe.send("/delete")
    await zoe.tap("Yes, erase")
    assert await rows(conversation, sa.select(walkers)) == []
    assert [row.person for row in await rows(conversation, sa.select(visits))] == [None]


async def test_what_was_noted_is_erased_and_counts_of_streets_stay(
    conversation: Conversation, zoe: Talker
) -> None:
    for leg in ("Rue A, 1–9", "Rue A, 10–2", "Rue B, 2–4"):
        await zoe.tap_data("1:walk:open:1")
        await zoe.tap(leg)
        await zoe.tap("Nobody as far as")
        await zoe.tap_data(next(data for name, data in reversed(zoe.last.buttons.items()) if name != "Back"))
    end = final_ballot_end(_ballots()) + timedelta(days=30)
    given = {"key": conversation.services.suppression_key, "actor": "test"}
    early = await purge(conversation.database, CAMPAIGN, now=end - timedelta(hours=1), **given)
    assert early["visits at doors"] == 0
    assert len(await noted(conversation)) == 12
    told = await purge(conversation.database, CAMPAIGN, now=end, **given, dry_run=True)
    assert told["visits at doors"] > 0
    await purge(conversation.database, CAMPAIGN, now=end, **given)
    assert await noted(conversation) == []
    assert await rows(conversation, sa.select(walkers)) == []
    counts = [tuple(row) for row in await rows(conversation, sa.select(street_counts))]
    # Of Rue B fewer than ten doors were visited: it is not told apart.
    assert sorted(counts) == [
        (STATION, "", "2016-11-16", "nobody", 2),
        (STATION, "Rue A", "2016-11-16", "nobody", 10),
    ]
    await purge(conversation.database, CAMPAIGN, now=end + timedelta(days=1), **given)
    assert len(await rows(conversation, sa.select(street_counts))) == 2


def _ballots() -> tuple[Ballot, ...]:
    return tuple(CAMPAIGN.ballots)
