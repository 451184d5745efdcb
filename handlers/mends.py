"""Second thoughts about a broadcast that has left: its words are put right, or it is taken back, by a typed word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from telegram import Update

from bot.actions import mends as actions
from bot.actions.mends import Mendable
from bot.frozen import Frozen
from bot.rules.experiments import VERSIONS
from bot.rules.mends import Mend
from bot.rules.placeholders import allowed_placeholders
from bot.words.staff_texts import check_staff_text
from db.broadcast_accounts import Broadcast
from handlers import desk, text_lengths
from handlers.buttons import arguments
from handlers.context import Context
from handlers.following import follow
from handlers.routing import Awaited, Handler, MalformedButton

RECALL, CORRECT = "recall", "correct"
FLOWS = {Mend.RECALL: RECALL, Mend.CORRECTION: CORRECT}


async def begin(update: Update, context: Context) -> None:
    """Opens the dialog of one of the two, from the broadcast's card."""
    what, number = arguments(context, 2)
    if what not in tuple(Mend):
        raise MalformedButton
    mend = Mend(what)
    found = await _mendable(context, desk.number(number), mend)
    first = "confirm" if mend is Mend.RECALL else "text"
    await context.ask(
        FLOWS[mend], first, broadcast=found.broadcast.id, texts={}, versions=1 + len(found.others)
    )
    await (show_recall if mend is Mend.RECALL else show_correction)(context, context.say)


async def _mendable(context: Context, number: int, mend: Mend) -> Mendable:
    return await actions.mendable(context.tx, await desk.author(context), number, mend)


# -- taking back --


async def show_recall(context: Context, answer: Callable[..., None]) -> None:
    """How many chats it would be taken out of, how fast, and the word that does it."""
    found = await _mendable(context, context.kept["broadcast"], Mend.RECALL)
    answer("mends/recall", **await _figures(context, found))


async def confirm_recall(update: Update, context: Context) -> None:
    if not desk.is_confirmation(context, "mends/recall_word"):
        context.say("mends/not_confirmed", word="mends/recall_word")
        return
    author, broadcast = await desk.author(context), context.kept["broadcast"]
    mend = await actions.recall(context.tx, author, broadcast, key=_key(update))
    await context.end_dialog()
    await follow(context, mend)


# -- putting right --


async def show_correction(context: Context, answer: Callable[..., None]) -> None:
    """Each language as it reads now, to be written anew or left; then the whole, and the word that corrects."""
    found = await _mendable(context, context.kept["broadcast"], Mend.CORRECTION)
    part = _next_part(context)
    if part is None:
        context.say("mends/corrected")
        looks = partial(desk.previews, context, found.broadcast)
        desk.show_versions(context, _versions(context, found), looks)
        answer("mends/correct", **await _figures(context, found))
        return
    language, before = part.language, _before(found)[part.version].get(part.language)
    variant = VERSIONS[part.version] if found.others else ""
    if before:
        context.say("mends/as_it_is", wanted=language, variant=variant)
        context.replies += desk.previews(context, found.broadcast, {language: before}, languages=[language])
    answer(
        "mends/text",
        wanted=language,
        variant=variant,
        part=part.key,
        broadcast=found.broadcast,
        is_there=bool(before),
        placeholders=allowed_placeholders(about_event=False),
    )


async def type_text(update: Update, context: Context) -> None:
    """The new text of one language."""
    part = _next_part(context)
    assert part is not None  # the step is only open while one is missing
    html = desk.formatted(context)
    check_staff_text(html)
    found = await _mendable(context, context.kept["broadcast"], Mend.CORRECTION)
    text_lengths.require_fit(context, found.broadcast, {part.language: html})
    await _keep(context, part, html)


async def leave(update: Update, context: Context) -> None:
    """The text of one language stays as it is."""
    (key,) = arguments(context, 1)
    if not desk.is_asked(context, CORRECT, "text"):
        return
    part = _next_part(context)
    if part is None or key != part.key:
        raise MalformedButton
    context.drop_buttons()
    await _keep(context, part, "")


async def _keep(context: Context, part: VersionText, html: str) -> None:
    await context.ask(CORRECT, "text", texts={**context.kept["texts"], part.key: html})
    if _next_part(context) is None:
        await context.ask(CORRECT, "confirm")
    await show_correction(context, context.say)


class VersionText(Frozen):
    """One language of one version (0: the first), and the `key` under which the dialog keeps its new text."""

    version: int
    language: str

    @property
    def key(self) -> str:
        return f"{VERSIONS[self.version]}/{self.language}" if self.version else self.language


def _parts(context: Context) -> list[VersionText]:
    versions = range(context.kept.get("versions") or 1)
    return [VersionText(version=at, language=code) for at in versions for code in context.campaign.languages]


def _next_part(context: Context) -> VersionText | None:
    return next((part for part in _parts(context) if part.key not in context.kept["texts"]), None)


def _before(found: Mendable) -> list[Mapping[str, str]]:
    """The texts of each version as they read now."""
    return [found.texts, *found.others]


def _versions(context: Context, found: Mendable) -> list[dict[str, str]]:
    """Every version as it will read: the new texts, and those that were left."""
    versions = [dict(version) for version in _before(found)]
    for part in _parts(context):
        if text := context.kept["texts"].get(part.key):
            versions[part.version][part.language] = text
    return versions


async def confirm_correction(update: Update, context: Context) -> None:
    if not desk.is_confirmation(context, "mends/correct_word"):
        context.say("mends/not_confirmed", word="mends/correct_word")
        return
    author, broadcast = await desk.author(context), context.kept["broadcast"]
    found = await _mendable(context, broadcast, Mend.CORRECTION)
    texts, *others = _versions(context, found)
    mend = await actions.correct(context.tx, author, broadcast, texts, others=others, key=_key(update))
    await context.end_dialog()
    await follow(context, mend)


# -- what both tell --


async def _figures(context: Context, found: Mendable) -> dict[str, Any]:
    author = await desk.author(context)
    return {
        "found": found,
        "broadcast": found.broadcast,
        "counts": author.reader,
        "rate": context.services.rate,
        "minutes": _minutes(author.reader.at_most(found.reached), context.services.rate),
        "second_person": _waits(found.broadcast, context, author.reader.at_most(found.reached)),
    }


def _minutes(people: int, rate: float) -> int:
    """How long so many take at a rate, in whole minutes: one at least."""
    return max(1, round(people / rate / 60))


def _waits(broadcast: Broadcast, context: Context, people: int) -> bool:
    above = context.campaign.approval_above
    return above is not None and people > above


def _key(update: Update) -> str:
    """Of one update comes one second thought, however often it is handled."""
    return f"mend:{update.update_id}"


BUTTONS: dict[str, Handler] = {"mend": begin, "mend_leave": leave}
DIALOGS = {
    RECALL: {"confirm": Awaited(text=confirm_recall)},
    CORRECT: {"text": Awaited(text=type_text), "confirm": Awaited(text=confirm_correction)},
}
