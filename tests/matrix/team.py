"""The team itself: its roles, its sessions, and those who write to it."""

from __future__ import annotations

from typing import Any

from bot.actions import (
    admissions,
    console,
    duties,
    inbox,
    saved_answers,
    staff,
    staff_links,
    volunteering,
)
from bot.actions.authority import Author
from bot.actions.conversations import Content
from bot.rules.areas import contains
from bot.rules.permissions import Action, Role
from tests.acting import LYON, World
from tests.matrix.row import Row, Rows


async def lists_its_area(world: World, author: Author, team: Any) -> None:
    for each in (*team.members, *team.links):
        assert author.may(Action.SEE_STAFF, each.area)


async def lists_sessions(world: World, author: Author, found: Any) -> None:
    """Whoever may withdraw the roles of whoever signed in."""
    assert {each.id for each in found} == ({world.session} if author.may(Action.END_CONSOLE, LYON) else set())


WORDS = Content(message_id=1, text="Bonjour")


async def lists_who_waits(world: World, author: Author, found: Any) -> None:
    """Those of their areas, and no word of any."""
    here = any(contains(role.area, LYON) for role in author.roles)
    assert {each.conversation.id for each in found.waiting} == ({world.waiting} if here else set())


TEAM: Rows = {
    "admissions.decide": {
        "granted": Row(run=lambda w, a: admissions.decide(w.tx, a, w.admission, granted=True), least="admin"),
        "refused": Row(
            run=lambda w, a: admissions.decide(w.tx, a, w.admission, granted=False), least="admin"
        ),
    },
    "console.offer": {
        "": Row(run=lambda w, a: console.offer(w.tx, a, "fr"), least="organizer", where="any"),
    },
    "console.own_sessions": {
        "": Row(run=lambda w, a: console.own_sessions(w.tx, a), least="organizer", where="any"),
    },
    "console.sign_out_everywhere": {
        "": Row(run=lambda w, a: console.sign_out_everywhere(w.tx, a), least="organizer", where="any"),
    },
    "console.sessions": {
        "": Row(run=lambda w, a: console.sessions(w.tx, a), least="admin", where="any", check=lists_sessions),
    },
    "console.end_session": {
        "": Row(run=lambda w, a: console.end_session(w.tx, a, w.session), least="admin"),
    },
    "staff.team": {
        "": Row(run=lambda w, a: staff.team(w.tx, a), least="admin", where="any", check=lists_its_area),
    },
    "staff_links.invite": {
        "": Row(run=lambda w, a: staff_links.invite(w.tx, a, role=Role.ADMIN, area=LYON), least="admin"),
    },
    "staff.first_names": {
        "": Row(run=lambda w, a: staff.first_names(w.tx, a, [1]), least="admin", where="any"),
    },
    "staff.find": {"": Row(run=lambda w, a: staff.find(w.tx, a, w.role), least="admin")},
    "staff.revoke": {"": Row(run=lambda w, a: staff.revoke(w.tx, a, w.role), least="admin")},
    "staff_links.revoke_link": {
        "": Row(run=lambda w, a: staff_links.revoke_link(w.tx, a, w.link), least="admin")
    },
    "inbox.opened": {
        "": Row(
            run=lambda w, a: inbox.opened(w.tx, a, None),
            least="organizer",
            where="any",
            check=lists_who_waits,
        )
    },
    "inbox.claim": {"": Row(run=lambda w, a: inbox.claim(w.tx, a, w.taken), least="organizer")},
    "inbox.language_of": {"": Row(run=lambda w, a: inbox.language_of(w.tx, a, w.taken), least="organizer")},
    "inbox.read": {"": Row(run=lambda w, a: inbox.read(w.tx, a, w.taken), least="organizer")},
    "inbox.require_taken": {
        "": Row(run=lambda w, a: inbox.require_taken(w.tx, a, w.taken), least="organizer")
    },
    "inbox.show_again": {"": Row(run=lambda w, a: inbox.show_again(w.tx, a, w.taken), least="organizer")},
    "inbox.answer": {"": Row(run=lambda w, a: inbox.answer(w.tx, a, w.taken, WORDS), least="organizer")},
    # Whoever has taken one can always let it go, also where its author moved away.
    "inbox.hand_back": {
        "": Row(run=lambda w, a: inbox.hand_back(w.tx, a, w.taken), least="organizer", where="any")
    },
    "inbox.may_pass_to": {"": Row(run=lambda w, a: inbox.may_pass_to(w.tx, a, w.taken), least="organizer")},
    "inbox.pass_on": {
        "": Row(run=lambda w, a: inbox.pass_on(w.tx, a, w.taken, w.colleague), least="organizer")
    },
    "inbox.close": {"": Row(run=lambda w, a: inbox.close(w.tx, a, w.taken), least="organizer", where="any")},
    "inbox.block": {
        "": Row(run=lambda w, a: inbox.block(w.tx, a, w.taken, 7, "insultes"), least="organizer")
    },
    "inbox.lift_block": {"": Row(run=lambda w, a: inbox.lift_block(w.tx, a, w.taken), least="organizer")},
    "saved_answers.listed": {
        "": Row(run=lambda w, a: saved_answers.listed(w.tx, a), least="organizer", where="any")
    },
    "saved_answers.usable": {
        "": Row(run=lambda w, a: saved_answers.usable(w.tx, a, w.taken), least="organizer")
    },
    "saved_answers.save": {
        "": Row(
            run=lambda w, a: saved_answers.save(w.tx, a, language="fr", title="Enfants", text="Oui !"),
            least="coordinator",
            where="any",
        )
    },
    "saved_answers.delete": {
        "": Row(run=lambda w, a: saved_answers.delete(w.tx, a, w.saved), least="coordinator")
    },
    "duties.sign_as": {
        "": Row(run=lambda w, a: duties.sign_as(w.tx, a, "Sophie"), least="organizer", where="any")
    },
    "duties.go_on_duty": {
        "": Row(run=lambda w, a: duties.go_on_duty(w.tx, a), least="organizer", where="any")
    },
    "duties.go_off_duty": {
        "": Row(run=lambda w, a: duties.go_off_duty(w.tx, a), least="organizer", where="any")
    },
    "duties.require_name": {
        "": Row(run=lambda w, a: duties.require_name(w.tx, a), least="organizer", where="any")
    },
    "volunteering.open_card": {
        "": Row(run=lambda w, a: volunteering.open_card(w.tx, a, w.offer), least="organizer"),
    },
    "volunteering.take": {
        "": Row(run=lambda w, a: volunteering.take(w.tx, a, w.offer), least="organizer"),
    },
}
