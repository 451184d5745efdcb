"""Cards that are edited by themselves: what changed an event, whom an edit reaches, kills, answers on the way."""

from __future__ import annotations

import pytest

import db.faces
from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, NotSent, Rejected
from bot.departure.faces import BATCH
from bot.rules.sending import CHANGE, INVITATION
from simulator.reading import as_read
from tests.cards import LABELLED, Shown
from tests.conversation import CAMPAIGN, paris


async def test_where_nothing_changes_nothing_is_edited(shown: Shown) -> None:
    await shown.hall.say(1, "yes")
    assert await shown.faces.catch_up() == 0
    assert shown.posts.told() == {}


async def test_an_event_that_moves_is_shown_where_it_is_now_and_once(shown: Shown) -> None:
    await shown.hall.say(1, "yes")
    await shown.change(starts_at=paris("2016-11-25T20:00"), ends_at=paris("2016-11-25T22:00"))
    assert await shown.faces.catch_up() == 3
    told = shown.posts.told()
    assert all("vendredi 25 novembre, de 20 h à 22 h" in text for text in told.values())
    assert "Vous venez" in told[1001]
    assert "Viendrez-vous" in told[1002]
    assert await shown.faces.catch_up() == 0


async def test_an_edited_invitation_stays_one_with_its_sender_its_label_and_its_end(shown: Shown) -> None:
    await shown.hall.say(1, "yes")
    async with shown.hall.database.write() as tx:
        opened = {"person": 2, "message": 900, "event": shown.hall.event, "face": 0}
        await db.faces.opened(tx, **opened)
    await shown.change(has_shifts=True)  # its first shift
    await shown.faces.catch_up()
    edits = [call.payload for call in shown.posts.calls]
    (answer,) = [each for each in edits if each["message_id"] == 900]
    invitations = {each["chat_id"]: each for each in edits if each["message_id"] != 900}
    assert sorted(invitations) == [1001, 1002, 1003]
    for number, edit in invitations.items():
        text, buttons = as_read(edit["text"]), str(edit["reply_markup"])
        assert text.startswith("Nous vous invitons.") == (number != 1001), "Who said yes reads so instead."
        assert CAMPAIGN.sender.name in text
        assert LABELLED.label is not None
        assert LABELLED.label.sponsor in text
        assert "1:shifts:hall" in buttons
        assert "1:optout:events" in buttons
        assert "1:talk_write" not in buttons
    # What answered somebody who opened the event themselves was never an invitation.
    assert not as_read(answer["text"]).startswith("Nous vous invitons.")
    assert "1:optout" not in str(answer["reply_markup"])


async def test_an_event_that_fills_and_frees_says_so_and_of_two_changes_the_last(shown: Shown) -> None:
    await shown.hall.say(1, "yes")
    await shown.hall.say(2, "yes")
    assert await shown.faces.catch_up() == 3
    assert "C’est complet" in shown.posts.told()[1003]
    await shown.hall.say(2, "no")
    await shown.hall.say(3, "yes")  # full again before anybody has looked
    assert await shown.faces.catch_up() == 1  # of who said otherwise elsewhere alone
    assert "Vous venez" not in shown.posts.told()[1002]
    await shown.hall.say(3, "no")
    assert await shown.faces.catch_up() == 3
    assert "C’est complet" not in shown.posts.told()[1003]


@pytest.mark.parametrize(
    ("state", "hours", "line"), [("cancelled", 0, "est annulé"), ("open", 210, "terminé")]
)
async def test_what_is_off_or_over_says_so(shown: Shown, state: str, hours: int, line: str) -> None:
    await shown.change(state=state)
    shown.hall.pass_time(hours=hours)
    assert await shown.faces.catch_up() == 3
    assert all(line in text for text in shown.posts.told().values())


async def test_in_a_quiet_period_nothing_is_edited_before_its_end(shown: Shown) -> None:
    shown.hall.conversation.clock.move(paris("2016-11-19T10:00"))
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 0
    shown.hall.conversation.clock.move(paris("2016-11-20T19:00"))
    assert await shown.faces.catch_up() == 3
    assert all("Place Bellecour" in text for text in shown.posts.told().values())


async def test_who_left_or_leafed_on_is_left_alone(shown: Shown) -> None:
    await shown.hall.block(1)
    await shown.hall.erase(2)
    async with shown.hall.database.write() as tx:
        await db.faces.turned(tx, 3, 30 + len(INVITATION) % 7)
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 0


async def test_who_leafs_on_while_their_card_is_on_its_way_is_left_alone_from_then_on(shown: Shown) -> None:
    async def leaf(_call: Call) -> None:
        async with shown.hall.database.write() as tx:
            for number in (1, 2):
                await db.faces.turned(tx, number, 10 * number + len(INVITATION) % 7)

    shown.posts.before = leaf
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 2  # the first was on its way, the second is not edited any more
    shown.posts.told()
    await shown.change(address="Place des Terreaux")
    assert await shown.faces.catch_up() == 1


async def test_what_tells_of_the_change_is_not_replaced(shown: Shown) -> None:
    await shown.change(address="Place Bellecour")
    async with shown.hall.database.write() as tx:
        await db.faces.look(tx, shown.hall.now, event=shown.hall.event)
    shown.hall.pass_time(seconds=1)
    await shown.invite(1, 2, template=CHANGE, add=False)
    assert await shown.faces.catch_up() == 3  # the invitations alone


async def test_an_invitation_worded_before_a_change_and_sent_after_it_is_put_right(shown: Shown) -> None:
    await shown.change(address="Place Bellecour")
    await shown.faces.catch_up()
    shown.posts.told()
    shown.hall.pass_time(seconds=20)
    await shown.hall.add(4)
    await shown.invite(4, add=False)
    assert await shown.faces.catch_up() == 1
    shown.hall.pass_time(minutes=5)
    await shown.hall.add(5)
    await shown.invite(5, add=False)
    assert await shown.faces.catch_up() == 0


async def test_a_kill_loses_nothing(shown: Shown) -> None:
    await shown.change(address="Place Bellecour")
    shown.posts.faults = [Done(result=True), OSError("killed")]
    with pytest.raises(OSError, match="killed"):
        await shown.faces.catch_up()
    assert await shown.faces.catch_up() == 3  # what was not noted is edited again, to the same
    assert await shown.faces.catch_up() == 0
    assert BATCH < 100, "So many are edited again at most."


async def test_what_could_not_leave_is_tried_again_and_what_is_refused_is_not(shown: Shown) -> None:
    await shown.change(address="Place Bellecour")
    gone = Rejected(code=400, description="Bad Request: message to edit not found")
    shown.posts.faults = [NotSent(reason="paused"), gone]
    assert await shown.faces.catch_up() == 2
    assert len(shown.posts.told()) == 1
    assert await shown.faces.catch_up() == 1


async def test_an_answer_on_the_way_is_shown_last(shown: Shown) -> None:
    """Else the card would show for good what was true before the tap."""

    async def tap(_: Call) -> None:
        await shown.hall.say(1, "yes")

    shown.posts.before = tap
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 3
    to_first = [call for call in shown.posts.calls if call.payload["chat_id"] == 1001]
    assert len(to_first) == 2
    assert "Vous venez" in to_first[-1].payload["text"]
