"""Updates in and replies out: exactly one effect, order per chat, and nothing that one fault can stop."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from bot.delivery.calls import Attachment, Call
from bot.delivery.hooks import UpdateRefused
from bot.delivery.intake import chat_of, received
from bot.delivery.outcomes import InDoubt, NotSent, Rejected
from db import updates as store
from db.schema import people, responses, updates
from tests.delivery.updating import effects, give, states


async def test_each_chat_is_answered_in_order(bench: Any, helpers: Any) -> None:
    bench.app.replies = lambda update: [
        helpers.say(helpers.chat_id(update), f"{update['update_id']}a"),
        helpers.say(helpers.chat_id(update), f"{update['update_id']}b"),
    ]
    given = [helpers.message(number, 1 + number % 7) for number in range(1, 71)]
    async with bench.running() as engine:
        for update in given:
            await engine.intake.store(orjson.dumps(update))
        await bench.idle(engine)
    for chat in range(1, 8):
        numbers = [update["update_id"] for update in given if helpers.chat_id(update) == chat]
        assert bench.telegram.texts(chat) == [f"{number}{part}" for number in numbers for part in "ab"]
    assert await effects(bench) == list(range(1, 71))


async def test_a_chat_whose_replies_are_leaving_waits_and_the_others_do_not(bench: Any, helpers: Any) -> None:
    bench.telegram.open.clear()
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 10))
        await helpers.until(lambda: bench.telegram.in_flight == 1)
        await give(engine, helpers.message(2, 10), helpers.message(3, 20))
        await helpers.until(lambda: bench.telegram.in_flight == 2)
        assert await effects(bench) == [1, 3]
        bench.telegram.open.set()
        await bench.idle(engine)
    assert await effects(bench) == [1, 2, 3]


async def test_a_repeated_update_counts_once(bench: Any, helpers: Any) -> None:
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 10), helpers.message(1, 10))
        await bench.idle(engine)
        await give(engine, helpers.message(1, 10))
        await bench.idle(engine)
    assert bench.telegram.texts() == ["ok"]
    assert await effects(bench) == [1]


async def test_an_update_that_fails_is_kept_and_apologised_for(bench: Any, helpers: Any) -> None:
    def fail(update: dict[str, Any]) -> None:
        if update["update_id"] == 2:
            raise ZeroDivisionError("what the person wrote")

    bench.app.process_hook = fail
    async with bench.running() as engine:
        await give(engine, *(helpers.message(number, number) for number in (1, 2, 3)))
        await bench.idle(engine)
    assert await states(bench) == {1: "done", 2: "failed", 3: "done"}
    assert bench.telegram.texts(2) == ["sorry"]
    assert await effects(bench) == [1, 3]  # its own effect was rolled back
    async with bench.database.read() as tx:
        failed = sa.select(updates.c.update_id, updates.c.error).where(updates.c.state == "failed")
        ((number, error),) = (await tx.execute(failed)).all()
    assert number == 2
    assert error.startswith("ZeroDivisionError at test_replies.py:")
    assert "person" not in error


async def test_an_update_that_is_refused_changes_nothing_and_is_answered(bench: Any, helpers: Any) -> None:
    def refuse(update: dict[str, Any]) -> None:
        if update["update_id"] == 2:
            raise UpdateRefused([helpers.say(2, "no")])

    bench.app.process_hook = refuse
    async with bench.running() as engine:
        await give(engine, *(helpers.message(number, number) for number in (1, 2, 3)))
        await bench.idle(engine)
    assert await states(bench) == {1: "done", 2: "done", 3: "done"}
    assert bench.telegram.texts(2) == ["no"]
    assert await effects(bench) == [1, 3]


def test_the_buttons_of_a_tapped_message_are_kept_but_where_thousands_answer() -> None:
    """What the tapped message bears tells whether a card was leafed on in, and what somebody agreed to read."""
    message = {"message_id": 5, "chat": {"id": 1}, "text": "Will you come?"}
    tap = {"update_id": 1, "callback_query": {"id": "7", "data": "1:rsvp:lyon1:yes", "message": message}}
    buttons = {"inline_keyboard": [[{"text": "I’ll come", "callback_data": "1:rsvp:lyon1:yes"}]]}
    given = {
        **tap,
        "callback_query": {**tap["callback_query"], "message": {**message, "reply_markup": buttons}},
    }
    assert orjson.loads(received(given).body) == tap
    assert orjson.loads(received(tap).body) == tap
    given["callback_query"]["data"] = "1:shifts:lyon1"
    assert orjson.loads(received(given).body) == given


async def test_an_update_whose_row_breaks_a_constraint_stops_nobody(bench: Any, helpers: Any) -> None:
    async with bench.database.write() as tx:
        row = {"at": helpers.start, "question": "tap", "answer": "", "update_id": 2}
        await tx.execute(responses.insert(), row)
    async with bench.running() as engine:
        await give(engine, *(helpers.message(number, number) for number in (1, 2, 3)))
        await bench.idle(engine)
    assert await states(bench) == {1: "done", 2: "failed", 3: "done"}


async def test_an_apology_that_fails_is_not_made(bench: Any, helpers: Any) -> None:
    def fail(_update: dict[str, Any]) -> None:
        raise RuntimeError

    bench.app.process_hook = fail
    bench.app.apologise = lambda _update: 1 / 0
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 10))
        await bench.idle(engine)
    assert await states(bench) == {1: "failed"}
    assert bench.telegram.arrived == []


REPLY_OUTCOMES = [
    # what the first post of a new message meets, what arrives in the end
    (NotSent(reason="Too Many Requests", retry_after=0.05), ["one", "two"]),
    (NotSent(reason="ClientConnectorError"), ["one", "two"]),
    (InDoubt(reason="reset"), ["two"]),
    (Rejected(code=400, description="Bad Request: can't parse entities"), ["two"]),
    (Rejected(code=403, description="Forbidden: bot was blocked by the user"), ["two"]),
]


@pytest.mark.parametrize(("outcome", "arrived"), REPLY_OUTCOMES)
async def test_an_outcome_settles_a_reply(bench: Any, helpers: Any, outcome: Any, arrived: list[str]) -> None:
    await helpers.add_people(bench.database, 1)
    bench.app.replies = lambda _update: [helpers.say(1001, "one"), helpers.say(1001, "two")]
    bench.telegram.faults.append(outcome)
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1001))
        await bench.idle(engine)
    assert bench.telegram.texts() == arrived
    assert await states(bench) == {1: "done"}
    async with bench.database.read() as tx:
        unreachable = (await tx.execute(sa.select(people.c.unreachable_at))).scalar_one()
    assert (unreachable is not None) == (isinstance(outcome, Rejected) and outcome.code == 403)


async def test_an_edit_without_an_answer_is_repeated(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.leaving.REPEAT_SECONDS", 0.01)
    edit = Call(method="editMessageText", payload={"chat_id": 1, "message_id": 5, "text": "new"})
    bench.app.replies = lambda _update: [edit]
    bench.telegram.faults.append(InDoubt(reason="reset"))
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await bench.idle(engine)
    assert [method for method, _payload in bench.telegram.arrived] == ["editMessageText"]


async def test_what_was_begun_before_a_crash_is_not_posted_again(bench: Any, helpers: Any) -> None:
    edit = Call(method="editMessageText", payload={"chat_id": 1, "message_id": 5, "text": "new"})
    toast = Call(method="answerCallbackQuery", payload={"callback_query_id": "9"})
    calls = [toast, helpers.say(1, "one"), edit, helpers.say(1, "three")]
    answered = [
        store.AnsweredUpdate(update_id=n, chat=n, replies=[call.to_json() for call in calls]) for n in (1, 2)
    ]
    async with bench.database.write() as tx:
        received = [store.Received(update_id=n, chat=n, body=b"{}") for n in (1, 2)]
        await store.store(tx, received, helpers.start)
        await store.answer(tx, answered, "dead")
        assert await store.begin(tx, [(1, 2)], "dead") == {1}
        assert await store.begin(tx, [(2, 1)], "other") == set()
    async with bench.running() as engine:
        await bench.idle(engine)
    # update 1: "one" may have arrived, so it is left; update 2: nothing was begun, all is posted
    assert sorted(bench.telegram.texts()) == ["one", "three", "three"]
    # The answer to the tap leaves beside "one", and may not have left before it: the button would wait for ever.
    assert sum(method == "answerCallbackQuery" for method, _payload in bench.telegram.arrived) == 2
    assert await states(bench) == {1: "done", 2: "done"}


def test_a_call_that_is_written_says_the_same() -> None:
    edit = Call(method="editMessageText", payload={"chat_id": 1, "message_id": 5, "text": "é"}, remember="x")
    written = edit.written()
    assert written == edit == Call.from_json(orjson.loads(orjson.dumps(written.to_json())))
    assert (written.body, written.written()) == (edit.body, written)
    assert (written.chat, written.payload["text"], len(written.payload)) == (1, "é", 3)
    assert written.saying(text="new").payload == edit.saying(text="new").payload
    assert written.to(2) == edit.to(2)


async def test_what_was_said_is_kept_until_it_is_answered_and_longer_only_where_that_failed(
    bench: Any, helpers: Any
) -> None:
    """Its replies may wait for hours."""
    answered = [
        store.AnsweredUpdate(update_id=n, chat=n, replies=[], error=error)
        for n, error in ((1, None), (2, "Fault"))
    ]
    async with bench.database.write() as tx:
        received = [store.Received(update_id=n, chat=n, body=b"{}") for n in (1, 2)]
        await store.store(tx, received, helpers.start)
        await store.answer(tx, answered, "other")
    async with bench.database.read() as tx:
        kept = await tx.execute(sa.select(updates.c.state, updates.c.body).order_by(updates.c.update_id))
        assert [tuple(row) for row in kept] == [("answered", None), ("answered", b"{}")]


async def test_what_failed_goes_with_its_author_also_before_the_apology_has_left(
    bench: Any, helpers: Any
) -> None:
    """Whoever answers for the bot may erase somebody while Telegram is away for hours."""
    failed = [
        store.AnsweredUpdate(update_id=n, chat=7, replies=[helpers.say(7, "sorry").to_json()], error="Fault")
        for n in (1, 2)
    ]
    async with bench.database.write() as tx:
        received = [store.Received(update_id=n, chat=7, body=b'{"text": "secret"}') for n in (1, 2)]
        await store.store(tx, received, helpers.start)
        await store.answer(tx, failed, "ours")
    async with bench.database.write() as tx:
        await store.finish(tx, [1], "ours")
    async with bench.database.write() as tx:
        await store.blank_failed(tx, [7])
    columns = sa.select(updates.c.chat, updates.c.body).order_by(updates.c.update_id)
    async with bench.database.read() as tx:
        assert [tuple(row) for row in await tx.execute(columns)] == [(None, None), (7, None)]
    async with bench.database.write() as tx:
        assert await store.held(tx, [2], "ours") == {2}  # the apology still leaves
        await store.finish(tx, [2], "ours")
    async with bench.database.read() as tx:
        assert [tuple(row) for row in await tx.execute(columns)] == [(None, None), (None, None)]


async def test_a_sent_message_is_remembered(bench: Any, helpers: Any) -> None:
    bench.app.replies = lambda _update: [helpers.say(1, "progress", remember="progress:7")]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await bench.idle(engine)
    assert bench.app.remembered == [("progress:7", 1)]


async def test_an_export_is_made_and_uploaded(bench: Any, helpers: Any) -> None:
    async def export(arguments: Any) -> Attachment:
        return Attachment(field="document", name="x.csv", content=f"area;{arguments['area']}".encode())

    async def broken(_arguments: Any) -> Attachment:
        raise RuntimeError

    bench.producers.update(export=export, broken=broken)
    document = {"method": "sendDocument", "payload": {"chat_id": 1, "text": "file"}}
    bench.app.replies = lambda _update: [
        Call(**document, produce="broken"),
        Call(**document, produce="export", produce_arguments={"area": "69"}),
    ]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await bench.idle(engine)
    assert bench.telegram.files == [b"area;69"]
    assert await states(bench) == {1: "done"}


async def test_whoever_waits_for_a_file_is_told_that_it_does_not_come(bench: Any, helpers: Any) -> None:
    """It cannot be made; or something else is said in its place."""

    async def broken(_arguments: Any) -> Attachment:
        raise OSError(28, "No space left on device")

    async def too_large(_arguments: Any) -> Call:
        return Call(method="sendMessage", payload={"chat_id": 1, "text": "a link"})

    bench.producers.update(broken=broken, too_large=too_large)
    document = {"method": "sendDocument", "payload": {"chat_id": 1}}
    sorry = {"chat_id": 1, "text": "sorry"}
    bench.app.replies = lambda _update: [
        Call(**document, produce="broken", otherwise=sorry),
        Call(**document, produce="too_large", otherwise=sorry),
    ]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await bench.idle(engine)
    assert bench.telegram.texts(1) == ["sorry", "a link"]
    assert await states(bench) == {1: "done"}


async def test_a_file_is_made_before_its_post_is_begun(bench: Any, helpers: Any) -> None:
    """A process that stops while it makes one leaves nothing in doubt: the next makes it anew."""
    begun = []

    async def export(_arguments: Any) -> Call:
        async with bench.database.read() as tx:
            begun.extend((await tx.execute(sa.select(updates.c.begun))).scalars())
        return Call(method="sendMessage", payload={"chat_id": 1, "text": "made"})

    bench.producers.update(export=export)
    bench.app.replies = lambda _update: [
        Call(method="sendDocument", payload={"chat_id": 1}, produce="export")
    ]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await bench.idle(engine)
    assert begun == [0]


async def test_old_updates_are_forgotten(bench: Any, helpers: Any) -> None:
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await bench.idle(engine)
    async with bench.database.write() as tx:
        now = bench.clock.now()
        assert await store.forget(tx, done_before=helpers.start, failed_before=now) == 0
        assert await store.forget(tx, done_before=now, failed_before=helpers.start) == 1


@pytest.mark.parametrize(
    ("update", "chat"),
    [
        ({"update_id": 1, "message": {"chat": {"id": 5}, "from": {"id": 6}}}, 5),
        ({"update_id": 1, "callback_query": {"from": {"id": 6}, "message": {"chat": {"id": 5}}}}, 5),
        ({"update_id": 1, "callback_query": {"from": {"id": 6}, "inline_message_id": "x"}}, 6),
        ({"update_id": 1, "my_chat_member": {"chat": {"id": 5}, "from": {"id": 6}}}, 5),
        ({"update_id": 1, "poll_answer": {"poll_id": "1", "user": {"id": 6}}}, 6),
        ({"update_id": 1, "poll": {"id": "1"}}, 0),
        ({"update_id": 1}, 0),
    ],
)
def test_the_chat_of_an_update(update: dict[str, Any], chat: int) -> None:
    assert chat_of(update) == chat


async def test_the_last_message_of_each_chat_is_known(bench: Any, helpers: Any) -> None:
    """Once an update is done, before the chat's next one is handled: also to another process, or after a restart."""

    def answer(update: dict[str, Any]) -> list[Call]:
        chat = helpers.chat_id(update)
        changed = {"chat_id": chat, "message_id": 1, "text": "c"}
        said = [helpers.say(chat, "a"), helpers.say(chat, "b")] if chat < 1_003 else []
        return [*said, Call(method="editMessageText", payload=changed)]

    bench.app.replies = answer
    await helpers.add_people(bench.database, 4)
    async with bench.running() as engine:
        await give(engine, *(helpers.message(number, 1_000 + number) for number in (1, 2, 3)))
        await bench.idle(engine)
    last = {
        payload["chat_id"]: number
        for number, (method, payload) in enumerate(bench.telegram.arrived, 1)
        if method == "sendMessage"
    }
    async with bench.database.read() as tx:
        known = {
            row.telegram_id: row.newest_message
            for row in await tx.execute(sa.select(people.c.telegram_id, people.c.newest_message))
        }
    assert known == {1_001: last[1_001], 1_002: last[1_002], 1_003: None, 1_004: None}
