"""What is sent, and who decides on it: broadcasts, what is saved for them, surveys and what is in doubt."""

from __future__ import annotations

from typing import Any

from bot.actions import (
    broadcast_approvals,
    broadcast_cards,
    broadcast_changes,
    broadcast_control,
    broadcast_drafts,
    broadcasts,
    doubts,
    mends,
    saved_audiences,
    survey_results,
    surveys,
)
from bot.actions.authority import Author
from bot.rules.areas import contains
from bot.rules.broadcast_lists import BroadcastPart
from bot.rules.leaves import read_leaf
from bot.rules.mends import Mend
from bot.rules.permissions import Role
from tests.acting import LYON, NEWS, NOW, World, new_survey
from tests.matrix.row import Row, Rows, reaches_nobody_else, supervises

DOUBTFUL = (LYON, "69381")


LYONNAIS = read_leaf(f"in:{LYON}")


async def sends_again_in_its_area(world: World, author: Author, again: int) -> None:
    """Of the two people in doubt, those who live where the author holds a role."""
    assert again == sum(any(contains(role.area, home) for role in author.roles) for home in DOUBTFUL)


async def lists_broadcasts(world: World, author: Author, found: Any) -> None:
    """One's own, and those of others where one supervises."""
    listed = {each.broadcast.id for each in found.lines}
    assert world.own_broadcast in listed
    assert (world.broadcast in listed) is supervises(author)


async def asks_nobody_else(world: World, author: Author, made: Any) -> None:
    """It waits for a second person unless a coordinator asks."""
    await reaches_nobody_else(world, author, made)
    assert made.awaits_approval is all(role.role is Role.ORGANIZER for role in author.roles)


async def lists_surveys(world: World, author: Author, found: Any) -> None:
    assert {each.code for each in found} == {"own", *(["theirs"] if supervises(author) else [])}


async def decides_on_doubts(world: World, author: Author, found: Any) -> None:
    """One's own messages, and those of others where one supervises, for people of the author’s areas."""
    listed = {each.id for each in found}
    assert world.broadcast not in listed or supervises(author)


async def saves_for_its_area(world: World, author: Author, kept: Any) -> None:
    """Nobody outside the author’s areas is in it."""
    assert any(contains(kept.audience.area, role.area) for role in author.roles)


MESSAGES: Rows = {
    "broadcasts.send": {
        "": Row(
            run=lambda w, a: broadcasts.send(w.tx, a, NEWS),
            least="organizer",
            where="any",
            check=reaches_nobody_else,
        ),
    },
    "broadcast_cards.listed": {
        "": Row(
            run=lambda w, a: broadcast_cards.listed(
                w.tx, a, BroadcastPart.ALL, 0, language="fr", fallback="fr"
            ),
            least="organizer",
            where="any",
            check=lists_broadcasts,
        ),
    },
    "broadcast_cards.reminders": {
        "": Row(run=lambda w, a: broadcast_cards.reminders(w.tx, a), least="organizer", where="any"),
    },
    "broadcast_cards.card": {
        "own": Row(
            run=lambda w, a: broadcast_cards.card(w.tx, a, w.own_broadcast, "fr"),
            least="organizer",
            where="any",
        ),
        "another’s": Row(
            run=lambda w, a: broadcast_cards.card(w.tx, a, w.broadcast, "fr"), least="coordinator"
        ),
    },
    "broadcast_changes.changeable": {
        "another’s": Row(
            run=lambda w, a: broadcast_changes.changeable(w.tx, a, w.unapproved), least="coordinator"
        ),
    },
    "broadcast_drafts.duplicable": {
        "another’s": Row(
            run=lambda w, a: broadcast_drafts.duplicable(w.tx, a, w.unapproved), least="coordinator"
        ),
    },
    "broadcast_changes.change": {
        "another’s": Row(
            run=lambda w, a: broadcast_changes.change(w.tx, a, w.unapproved, NEWS), least="coordinator"
        ),
    },
    "broadcast_changes.renew": {
        "own": Row(
            run=lambda w, a: broadcast_changes.renew(w.tx, a, w.own_broadcast),
            least="organizer",
            where="any",
        ),
        "another’s": Row(run=lambda w, a: broadcast_changes.renew(w.tx, a, w.broadcast), least="coordinator"),
    },
    "broadcast_changes.foreseen_again": {
        "another’s": Row(
            run=lambda w, a: broadcast_changes.foreseen_again(w.tx, a, w.broadcast), least="coordinator"
        ),
    },
    "mends.mendable": {
        "another’s": Row(
            run=lambda w, a: mends.mendable(w.tx, a, w.broadcast, Mend.RECALL), least="coordinator"
        ),
        # Whose role no longer reaches there may take back what they wrote, and say nothing new.
        "own, elsewhere": Row(
            run=lambda w, a: mends.mendable(w.tx, a, w.own_broadcast, Mend.RECALL),
            least="organizer",
            where="any",
        ),
    },
    "saved_audiences.save_for": {
        "": Row(
            run=lambda w, a: saved_audiences.save_for(w.tx, a, "nous", LYONNAIS, as_typed="nous"),
            least="organizer",
            where="any",
            check=saves_for_its_area,
        ),
    },
    "mends.recall": {
        "own": Row(
            run=lambda w, a: mends.recall(w.tx, a, w.own_broadcast, key="mend:1"),
            least="organizer",
            where="any",
        ),
        "another’s": Row(
            run=lambda w, a: mends.recall(w.tx, a, w.broadcast, key="mend:1"), least="coordinator"
        ),
    },
    "mends.correct": {
        "own": Row(
            run=lambda w, a: mends.correct(w.tx, a, w.own_broadcast, {"fr": "Bonsoir"}, key="mend:1"),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: mends.correct(w.tx, a, w.broadcast, {"fr": "Bonsoir"}, key="mend:1"),
            least="coordinator",
        ),
    },
    "broadcast_control.followed": {
        "own": Row(
            run=lambda w, a: broadcast_control.followed(w.tx, a, w.own_broadcast),
            least="organizer",
            where="any",
        ),
        "another’s": Row(
            run=lambda w, a: broadcast_control.followed(w.tx, a, w.broadcast), least="coordinator"
        ),
    },
    "broadcast_control.controlled": {
        "own": Row(
            run=lambda w, a: broadcast_control.controlled(w.tx, a, w.own_broadcast),
            least="organizer",
            where="any",
        ),
        "another’s": Row(
            run=lambda w, a: broadcast_control.controlled(w.tx, a, w.broadcast), least="coordinator"
        ),
    },
    "broadcast_control.control": {
        "own": Row(
            run=lambda w, a: broadcast_control.control(w.tx, a, w.own_broadcast, "pause"),
            least="organizer",
            where="any",
        ),
        "another’s": Row(
            run=lambda w, a: broadcast_control.control(w.tx, a, w.broadcast, "cancel"), least="coordinator"
        ),
        "adopting their own": Row(
            run=lambda w, a: broadcast_control.control(w.tx, a, w.orphan, "resume"), least="coordinator"
        ),
    },
    "broadcast_control.ask_again": {
        "another’s": Row(
            run=lambda w, a: broadcast_control.ask_again(w.tx, a, w.unapproved), least="coordinator"
        ),
    },
    "broadcast_approvals.shown_to": {
        "": Row(run=lambda w, a: broadcast_approvals.shown_to(w.tx, a, w.request, "fr"), least="coordinator"),
    },
    "broadcast_approvals.decided": {
        "": Row(run=lambda w, a: broadcast_approvals.decided(w.tx, a, w.request), least="coordinator"),
    },
    "broadcast_approvals.decide": {
        "letting it go": Row(
            run=lambda w, a: broadcast_approvals.decide(
                w.tx, a, w.request, broadcast_approvals.ApprovalDecision.ANYWAY
            ),
            least="coordinator",
        ),
        "refusing": Row(
            run=lambda w, a: broadcast_approvals.decide(
                w.tx, a, w.request, broadcast_approvals.ApprovalDecision.NO
            ),
            least="coordinator",
        ),
    },
    "doubts.doubts_of": {
        "own": Row(
            run=lambda w, a: doubts.doubts_of(w.tx, a, w.own_broadcast), least="organizer", where="any"
        ),
        "another’s": Row(run=lambda w, a: doubts.doubts_of(w.tx, a, w.broadcast), least="coordinator"),
    },
    "doubts.to_decide": {
        "": Row(
            run=lambda w, a: doubts.to_decide(w.tx, a),
            least="organizer",
            where="any",
            check=decides_on_doubts,
        ),
    },
    "doubts.send_again": {
        "own": Row(
            run=lambda w, a: doubts.send_again(w.tx, a, w.own_broadcast, until=NOW),
            least="organizer",
            where="any",
            check=sends_again_in_its_area,
        ),
        "another’s": Row(
            run=lambda w, a: doubts.send_again(w.tx, a, w.broadcast, until=NOW), least="coordinator"
        ),
    },
    "surveys.send": {
        "": Row(
            run=lambda w, a: surveys.send(w.tx, a, new_survey("s2")),
            least="organizer",
            where="any",
            check=asks_nobody_else,
        ),
    },
    "survey_results.seen_by": {
        "": Row(
            run=lambda w, a: survey_results.seen_by(w.tx, a),
            least="organizer",
            where="any",
            check=lists_surveys,
        ),
    },
    "survey_results.seen": {
        "own": Row(run=lambda w, a: survey_results.seen(w.tx, a, "own"), least="organizer", where="any"),
        "another’s": Row(run=lambda w, a: survey_results.seen(w.tx, a, "theirs"), least="coordinator"),
    },
    "survey_results.results_for": {
        "own": Row(
            run=lambda w, a: survey_results.results_for(w.tx, a, "own"), least="organizer", where="any"
        ),
        "another’s": Row(run=lambda w, a: survey_results.results_for(w.tx, a, "theirs"), least="coordinator"),
    },
}
