"""Going on knowingly where the campaign file that changed does something to people who are registered."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from bot.actions import campaign_changes
from bot.actions.campaign_changes import Changes
from bot.actions.renewals import consent_texts
from bot.campaign.campaign import Campaign
from bot.commands.arguments import CommandRefused, typed
from bot.rules.counting import counted_people
from bot.settings import Settings
from bot.startup import present
from bot.words.texts import campaign_texts
from db.engine import Database

ACCEPT, TELL = "accept", "tell"
"""The words that are typed to go on, and to tell those whose time to vote is gone as well."""


def add_accept(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--accept",
        action="store_true",
        help="go on with what the changed campaign file does to people who are registered",
    )
    parser.add_argument(
        "--tell",
        action="store_true",
        help="with --accept: write, once, to those who planned to vote at a time that is gone",
    )


def require_sense(arguments: Namespace) -> None:
    """Raises CommandRefused for people to be told of what nobody goes on with."""
    if arguments.tell and not arguments.accept:
        raise CommandRefused(
            "--tell goes with --accept: nobody is told of a change that you do not go on with."
        )


async def tell(database: Database, campaign: Campaign, settings: Settings) -> bool:
    """Says what the file does to people, if anything; whether it does."""
    texts = consent_texts(campaign_texts(campaign))
    async with database.read() as tx:
        changes = await campaign_changes.changes(tx, campaign, texts, await present(settings))
    for sentence in sentences(changes):
        print(sentence, file=sys.stderr)
    return changes.concern_somebody


async def record(database: Database, campaign: Campaign, settings: Settings, *, tells: bool = False) -> None:
    """Somebody goes on knowingly, or nobody is concerned. `tells`: those whose time is gone are written to."""
    now = await present(settings)
    async with database.write() as tx:
        if tells:
            told = await campaign_changes.tell_of_hours(tx, campaign, now)
            print(
                f"{counted_people(told)} will be told of the new day or hours, once the bot runs.",
                file=sys.stderr,
            )
        await campaign_changes.accept(tx, campaign, consent_texts(campaign_texts(campaign)))


def sentences(changes: Changes) -> list[str]:
    """What the file does to whom."""
    told = []
    if changes.asked:
        told.append(
            f"{counted_people(changes.asked)} will be asked again for what they agreed to, since its words changed (the"
            f" sender, the controller, or the program’s own): {counted_people(changes.silent)} will hear nothing until"
            " they answer."
        )
    if changes.planned:
        told.append(
            f"The day or the hours of the vote changed for {counted_people(changes.planned)} who planned when to vote:"
            " the reminders to come tell the new ones. "
            + (
                f"{counted_people(changes.gone)} chose a time that is gone: add --tell to --accept, or type {TELL}, to"
                " have them written to, once."
                if changes.gone
                else "The times that they chose still hold."
            )
        )
    if changes.outside:
        told.append(
            f"The file names other areas: {counted_people(changes.outside)} voted there and lie outside now. They are"
            " still told of the ballot, for they said that they vote in it: widen polling.areas, or ask them in a"
            " message to say in /settings where they vote."
        )
    return told


def ask() -> bool:
    """On a terminal, for a typed word: whether people are to be told. Raises CommandRefused where it was not typed."""
    if sys.stdin.isatty():
        said = (typed(f"Type {ACCEPT} to go on, or {TELL} to tell people as well: ") or "").lower()
        if said in (ACCEPT, TELL):
            return said == TELL
    raise CommandRefused(
        "Nothing was done: undo the change in the campaign file, or go on knowingly with `portevoix check --accept`"
        " (or `run --accept`)."
    )
