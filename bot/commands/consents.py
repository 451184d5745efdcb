"""`portevoix consents prove`: what somebody agreed to, also once they left, for whoever must be able to show it."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace

from bot.actions import proofs
from bot.actions.proofs import Proof
from bot.commands.arguments import SubCommands, group, number
from bot.commands.reading import campaign_of
from bot.commands.tables import print_table
from bot.rules.opt_outs import LARGEST_ID
from bot.settings import Settings
from bot.startup import opened, present, suppression_key

HEADERS = ("when (UTC)", "purpose", "choice", "language", "SHA-256 of the text")
NOTHING = 1


def add_to(commands: SubCommands) -> None:
    consents = group(commands, "consents", "what people agreed to")
    parser = consents.add_parser(
        "prove",
        help="what somebody agreed to and refused, also once they left",
        description="Print what somebody agreed to and refused, on which text and when, by their Telegram number; also"
        " once they left, as long as the proof is kept. Status 1 where there is nothing.",
    )
    parser.add_argument("--telegram-id", required=True, metavar="N", help="Telegram’s number of the person")
    parser.set_defaults(run=prove)


def prove(arguments: Namespace, settings: Settings) -> int:
    """Prints the ledger of one person. Status 1 where it holds nothing."""
    telegram_id = number("--telegram-id", arguments.telegram_id, least=1, most=LARGEST_ID - 1)
    campaign = campaign_of(settings)

    async def work() -> Proof:
        async with opened(settings) as database:
            key, now = await suppression_key(database, settings), await present(settings)
            async with database.write() as tx:
                return await proofs.prove(tx, telegram_id, key=key, retention=campaign.retention, now=now)

    proof = asyncio.run(work())
    rows = [
        (
            f"{choice.at:%Y-%m-%d %H:%M:%S}",
            choice.purpose,
            _said(choice.given),
            choice.language,
            choice.text_hash,
        )
        for choice in proof.ledger
    ]
    rows += [
        (choice.day.isoformat(), choice.purpose, _said(choice.given), choice.language, choice.text_hash)
        for choice in proof.sealed.consents
    ]
    if rows:
        print_table(HEADERS, rows)
    else:
        print(f"There is no choice of {telegram_id}, or none any more.", file=sys.stderr)
    if proof.sealed.proof_until is not None:
        print(
            f"They left on {proof.sealed.consents[-1].sealed_on}; the proof is kept until {proof.sealed.proof_until}."
        )
    if proof.sealed.left_on is not None:
        print(
            f"They are on the suppression list since {proof.sealed.left_on}, until {proof.sealed.left_until}."
        )
    return 0 if rows else NOTHING


def _said(given: bool) -> str:
    return "yes" if given else "no"
