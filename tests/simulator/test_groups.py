"""Groups: who comes and goes, who may do what, what a bot hears of it, and how it is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import telegram
from telegram import ChatPermissions, InlineKeyboardButton, InlineKeyboardMarkup

from simulator.client import Group, Person, Simulator, SimulatorError
from simulator.server import Account, RunningSimulator

Call = Callable[..., Awaitable[dict[str, Any]]]
BOT = 12345
OTHER = Account(token="67890:TEST", name="Other bot", username="other_bot")


@pytest.fixture
async def ana(simulator: Simulator) -> Person:
    return await simulator.person("Ana", id=1)


@pytest.fixture
async def ben(simulator: Simulator) -> Person:
    return await simulator.person("Ben", id=2)


@pytest.fixture
async def group(simulator: Simulator, ana: Person, ben: Person) -> Group:
    return await simulator.group("Lyon 3", owner=ana, members=[ben], bots=["test_bot"])


async def heard(bot: telegram.Bot, *kinds: str) -> list[telegram.Update]:
    """What the bot has not heard yet; from then on it hears of these kinds."""
    updates = await bot.get_updates(allowed_updates=kinds or None)
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return list(updates)


async def test_a_bot_is_told_how_it_comes_is_promoted_and_is_thrown_out(
    bot: telegram.Bot, ana: Person, group: Group
) -> None:
    came, service = await heard(bot)
    assert came.my_chat_member is not None
    assert came.my_chat_member.chat.type == "supergroup"
    assert came.my_chat_member.from_user.id == 1
    states = came.my_chat_member.old_chat_member.status, came.my_chat_member.new_chat_member.status
    assert states == ("left", "member")
    assert service.message is not None
    assert [user.id for user in service.message.new_chat_members] == [BOT]

    await group.promote("test_bot", by=ana, rights=["can_pin_messages"])
    (promoted,) = await heard(bot)
    assert promoted.my_chat_member is not None
    new = promoted.my_chat_member.new_chat_member
    assert isinstance(new, telegram.ChatMemberAdministrator)
    assert (new.can_manage_chat, new.can_pin_messages, new.can_delete_messages) == (True, True, False)

    await group.remove("test_bot", by=ana)
    gone, left = await heard(bot)
    assert gone.my_chat_member is not None
    assert gone.my_chat_member.new_chat_member.status == "kicked"
    assert left.message is not None
    assert left.message.left_chat_member is not None
    with pytest.raises(telegram.error.Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "Wait!")


async def test_in_privacy_mode_a_bot_hears_only_what_is_meant_for_it(
    bot: telegram.Bot, ana: Person, ben: Person, group: Group
) -> None:
    await heard(bot)
    there = ben.within(group)
    await there.send("Good morning")
    await there.send("/help@another_bot")
    await there.send("/help")
    await there.send("/help@Test_Bot please")
    await there.send("I mean you, @test_bot!")
    sent = await bot.send_message(group.id, "Yes?")
    await there.send("That is all", reply_to=sent.message_id)
    texts = [update.message.text for update in await heard(bot) if update.message]
    assert texts == ["/help", "/help@Test_Bot please", "I mean you, @test_bot!", "That is all"]
    await group.promote("test_bot", by=ana)
    await there.send("Good evening")
    assert [update.message.text for update in await heard(bot) if update.message] == ["Good evening"]


@pytest.mark.parametrize("served", [{"reads_all": True}], indirect=True)
async def test_without_privacy_mode_it_hears_everybody_and_no_bot(
    bot: telegram.Bot, ben: Person, group: Group
) -> None:
    await heard(bot)
    assert (await bot.get_me()).can_read_all_group_messages
    await ben.within(group).send("Good morning")
    await bot.send_message(group.id, "Hello")
    (update,) = await heard(bot)
    assert update.message is not None
    assert update.message.from_user is not None
    assert (update.message.from_user.id, update.message.chat.title) == (2, "Lyon 3")


async def test_members_are_read_of_only_by_administrators_who_ask(
    bot: telegram.Bot, simulator: Simulator, ana: Person, group: Group
) -> None:
    await heard(bot, "chat_member", "message")
    cleo = await simulator.person("Cleo", id=3)
    await group.join(cleo)
    assert [update.chat_member for update in await heard(bot, "chat_member")] == [
        None
    ]  # the message of the group
    await group.promote("test_bot", by=ana)
    link = await bot.create_chat_invite_link(group.id, name="poster")
    await group.leave(cleo)
    await group.join(cleo, link=link.invite_link)
    left, joined = await heard(bot, "chat_member")
    assert left.chat_member is not None
    assert joined.chat_member is not None
    assert left.chat_member.new_chat_member.status == "left"
    assert joined.chat_member.invite_link is not None
    assert joined.chat_member.invite_link.name == "poster"
    await bot.revoke_chat_invite_link(group.id, link.invite_link)
    await group.leave(cleo)
    with pytest.raises(SimulatorError, match="no longer valid"):
        await group.join(cleo, link=link.invite_link)


async def test_members_and_administrators_are_read(bot: telegram.Bot, ana: Person, group: Group) -> None:
    chat = await bot.get_chat(group.id)
    assert (chat.type, chat.title, chat.is_forum) == ("supergroup", "Lyon 3", None)
    assert chat.permissions is not None
    assert (chat.permissions.can_send_messages, chat.permissions.can_manage_topics) == (True, False)
    assert await bot.get_chat_member_count(group.id) == 3
    assert [member.user.id for member in await bot.get_chat_administrators(group.id)] == [1]
    assert (await bot.get_chat_member(group.id, 2)).status == "member"
    await group.promote("test_bot", by=ana)
    assert len(await bot.get_chat_administrators(group.id)) == 2


async def test_an_administrator_bans_restricts_and_promotes(
    bot: telegram.Bot, ana: Person, ben: Person, group: Group
) -> None:
    with pytest.raises(telegram.error.BadRequest, match="ot enough rights to restrict"):
        await bot.ban_chat_member(group.id, 2)
    await group.promote("test_bot", by=ana)
    await bot.restrict_chat_member(group.id, 2, ChatPermissions(can_send_messages=True))
    with pytest.raises(SimulatorError, match="Ben may send no photos in “Lyon 3”"):
        await ben.within(group).send_photo()
    await ben.within(group).send("But words")
    await bot.promote_chat_member(group.id, 2, can_invite_users=True)
    await bot.set_chat_administrator_custom_title(group.id, 2, "Host")
    member = await bot.get_chat_member(group.id, 2)
    assert isinstance(member, telegram.ChatMemberAdministrator)
    assert (member.custom_title, member.can_be_edited) == ("Host", True)
    await bot.ban_chat_member(group.id, 2)
    with pytest.raises(SimulatorError, match="Ben was banned"):
        await group.join(ben)
    await bot.unban_chat_member(group.id, 2)
    await group.join(ben)
    with pytest.raises(telegram.error.BadRequest, match="chat owner"):
        await bot.ban_chat_member(group.id, 1)
    await bot.leave_chat(group.id)
    with pytest.raises(telegram.error.Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(group.id, "Back?")


async def test_a_group_where_nobody_may_write_refuses_the_bot_too(
    bot: telegram.Bot, ana: Person, ben: Person, group: Group
) -> None:
    await group.promote("test_bot", by=ana)
    await bot.set_chat_permissions(group.id, ChatPermissions(can_send_messages=True))
    await group.promote("test_bot", by=ana, rights=[])
    await bot.send_message(group.id, "Words")
    with pytest.raises(telegram.error.BadRequest, match="ot enough rights to send polls to the chat"):
        await bot.send_poll(group.id, "?", ["a", "b"])
    with pytest.raises(telegram.error.BadRequest, match="ot enough rights to manage pinned messages"):
        await bot.pin_chat_message(group.id, 1)
    key = telegram.KeyboardButton("Here", request_location=True)
    with pytest.raises(telegram.error.BadRequest, match="Location can be requested in private chats only"):
        await bot.send_message(group.id, "?", reply_markup=telegram.ReplyKeyboardMarkup([[key]]))


async def test_a_button_in_a_group_is_for_everybody_in_it(
    bot: telegram.Bot, simulator: Simulator, ben: Person, group: Group
) -> None:
    await heard(bot)
    cleo = await simulator.person("Cleo", id=3)
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("I come", callback_data="yes")]])
    await bot.send_message(group.id, "Who comes?", reply_markup=keyboard)
    there = ben.within(group)
    await there.expect("Who comes?")
    assert not (await there.tap("I come", timeout=0.01)).answered
    (update,) = await heard(bot)
    assert update.callback_query is not None
    assert update.callback_query.from_user.id == 2
    assert update.callback_query.message is not None
    assert update.callback_query.message.chat.id == group.id
    with pytest.raises(SimulatorError, match="Cleo is not in “Lyon 3”"):
        await cleo.within(group).tap("I come")


async def test_a_poll_counts_the_votes_of_all(
    bot: telegram.Bot, ana: Person, ben: Person, group: Group
) -> None:
    await heard(bot)
    sent = await bot.send_poll(group.id, "When?", ["Now", "Later"], is_anonymous=False)
    for person, option in ((ana, 0), (ben, 1)):
        place = {"group": group.id, "message_id": sent.message_id, "options": [option]}
        await person._simulator.call("POST", f"/people/{person.id}/vote", json=place)
    answers = await heard(bot)
    assert [update.poll_answer.user.id for update in answers if update.poll_answer] == [1, 2]
    last = next(update.poll for update in reversed(answers) if update.poll)
    assert [option.voter_count for option in last.options] == [1, 1]
    assert (await bot.stop_poll(group.id, sent.message_id)).is_closed


async def test_what_others_wrote_is_deleted_by_administrators_only(
    bot: telegram.Bot, ana: Person, ben: Person, group: Group
) -> None:
    number = await ben.within(group).send("x")
    with pytest.raises(telegram.error.BadRequest, match="essage can't be deleted"):
        await bot.delete_message(group.id, number)
    with pytest.raises(telegram.error.BadRequest, match="essage can't be edited"):
        await bot.edit_message_text("y", group.id, number)
    await group.promote("test_bot", by=ana)
    await bot.delete_message(group.id, number)
    assert number not in [message.message_id for message in await ben.within(group).messages()]


async def test_a_group_that_becomes_a_supergroup_has_another_number(
    bot: telegram.Bot, simulator: Simulator, ana: Person
) -> None:
    small = await simulator.group("Small", owner=ana, bots=["test_bot"], basic=True)
    assert (await bot.get_chat(small.id)).type == "group"
    await heard(bot)
    large = await small.upgrade(by=ana)
    first, second = await heard(bot)
    assert first.message is not None
    assert second.message is not None
    assert first.message.migrate_to_chat_id == large.id
    assert second.message.migrate_from_chat_id == small.id
    with pytest.raises(telegram.error.ChatMigrated) as moved:
        await bot.send_message(small.id, "Hello?")
    assert moved.value.new_chat_id == large.id
    await bot.send_message(large.id, "Hello!")


async def test_a_title_changes_and_everybody_reads_it(bot: telegram.Bot, ana: Person, group: Group) -> None:
    with pytest.raises(telegram.error.BadRequest, match="ot enough rights to change chat title"):
        await bot.set_chat_title(group.id, "Lyon 7")
    await group.promote("test_bot", by=ana)
    await heard(bot)
    await bot.set_chat_title(group.id, "Lyon 7")
    await bot.set_chat_description(group.id, "Neighbours")
    (told,) = await heard(bot)
    assert told.message is not None
    assert told.message.new_chat_title == "Lyon 7"
    assert (await bot.get_chat(group.id)).description == "Neighbours"
    (message,) = [
        m for m in await ana.within(group).messages() if m.raw["happened"]["kind"] == "new_chat_title"
    ]
    assert message.raw["happened"]["about"] == "Lyon 7"


async def test_a_group_takes_twenty_messages_a_minute(simulator: Simulator, call: Call, group: Group) -> None:
    await simulator.call("POST", "/limits", json={"like": "telegram"})
    codes = [(await call("sendMessage", chat_id=group.id, text="x")).get("error_code") for _ in range(21)]
    assert codes == [None] * 20 + [429]
    await simulator.call("POST", "/clock", json={"by_seconds": 3})
    assert (await call("sendMessage", chat_id=group.id, text="x"))["ok"]


@pytest.mark.parametrize("served", [{"others": [OTHER]}], indirect=True)
async def test_two_bots_in_a_group(
    served: RunningSimulator, simulator: Simulator, bot: telegram.Bot, ana: Person
) -> None:
    both = await simulator.group("Both", owner=ana, bots=["test_bot", "other_bot"])
    there = ana.within(both)
    async with telegram.Bot(OTHER.token, base_url=served.api_base) as other:
        await heard(bot)
        await heard(other)
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Tap", callback_data="t")]])
        await other.send_message(both.id, "I am the other", reply_markup=keyboard)
        assert await heard(bot) == []  # a bot never hears another
        await there.tap("Tap", timeout=0.01)
        await there.send("/help")  # for the one who spoke last
        assert [update.callback_query is not None for update in await heard(other)] == [True, False]
        assert await heard(bot) == []
    with pytest.raises(telegram.error.BadRequest, match="Chat not found"):
        await bot.send_message("@nowhere", "x")


@pytest.mark.parametrize(
    ("act", "content", "sentence"),
    [
        ("send", {"text": "x"}, "Ben is not in “Closed”"),
        ("leave", {}, "Ben is not in “Closed”"),
        ("add", {"member": 1}, "Ben is not in “Closed”"),
        ("promote", {"member": 1}, "Ben is not in “Closed”"),
        ("topic", {"name": "x"}, "Ben is not in “Closed”"),
        ("topic-change", {"topic": 9}, "“Closed” has no topic 9"),
        ("join", {"link": "https://t.me/+no"}, "invite link is not or no longer valid"),
    ],
)
async def test_acts_that_are_refused(
    simulator: Simulator, ana: Person, ben: Person, act: str, content: dict[str, Any], sentence: str
) -> None:
    closed = await simulator.group("Closed", owner=ana)
    with pytest.raises(SimulatorError, match=sentence):
        await simulator.call("POST", f"/people/{ben.id}/{act}", json={"group": closed.id, **content})
