"""`portevoix staff …`: the first admin, invitations, and who has which role."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

import db.staff
from bot.actions import audit, staff, staff_links
from bot.actions.authority import area_name
from bot.commands.arguments import AREA_HELP, CommandRefused, SubCommands, area, group, number
from bot.commands.places import warn_of_outside
from bot.commands.tables import print_table
from bot.communes import load
from bot.rules.areas import ABROAD_AREA, EVERYWHERE
from bot.rules.opt_outs import LARGEST_ID
from bot.rules.permissions import STAFF_ROLES, Role
from bot.settings import Settings
from bot.startup import opened, present

HEADERS = ("telegram id", "role", "area", "since", "given by")
SECONDS_TO_ASK = 5
_PLACES = {EVERYWHERE: "the whole campaign", ABROAD_AREA: "the voters abroad"}
"""What areas that no list names are called."""
_MAKERS: dict[staff.Maker, str] = {"machine": "command line", "gone": "somebody erased since"}
_ONE = {Role.ORGANIZER: "an organizer", Role.COORDINATOR: "a coordinator", Role.ADMIN: "an admin"}


def add_to(commands: SubCommands) -> None:
    team = group(commands, "staff", "who acts for the campaign")
    add_parser = team.add_parser(
        "add", help="give somebody a role", description="Give a role to a Telegram user."
    )
    _add_person(add_parser)
    _add_role(add_parser)
    add_parser.set_defaults(run=add)
    link_parser = team.add_parser(
        "link",
        help="make a one-time invitation",
        description="Print a link that gives a role to the first person who opens it, within 48 hours.",
    )
    _add_role(link_parser)
    link_parser.set_defaults(run=link)
    revoke_parser = team.add_parser(
        "revoke",
        help="withdraw somebody’s roles",
        description="Withdraw the roles of a Telegram user, at once: all of them, or those of one kind or area."
        " Their open invitations end with them, what they wrote and has not left is paused, and all admins are told.",
    )
    _add_person(revoke_parser)
    _add_role(revoke_parser, required=False)
    revoke_parser.set_defaults(run=revoke)
    team.add_parser(
        "list", help="who has which role", description="Print who has which role, and where."
    ).set_defaults(run=list_team)


def _add_person(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--telegram-id",
        required=True,
        metavar="N",
        help="Telegram’s number of the person, in the file that /mydata gives them; `staff link` needs none",
    )


def _add_role(parser: ArgumentParser, *, required: bool = True) -> None:
    roles = [role.value for role in STAFF_ROLES]
    parser.add_argument("--role", choices=roles, required=required, help=", ".join(roles))
    everywhere = EVERYWHERE if required else None
    parser.add_argument("--territory", metavar="CODE", default=everywhere, help=AREA_HELP)


def add(arguments: Namespace, settings: Settings) -> int:
    telegram_id = _telegram_id(arguments)
    role, where = Role(arguments.role), area(arguments.territory, settings)
    place = _place(where, settings)
    warn_of_outside(where, settings)

    async def work() -> None:
        async with opened(settings) as database, database.write() as tx:
            await staff.add(
                tx,
                telegram_id=telegram_id,
                role=role,
                area=where,
                actor=audit.COMMAND_LINE,
                now=await present(settings),
            )

    try:
        asyncio.run(work())
    except staff_links.AlreadyStaff:
        raise CommandRefused(f"{telegram_id} is {_ONE[role]} of {place} already.") from None
    print(f"{telegram_id} is {_ONE[role]} of {place} now.")
    return 0


def _telegram_id(arguments: Namespace) -> int:
    return number("--telegram-id", arguments.telegram_id, least=1, most=LARGEST_ID - 1)


def _place(where: str, settings: Settings) -> str:
    return _PLACES.get(where) or area_name(load(settings.data), where)


def revoke(arguments: Namespace, settings: Settings) -> int:
    """Withdraws a role, also the last admin's: whoever has the machine can name another one."""
    telegram_id = _telegram_id(arguments)
    role = Role(arguments.role) if arguments.role else None
    where = None if arguments.territory is None else area(arguments.territory, settings)

    async def work() -> tuple[list[staff.Revoked], bool]:
        async with opened(settings) as database, database.write() as tx:
            revoked = await staff.revoke_on_the_machine(
                tx,
                telegram_id=telegram_id,
                role=role,
                area=where,
                actor=audit.COMMAND_LINE,
                now=await present(settings),
            )
            left = await db.staff.all_current(tx)
            return revoked, any((each.role, each.area) == (Role.ADMIN, EVERYWHERE) for each in left)

    try:
        revoked, is_led = asyncio.run(work())
    except staff_links.NoSuchStaff as fault:
        raise CommandRefused(fault.sentence) from None
    for each in revoked:
        _print_revoked(each, settings)
    if not is_led:
        print(
            "Nobody is an admin of the whole campaign now, so nobody can invite to all of it in the chat: make a link"
            " with `portevoix staff link --role admin`, or name one with `portevoix staff add`.",
            file=sys.stderr,
        )
    return 0


def _print_revoked(revoked: staff.Revoked, settings: Settings) -> None:
    member = revoked.member
    place = _place(member.area, settings)
    print(f"{member.telegram_id} is no longer {_ONE[Role(member.role)]} of {place}.")
    if revoked.links:
        print(f"Invitations of theirs that were open, and are withdrawn: {len(revoked.links)}.")
    if revoked.paused:
        print(f"Messages of theirs that had not left, and are paused: {len(revoked.paused)}.")


def link(arguments: Namespace, settings: Settings) -> int:
    role, where = Role(arguments.role), area(arguments.territory, settings)
    warn_of_outside(where, settings)

    async def work() -> tuple[str, str | None]:
        async with opened(settings) as database:
            now = await present(settings)
            async with database.write() as tx:
                token = await staff_links.make_link(
                    tx, role=role, area=where, by=None, actor=audit.COMMAND_LINE, now=now
                )
        return token, await bot_username(settings)

    token, username = asyncio.run(work())
    if username is None:
        why = (
            settings.token_fault or "PORTEVOIX_TOKEN is not set."
            if settings.token is None
            else "Telegram did not tell the bot’s name."
        )
        print(f"{why} So there is no link: whoever joins sends the bot this message.", file=sys.stderr)
        print(f"/start s_{token}")
    else:
        print(f"https://t.me/{username}?start=s_{token}")
    return 0


def list_team(arguments: Namespace, settings: Settings) -> int:
    async def work() -> tuple[list[db.staff.HeldRole], dict[int | None, staff.Maker]]:
        async with opened(settings) as database, database.read() as tx:
            members = await db.staff.all_current(tx)
            return members, await staff.makers_of(tx, (member.added_by for member in members))

    members, makers = asyncio.run(work())
    if not members:
        print(
            "Nobody has a role yet: `portevoix staff link --role admin` makes a link for the first admin.",
            file=sys.stderr,
        )
        return 0
    rows = [
        (
            str(member.telegram_id),
            member.role,
            member.area,
            f"{member.added_at:%Y-%m-%d %H:%M} UTC",
            _MAKERS.get(makers[member.added_by]) or str(makers[member.added_by]),
        )
        for member in members
    ]
    print_table(HEADERS, rows)
    return 0


async def bot_username(settings: Settings) -> str | None:
    """The bot's name, asked from the Bot API server; None where there is no token or no answer."""
    if settings.token is None:
        return None
    # Imported here: no other command talks to Telegram, and they all answer sooner without.
    from bot.delivery.transport import Transport
    from bot.introduction import identity_in

    async with Transport(token=settings.token, api_base=settings.api_base, connections=1) as transport:
        # Whatever is wrong on the way, the link is made and can be given without the name.
        identity = identity_in(await transport.post("getMe", seconds=SECONDS_TO_ASK))
    return None if identity is None else identity.username
