"""`portevoix canvass sheet`: a walk on paper. See docs/canvassing.md."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bot.actions import audit, canvass_walks
from bot.actions.authority import area_name
from bot.actions.canvass_walks import OUT, Sheet
from bot.canvass.sheet import paper_of, sheet_pdf
from bot.commands.arguments import CommandRefused, SubCommands
from bot.commands.reading import campaign_of
from bot.communes import load
from bot.overview import running_as
from bot.settings import Settings
from bot.startup import opened, present
from bot.words.texts import Texts

BOT_UNKNOWN = "bot"


def add_to(ground: SubCommands) -> None:
    parser = ground.add_parser(
        "sheet",
        help="a walk on paper",
        description="Print a walk: its doors in order, boxes to tick, a QR code that leads back to enter the results.",
    )
    parser.add_argument("walk", metavar="WALK", help="its code, as `portevoix canvass walks` tells it")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pdf", help="where to write it")
    parser.add_argument("--language", metavar="CODE", help="the campaign’s first, without it")
    parser.set_defaults(run=sheet)


def sheet(arguments: Namespace, settings: Settings) -> int:
    """Prints a walk."""
    campaign = campaign_of(settings)
    language = arguments.language or campaign.languages[0]
    if language not in campaign.languages:
        raise CommandRefused(f"The campaign speaks {', '.join(campaign.languages)}, not {language}.")
    texts = Texts({"campaign": campaign})

    async def printing() -> tuple[Sheet, datetime, str]:
        now = await present(settings)
        async with opened(settings) as database, database.write() as tx:
            bot = await running_as(tx)
            found = await canvass_walks.print_sheet(
                tx, arguments.walk, campaign, actor=audit.COMMAND_LINE, now=now
            )
        return found, now, bot.username if bot is not None else BOT_UNKNOWN

    found, now, username = asyncio.run(printing())
    try:
        arguments.out.write_bytes(
            sheet_pdf(
                paper_of(
                    found.walk,
                    found.doors,
                    said=partial(_plain, texts, language),
                    commune=area_name(load(settings.data), found.walk.commune),
                    place=found.place,
                    number=found.number,
                    destroy_on=found.destroy_on,
                    bot_username=username,
                    now=now,
                )
            )
        )
    except OSError as error:
        raise CommandRefused(
            f"{arguments.out} cannot be written ({error.strerror}): name another file."
        ) from None
    print(
        f"Sheet {found.number} of walk {found.walk.code} is in {arguments.out}: destroy it by {found.destroy_on}."
    )
    if found.walk.state not in OUT:
        print(
            "Nobody is on this walk, nor may be: its results can be entered once it is offered.",
            file=sys.stderr,
        )
    if username == BOT_UNKNOWN:
        print("Its QR code leads nowhere: the bot’s name is known once it has run.", file=sys.stderr)
    return 0


def _plain(texts: Texts, language: str, name: str, **values: Any) -> str:
    return texts.render(f"canvass/{name}", language, **values).plain.strip()
