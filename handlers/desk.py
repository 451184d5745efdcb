"""What the handlers of staff share: who acts, what they are asked, how a message will look, a word typed to confirm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from bot.actions import drafts, people
from bot.actions.authority import Author, author_of
from bot.actions.dialogs import ASKED, said_in
from bot.delivery.calls import Call
from bot.departure.composable import Composable
from bot.departure.compose import Composer
from bot.departure.looks import looks
from bot.rules.experiments import VERSIONS
from bot.rules.permissions import Action
from bot.rules.surveys import Form
from bot.words.confirming import confirms
from bot.words.no_break import with_plain_spaces
from bot.words.surveys import whole_texts
from bot.words.telegram_html import TEXT_LIMIT, BadHtml, with_typed_tags
from db.events import Event, EventText, EventTexts, text_in
from db.people import Person
from db.surveys import Survey
from handlers.context import Context, Services
from handlers.routing import MalformedButton


async def author(context: Context) -> Author:
    """The person with the roles they hold at this moment."""
    services = context.services
    return await author_of(
        context.tx,
        context.person,
        campaign=services.campaign,
        gazetteer=services.gazetteer,
        now=context.now,
    )


async def keep_language(context: Context) -> None:
    """The team is written to by itself too, without an update that tells the language of whoever reads it."""
    if context.person.language is None:
        await people.keep_language(context.tx, context.person, context.language)
        context.person = context.person._replace(language=context.language)


async def begin_draft(
    context: Context, flow: str, *, allowed: Action, first: str, resumed: str, **values: Any
) -> None:
    """Opens the dialog in which something is written, or says, by a template and its values, that it is taken up again
    where it was left.
    """
    who = await author(context)
    who.require(allowed)
    who.require_standing()
    is_begun = said_in(context.dialog, flow) is not None
    if not context.is_in(flow):
        await context.ask(flow, first)
    if is_begun:
        context.say(resumed, **values)


async def take_draft(context: Context) -> Author:
    """The draft that is open is sent once, however often it is confirmed at this moment, here and at the desk; its
    author with the roles they hold from here on. Raises DraftGone, ChangedMeanwhile.
    """
    assert context.dialog is not None  # it was just confirmed
    return await drafts.take(context.tx, await author(context), context.dialog.flow, seen=context.kept)


def event_text(context: Context, texts: EventTexts) -> EventText:
    """The words of an event in the language of whoever organizes it."""
    return text_in(texts, context.language, context.campaign.languages[0])


def is_asked(context: Context, flow: str, step: str) -> bool:
    """Whether a button belongs to the question that is open; if not, it says so."""
    if context.is_in(flow, step):
        return True
    context.toast("toasts/already_answered")
    return False


def formatted(context: Context) -> str:
    """The typed text as HTML: what Telegram formatted and tags typed by hand are both kept. Raises BadHtml.

    What no message of Telegram can hold is refused before anybody looks for tags in it.
    """
    assert context.message is not None  # a text handler
    typed(context, TEXT_LIMIT)
    return with_plain_spaces(with_typed_tags(context.message.text_html))


def formatted_caption(context: Context) -> str:
    """The caption of a photo as `formatted` gives a text."""
    assert context.message is not None  # a photo handler
    return with_plain_spaces(with_typed_tags(context.message.caption_html))


def typed(context: Context, limit: int) -> str:
    """The typed text, with plain spaces: it may be read by calendars. Raises BadHtml when it is longer than fits."""
    assert context.message is not None  # a text handler
    return require_fits(context.message.text or "", limit)


def require_fits(text: str, limit: int) -> str:
    """What was typed, with plain spaces. Raises BadHtml."""
    words = with_plain_spaces(text).strip()
    if len(words) > limit:
        raise BadHtml(
            f"At most {limit} characters fit here.",
            message="errors/text_too_long",
            length=len(words),
            limit=limit,
        )
    return words


def composer(services: Services) -> Composer:
    """The composer of broadcasts, for a preview as for the people."""
    return Composer(
        texts=services.texts,
        campaign=services.campaign,
        gazetteer=services.gazetteer,
        bot_username=services.bot_username,
    )


def previews(
    context: Context,
    broadcast: Composable,
    texts: dict[str, str],
    *,
    event: Event | None = None,
    event_texts: EventTexts | None = None,
    survey: Survey | None = None,
    languages: Iterable[str] | None = None,
) -> list[Call]:
    """The message exactly as it will be received, once in each language (of the campaign, unless others are given)."""
    return looks(
        composer(context.services),
        broadcast,
        texts,
        named_person(context),
        now=context.now,
        languages=languages,
        event=event,
        event_texts=event_texts,
        survey=survey,
    )


def named_person(context: Context) -> Person:
    """Whoever writes, with a name: staff who are no supporters gave none, and Telegram's stands for it, as it will for
    everybody who signs up.
    """
    user = context.update.effective_user
    return context.person._replace(first_name=context.person.first_name or (user.first_name if user else ""))


def show_whole(context: Context, form: Form) -> None:
    """Everything that a survey asks, in each language."""
    for language in context.campaign.languages:
        texts = whole_texts(partial(context.render_in, language), form, language)
        context.replies += map(context.composed, texts)


def show_versions(
    context: Context,
    versions: Sequence[Mapping[str, str]],
    look: Callable[[dict[str, str]], list[Call]],
) -> None:
    """Each version as it `looks`, with its letter above it where there are several."""
    for variant, texts in zip(VERSIONS, versions, strict=False):
        if len(versions) > 1:
            context.say("experiments/version", variant=variant)
        context.replies += look(dict(texts))


def is_to_be_sent(context: Context) -> bool:
    """Whether the word under a summary sends what it sums up; if not, it says why."""
    if not is_confirmation(context):
        context.say("broadcasts/not_confirmed")
        return False
    if not _has_read(context):
        context.say("broadcasts/not_read")
        return False
    return True


def _has_read(context: Context) -> bool:
    """Whether what is typed was sent after the open question was on the screen, with the previews before it: a word
    typed ahead confirms nothing.
    """
    assert context.message is not None  # a text handler
    asked = context.kept.get(ASKED)
    return asked is None or context.message.message_id > asked


def is_confirmation(context: Context, word: str = "broadcasts/confirmation_word") -> bool:
    """Whether the word that sends (or the one of another template) was typed, in any language of the campaign,
    whatever the case; as no question.
    """
    assert context.message is not None  # a text handler
    return confirms(context.services.texts, context.campaign, context.message.text or "", word)


def number(text: str) -> int:
    """A whole number of a button; raises MalformedButton."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise MalformedButton
    return int(text)
