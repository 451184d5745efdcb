"""Asking again when the text of a consent has changed: once in all, by a service message or at the next message.

Until the answer, an agreement on the old text counts for nothing that the campaign would begin: nothing is sent,
nothing is chosen by commune, nobody is named to the team. To be kept after the vote goes on as it was agreed, since
nothing begins by it and an erasure could not be undone. The ledger keeps the old agreement.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.renewals
from bot.frozen import Frozen
from bot.rules.consent import SUSPENDED_UNTIL_RENEWED, Purpose
from bot.words.texts import Texts
from db.engine import Database
from db.facts import get_fact, set_fact
from db.people import Person, renewals_due
from locales import LANGUAGES

FACT = "consent:texts"
"""The fact: the `digest` of the texts, the `next` person to look at (None: all were), how many have `changed`."""

CHUNK = 5_000
"""People looked at in one transaction: others who write wait for less than that takes, some tenths of a second."""


class ConsentTexts(Frozen):
    """The texts of today by purpose, each as `language:hash`, and the digest of them all."""

    by_purpose: Mapping[Purpose, frozenset[str]]
    digest: str


def question_of(purpose: Purpose) -> str:
    """The template of what is agreed to or not: wherever the question is put, these words stand in it whole."""
    return f"consents/{purpose}"


def text_hash(html: str) -> str:
    """The hash that the ledger keeps of the exact text that somebody answered."""
    return hashlib.sha256(html.encode()).hexdigest()


def consent_texts(texts: Texts) -> ConsentTexts:
    """Every wording of every question that may be answered today, in every language that Portevoix knows."""
    found = {
        purpose: frozenset(
            f"{language}:{text_hash(texts.render(question_of(purpose), language).written)}"
            for language in LANGUAGES
        )
        for purpose in Purpose
    }
    listed = json.dumps({purpose: sorted(hashes) for purpose, hashes in found.items()})
    return ConsentTexts(by_purpose=found, digest=text_hash(listed))


async def look_at_some(database: Database, texts: ConsentTexts, now: datetime) -> bool:
    """Looks at the next people after the texts changed; whether there are more. A restart goes on where it was."""
    async with database.write() as tx:
        fact = await get_fact(tx, FACT)
        if fact is None or fact["digest"] != texts.digest:
            fact = {"digest": texts.digest, "next": 1, "changed": 0}
        if fact["next"] is None:
            return False
        first, last = fact["next"], fact["next"] + CHUNK - 1
        for purpose, current in texts.by_purpose.items():
            await db.renewals.mark_current(tx, purpose, current=current, first=first, last=last)
            fact["changed"] += await db.renewals.mark_changed(
                tx,
                purpose,
                current=current,
                suspends=purpose in SUSPENDED_UNTIL_RENEWED,
                first=first,
                last=last,
            )
        fact["next"] = last + 1 if last < await db.renewals.last_person(tx) else None
        if fact["next"] is None and fact["changed"]:
            broadcast = await db.renewals.broadcast_of(tx, texts.digest, now)
            await db.renewals.queue_questions(tx, broadcast, now)
        await set_fact(tx, FACT, fact)
    return fact["next"] is not None


async def look_at_everybody(database: Database, texts: ConsentTexts, now: datetime) -> None:
    """Looks at all who are left to be looked at: texts do not change while the bot runs, so it does so at its start."""
    while await look_at_some(database, texts, now):
        pass


async def purposes_to_ask(tx: AsyncConnection, person: Person, now: datetime) -> list[Purpose]:
    """The choices to ask anew of somebody who just wrote, if any; once it was told, no message asks them any more."""
    known = await db.people.get(tx, person.id)  # what they wrote may have answered it
    if known is None or not known.is_registered or not renewals_due(known):
        return []
    fact = await get_fact(tx, FACT)
    if fact is None:
        return []
    broadcast = await db.renewals.broadcast_of(tx, fact["digest"], now)
    asks = await db.renewals.take_question(tx, broadcast, person.id, now)
    return renewals_due(known) if asks else []
