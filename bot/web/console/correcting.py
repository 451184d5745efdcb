"""Putting right what has left: each text as it reads now, to be written anew, and the word that corrects."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import mends
from bot.actions.mends import Mendable
from bot.departure.looks import require_fit
from bot.errors import PortevoixError
from bot.rules.experiments import VERSIONS
from bot.rules.mends import Mend
from bot.rules.placeholders import allowed_placeholders
from bot.web.console.forms import (
    as_html,
    as_typed,
    bubbles_of,
    is_typed,
    mend_key,
    plain,
    reader_of,
    told,
)
from bot.web.desk import Desk, Visit
from bot.words.staff_texts import check_staff_text


class Correcting:
    """One form: it shows how it will look, and corrects once the word is typed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        one = "/console/messages/{number}/correct"
        return [
            Route(one, self._desk.reading(self.show)),
            Route(one, self._desk.changing(self.correct), methods=["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        found = await mends.mendable(visit.tx, visit.author, visit.number("number"), Mend.CORRECTION)
        typed = {name: as_typed(text) for name, text in _now(found, visit).items()}
        return self._page(visit, found, typed, {}, {})

    async def correct(self, visit: Visit) -> Response:
        """As it was typed, beside what is wrong with it, until all of it is right and the word was typed."""
        found = await mends.mendable(visit.tx, visit.author, visit.number("number"), Mend.CORRECTION)
        before = _now(found, visit)
        typed = {name: plain(visit.form.get(name, as_typed(text))) for name, text in before.items()}
        written = {name: as_html(text) for name, text in typed.items()}
        faults = {
            name: fault
            for name, text in written.items()
            if text != before[name] and (fault := self._fault(visit, found, name, text)) is not None
        }
        if faults or visit.form.get("do") != "correct":
            return self._page(visit, found, typed, written, faults)
        if not is_typed(visit, "mends/correct_word"):
            unsaid = visit.told("console/not_confirmed", word=visit.word("mends/correct_word"))
            return self._page(visit, found, typed, written, {}, word_fault=unsaid)
        key = mend_key(visit)
        texts, *others = _versions(found, visit, written)
        mend = await mends.correct(visit.tx, visit.author, found.broadcast.id, texts, others=others, key=key)
        return visit.go(f"/console/messages/{mend}")

    def _fault(self, visit: Visit, found: Mendable, name: str, html: str) -> Markup | None:
        """What is wrong with a new text; one that stood there may not be left empty."""
        try:
            check_staff_text(html)
            language = name.rsplit("-", 1)[1]
            require_fit(
                self._desk.composer, found.broadcast, {language: html}, reader_of(visit), now=visit.now
            )
        except PortevoixError as fault:
            return told(visit, fault)
        return None

    def _page(
        self,
        visit: Visit,
        found: Mendable,
        typed: Mapping[str, str],
        written: Mapping[str, str],
        faults: Mapping[str, Markup],
        *,
        word_fault: Markup | None = None,
    ) -> Response:
        sound = {**_now(found, visit), **{name: text for name, text in written.items() if name not in faults}}
        return visit.page(
            "correct",
            found=found,
            number=found.broadcast.id,
            texts=typed,
            versions=VERSIONS[: 1 + len(found.others)],
            faults=faults,
            bubbles=bubbles_of(visit, found.broadcast, _versions(found, visit, sound)),
            placeholders=allowed_placeholders(about_event=False),
            is_shown=bool(written) and not faults,
            once=visit.form.get("once") or secrets.token_hex(8),
            word=visit.word("mends/correct_word"),
            word_fault=word_fault,
        )


def _now(found: Mendable, visit: Visit) -> dict[str, str]:
    """Every text as it reads now, by the name of its field; empty in a language that has none."""
    return {
        f"text-{variant}-{code}": version.get(code, "")
        for variant, version in zip(VERSIONS, (found.texts, *found.others), strict=False)
        for code in visit.author.campaign.languages
    }


def _versions(found: Mendable, visit: Visit, written: Mapping[str, str]) -> list[dict[str, str]]:
    """Each version as it will read."""
    languages = visit.author.campaign.languages
    return [
        {code: text for code in languages if (text := written[f"text-{variant}-{code}"])}
        for variant in VERSIONS[: 1 + len(found.others)]
    ]
