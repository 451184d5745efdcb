"""/staff: who acts for the campaign, and inviting and withdrawing them; and joining by a link."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import admissions, console, staff, staff_links
from bot.actions.audiences import places_named
from bot.actions.authority import Author, area_name
from bot.rules.areas import ABROAD_AREA, EVERYWHERE
from bot.rules.permissions import Action, Role
from db.staff import HeldRole
from handlers import areas, buttons, desk
from handlers.command import allowed
from handlers.command_menu import team_menu_calls
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = "staff_link"
SHOWN = 15
"""Roles and invitations listed in one message; `portevoix staff list` shows all."""


async def list_staff(update: Update, context: Context) -> None:
    await _show(context, await desk.author(context), context.say)


async def back_to_list(update: Update, context: Context) -> None:
    buttons.arguments(context, 0)
    await _show(context, await desk.author(context), context.edit)


async def _show(context: Context, author: Author, answer: Callable[..., None]) -> None:
    team = await staff.team(context.tx, author)
    sessions = (await console.sessions(context.tx, author))[:SHOWN]
    shown = [each.telegram_id for each in team.members[:SHOWN]] + [each.telegram_id for each in sessions]
    known = await staff.first_names(context.tx, author, shown)
    answer(
        "staff/list",
        members=[
            _described(
                author,
                member,
                maker=team.makers[member.added_by],
                approver=team.makers[member.approved_by] if member.approved_by is not None else None,
            )
            for member in team.members[:SHOWN]
        ],
        links=[_described(author, link, maker=team.makers[link.created_by]) for link in team.links[:SHOWN]],
        waiting=[_described(author, each, area=each.details["area"]) for each in team.waiting[:SHOWN]],
        sessions=sessions,
        first_names={each: known.get(each, "") for each in shown},
        more=max(0, len(team.members) - SHOWN),
    )


def _described(author: Author, holder: object, **more: object) -> dict[str, object]:
    """A role or an invitation, with the name of its area."""
    values = {**vars(holder), **more}
    return {**values, "area_name": area_name(author.gazetteer, values["area"])}


# -- inviting --


async def invite(update: Update, context: Context) -> None:
    """First the role; the buttons of this step carry it on."""
    buttons.arguments(context, 0)
    author = await desk.author(context)
    author.require(Action.ADD_STAFF)
    context.edit("staff/roles")


async def choose_role(update: Update, context: Context) -> None:
    """Then the area, by a button or typed."""
    (role,) = buttons.arguments(context, 1)
    author = await desk.author(context)
    author.require(Action.ADD_STAFF)
    await context.ask(FLOW, "area", role=_staff_role(role))
    await show_step(context, context.edit)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks for which area the invitation is."""
    author = await desk.author(context)
    answer("staff/areas", role=context.kept["role"], areas=_area_choices(author))


def _area_choices(author: Author) -> list[tuple[str, str]]:
    """The areas that the admin holds, and abroad where they may: the rest is typed."""
    held = areas.choices(author, Action.ADD_STAFF)
    if author.may(Action.ADD_STAFF, EVERYWHERE):
        held.append((ABROAD_AREA, ABROAD_AREA))
    return held


async def type_area(update: Update, context: Context) -> None:
    """A region, a département or a commune, by its code or name."""
    assert context.message is not None  # a text handler
    typed = context.message.text or ""
    places = places_named(context.services.gazetteer, typed)
    if len(places) == 1:
        await _make_link(context, places[0].area, context.say)
    elif places:
        context.say("staff/places", places=places)
    else:
        context.say("staff/place_unknown", typed=typed[:60])


async def choose_area(update: Update, context: Context) -> None:
    (area,) = buttons.arguments(context, 1)
    await _make_link(context, areas.tapped(area), context.edit)


async def _make_link(context: Context, area: str, answer: Callable[..., None]) -> None:
    if not context.is_in(FLOW):
        context.toast("toasts/already_answered")
        return
    role = _staff_role(context.kept["role"])
    author = await desk.author(context)
    token = await staff_links.invite(context.tx, author, role=role, area=area)
    await context.end_dialog()
    answer(
        "staff/link",
        role=role,
        area=area,
        area_name=area_name(author.gazetteer, area),
        url=f"https://t.me/{context.services.bot_username}?start=s_{token}",
        hours=int(staff_links.LINK_LIFE.total_seconds() // 3600),
    )


def _staff_role(text: str) -> Role:
    role = buttons.one_of(Role, text)
    if role is Role.SUPPORTER:
        raise MalformedButton
    return role


# -- withdrawing --


async def ask_to_revoke(update: Update, context: Context) -> None:
    (number,) = buttons.arguments(context, 1)
    author = await desk.author(context)
    member = await staff.find(context.tx, author, desk.number(number))
    context.edit("staff/revoke", member=_described(author, member), is_self=_is_self(context, member))


async def revoke(update: Update, context: Context) -> None:
    """In force at once, also for what that person is in the middle of."""
    (number,) = buttons.arguments(context, 1)
    author = await desk.author(context)
    revoked = await staff.revoke(context.tx, author, desk.number(number))
    member = revoked.member
    remaining = await staff.roles_of(context.tx, member.telegram_id)
    _show_menu(context, member.telegram_id, remaining)
    if _is_self(context, member) and not any(held.role == Role.ADMIN for held in remaining):
        context.edit("staff/left")
    else:
        await _show(context, await desk.author(context), context.edit)
    if revoked.paused:
        context.say("staff/paused", broadcasts=revoked.paused)


async def revoke_link(update: Update, context: Context) -> None:
    (number,) = buttons.arguments(context, 1)
    author = await desk.author(context)
    await staff_links.revoke_link(context.tx, author, desk.number(number))
    await _show(context, author, context.edit)


async def end_session(update: Update, context: Context) -> None:
    """Of the console, in force at its next click."""
    (number,) = buttons.arguments(context, 1)
    author = await desk.author(context)
    await console.end_session(context.tx, author, desk.number(number))
    await _show(context, author, context.edit)


# -- a new admin, whom a second one agrees to --


async def decide(update: Update, context: Context) -> None:
    """In force at once."""
    approval, said = buttons.arguments(context, 2)
    author, granted = await desk.author(context), buttons.yes_or_no(said)
    admission = await admissions.decide(context.tx, author, desk.number(approval), granted=granted)
    if granted:
        roles = await staff.roles_of(context.tx, admission.telegram_id)
        _show_menu(context, admission.telegram_id, roles)
    context.edit("staff/decided", admission=_described(author, admission))


def _is_self(context: Context, member: HeldRole) -> bool:
    return member.telegram_id == context.person.telegram_id


# -- joining --


async def join(context: Context, token: str) -> None:
    """/start with a link of the staff. The person need not be a supporter."""
    joined = await staff_links.join(
        context.tx, telegram_id=context.person.telegram_id, token=token, now=context.now
    )
    await desk.keep_language(context)
    if joined.waits:
        area = area_name(context.services.gazetteer, joined.area)
        context.say("staff/waits", role=joined.role, area=joined.area, area_name=area)
        return
    roles = await staff.roles_of(context.tx, context.person.telegram_id)
    _show_menu(context, context.person.telegram_id, roles)
    commands = [command for command in allowed(context.services.commands, {joined.role}) if command.roles]
    context.say(
        "staff/welcome",
        role=joined.role,
        area=joined.area,
        area_name=area_name(context.services.gazetteer, joined.area),
        commands=[(command.name, context.words(f"commands/{command.name}")) for command in commands],
    )


def _show_menu(context: Context, chat: int, held: tuple[HeldRole, ...]) -> None:
    """Telegram's menu in the chat follows the roles held now."""
    roles = {member.role for member in held}
    context.replies += team_menu_calls(context.services.commands, chat, roles, context.campaign.languages)


BUTTONS: dict[str, Handler] = {
    "staff": back_to_list,
    "staff_invite": invite,
    "staff_role": choose_role,
    "staff_area": choose_area,
    "staff_ask": ask_to_revoke,
    "staff_revoke": revoke,
    "staff_unlink": revoke_link,
    "staff_session": end_session,
    "staff_decide": decide,
}
DIALOGS = {FLOW: {"area": Awaited(text=type_area)}}
