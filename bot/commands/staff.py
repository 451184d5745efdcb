"""`portevoix staff …`: the first admin, invitations, and who has which role."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

import aiohttp

import db.staff
from bot.actions import audit, staff
from bot.actions.authority import area_name
from bot.commands.arguments import AREA_HELP, CommandRefused, Commands, area, group, number
from bot.commands.campaign import print_table
from bot.communes import load
from bot.rules.areas import ABROAD_AREA, EVERYWHERE
from bot.rules.opt_outs import LARGEST_ID
from bot.rules.permissions import STAFF_ROLES, Role
from bot.settings import Settings
from bot.startup import opened, present

HEADERS = ("telegram id", "role", "area", "since")
SECONDS_TO_ASK = 5
_PLACES = {EVERYWHERE: "the whole campaign", ABROAD_AREA: "the voters abroad"}
"""What areas that no list names are called."""
_ONE = {Role.ORGANIZER: "an organizer", Role.COORDINATOR: "a coordinator", Role.ADMIN: "an admin"}


def add_to(commands: Commands) -> None:
    team = group(commands, "staff", "who acts for the campaign")
    add_parser = team.add_parser(
        "add", help="give somebody a role", description="Give a role to a Telegram user."
    )
    add_parser.add_argument(
        "--telegram-id", required=True, metavar="N", help="Telegram’s number of the person"
    )
    _add_role(add_parser)
    add_parser.set_defaults(run=add)
    link_parser = team.add_parser(
        "link",
        help="make a one-time invitation",
        description="Print a link that gives a role to the first person who opens it, within 48 hours.",
    )
    _add_role(link_parser)
    link_parser.set_defaults(run=link)
    team.add_parser(
        "list", help="who has which role", description="Print who has which role, and where."
    ).set_defaults(run=list_team)


def _add_role(parser: ArgumentParser) -> None:
    roles = [role.value for role in STAFF_ROLES]
    parser.add_argument("--role", choices=roles, required=True, help=", ".join(roles))
    parser.add_argument("--territory", metavar="CODE", default=EVERYWHERE, help=AREA_HELP)


def add(arguments: Namespace, settings: Settings) -> int:
    telegram_id = number("--telegram-id", arguments.telegram_id, least=1, most=LARGEST_ID - 1)
    role, where = Role(arguments.role), area(arguments.territory, settings)

    place = _PLACES.get(where) or area_name(load(settings.data), where)

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
    except staff.AlreadyStaff:
        raise CommandRefused(f"{telegram_id} is {_ONE[role]} of {place} already.") from None
    print(f"{telegram_id} is {_ONE[role]} of {place} now.")
    return 0


def link(arguments: Namespace, settings: Settings) -> int:
    role, where = Role(arguments.role), area(arguments.territory, settings)

    async def work() -> tuple[str, str | None]:
        async with opened(settings) as database:
            now = await present(settings)
            async with database.write() as tx:
                token = await staff.make_link(
                    tx, role=role, area=where, by=None, actor=audit.COMMAND_LINE, now=now
                )
        return token, await bot_username(settings)

    token, username = asyncio.run(work())
    if username is None:
        why = (
            "PORTEVOIX_TOKEN is not set" if settings.token is None else "Telegram did not tell the bot’s name"
        )
        print(f"{why}, so there is no link: whoever joins sends the bot this message.", file=sys.stderr)
        print(f"/start s_{token}")
    else:
        print(f"https://t.me/{username}?start=s_{token}")
    return 0


def list_team(arguments: Namespace, settings: Settings) -> int:
    async def work() -> list[db.staff.HeldRole]:
        async with opened(settings) as database, database.read() as tx:
            return await db.staff.all_current(tx)

    members = asyncio.run(work())
    if not members:
        print("Nobody has a role yet: name the first admin with `portevoix staff add`.", file=sys.stderr)
        return 0
    rows = [
        (str(member.telegram_id), member.role, member.area, f"{member.added_at:%Y-%m-%d %H:%M} UTC")
        for member in members
    ]
    print_table(HEADERS, rows)
    return 0


async def bot_username(settings: Settings) -> str | None:
    """The bot's name, asked from the Bot API server; None where there is no token or no answer."""
    if settings.token is None:
        return None
    url = f"{settings.api_base}/bot{settings.token}/getMe"
    timeout = aiohttp.ClientTimeout(total=SECONDS_TO_ASK)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            return str((await answer.json())["result"]["username"])
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
        # Whatever is wrong on the way, the link is made and can be given without the name.
        return None
