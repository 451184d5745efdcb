"""What is read of the others: exports, figures, lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.actions import (
    calendar,
    downloads,
    export_orders,
    exports,
    look_up,
    statistics,
    team_log,
    today,
)
from bot.actions.authority import Author
from bot.actions.exports import Order
from bot.actions.look_up import LookedUp
from db.exports import Selection
from tests.acting import LYON, World
from tests.matrix.row import Row, Rows, supervises


def ordered(table: str) -> Order:
    return Order(table=table, format="csv", selection=Selection(area=LYON))


def order(table: str) -> Callable[[World, Author], Awaitable[Any]]:
    return lambda world, author: export_orders.order(world.tx, author, ordered(table))


async def require(author: Author, table: str) -> None:
    exports.require(author, ordered(table))


async def shows_what_is_theirs(world: World, author: Author, found: Any) -> None:
    """The events of the area, and what they may control of the messages that are scheduled."""
    assert {each.event.id for each in found if each.event} == {world.event.id, world.own_event.id}


async def decides_what_is_theirs(world: World, author: Author, found: Any) -> None:
    asked = {each.number for each in found if each.matter == today.Matter.APPROVAL}
    assert asked == ({world.unapproved} if supervises(author) else set())


ACCOUNTS: Rows = {
    "export_orders.order": {
        "responses": Row(run=order("responses"), least="coordinator"),
        "supporters": Row(run=order("supporters"), least="coordinator"),
        "answer_counts": Row(run=order("answer_counts"), least="coordinator"),
        "deliveries": Row(run=order("deliveries"), least="coordinator"),
        "attendance": Row(run=order("attendance"), least="coordinator"),
        "shifts": Row(run=order("shifts"), least="coordinator"),
        "hosts": Row(run=order("hosts"), least="coordinator"),
        "survey_answers": Row(run=order("survey_answers"), least="coordinator"),
        "doors": Row(run=order("doors"), least="coordinator"),
        "walks": Row(run=order("walks"), least="coordinator"),
        "conversations": Row(run=order("conversations"), least="coordinator"),
        "audit": Row(run=order("audit"), least="admin", where="everywhere"),
    },
    "export_orders.decide": {
        "": Row(
            run=lambda w, a: export_orders.decide(w.tx, a, w.export, granted=True),
            least="admin",
            where="everywhere",
        ),
    },
    "export_orders.fetch": {
        "": Row(
            run=lambda w, a: export_orders.fetch(w.tx, a, w.granted), least="coordinator", where="everywhere"
        ),
    },
    "exports.latest_events": {
        "": Row(run=lambda w, a: exports.latest_events(w.tx, a, ordered("responses")), least="coordinator"),
    },
    "exports.event_of": {
        "": Row(run=lambda w, a: exports.event_of(w.tx, a, ordered("responses")), least="coordinator"),
    },
    "calendar.coming": {
        "": Row(
            run=lambda w, a: calendar.coming(w.tx, a, LYON, language="fr"),
            least="organizer",
            check=shows_what_is_theirs,
        ),
    },
    "exports.require": {
        "responses": Row(run=lambda w, a: require(a, "responses"), least="coordinator"),
        "audit": Row(run=lambda w, a: require(a, "audit"), least="admin", where="everywhere"),
    },
    "downloads.offer": {
        "responses": Row(
            run=lambda w, a: downloads.offer(w.tx, a, ordered("responses"), "fr"), least="coordinator"
        ),
        "audit": Row(
            run=lambda w, a: downloads.offer(w.tx, a, ordered("audit"), "fr"),
            least="admin",
            where="everywhere",
        ),
    },
    "team_log.page": {
        "": Row(run=lambda w, a: team_log.page(w.tx, a), least="admin", where="everywhere"),
    },
    "team_log.first_names": {
        "": Row(
            run=lambda w, a: team_log.first_names(w.tx, a, ["staff:1"]), least="admin", where="everywhere"
        ),
    },
    "team_log.told_of": {
        "": Row(run=lambda w, a: team_log.told_of(w.tx, a), least="admin", where="everywhere"),
    },
    "today.own_waiting": {
        "": Row(run=lambda w, a: today.own_waiting(w.tx, a, "fr"), least="organizer", where="any"),
    },
    "today.decisions": {
        "": Row(
            run=lambda w, a: today.decisions(w.tx, a, "fr"),
            least="organizer",
            where="any",
            check=decides_what_is_theirs,
        ),
    },
    "today.leaving": {
        "": Row(run=lambda w, a: today.leaving(w.tx, a, LYON, "fr"), least="organizer"),
    },
    "today.under_way": {
        "": Row(run=lambda w, a: today.under_way(w.tx, a, LYON, "fr"), least="organizer"),
    },
    "today.joined": {
        "": Row(run=lambda w, a: today.joined(w.tx, a, LYON, "Europe/Paris"), least="organizer"),
    },
    "look_up.search": {
        "": Row(run=lambda w, a: look_up.search(w.tx, a, "Awa"), least="organizer", where="any")
    },
    "look_up.note": {
        "": Row(
            run=lambda w, a: look_up.note(w.tx, a, LookedUp(name="Awa", people=(), more=False)),
            least="organizer",
            where="any",
        )
    },
    "statistics.overview": {
        "": Row(run=lambda w, a: statistics.overview(w.tx, a, LYON), least="organizer"),
    },
    "statistics.events_to_come": {
        "": Row(run=lambda w, a: statistics.events_to_come(w.tx, a, LYON, "fr"), least="organizer"),
    },
    "statistics.event_answers": {
        "": Row(run=lambda w, a: statistics.event_answers(w.tx, a, LYON, [1]), least="organizer"),
    },
    "statistics.logged": {
        "": Row(run=lambda w, a: statistics.logged(w.tx, a, LYON), least="organizer"),
    },
}
