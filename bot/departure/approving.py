"""A broadcast as whoever may let it go is shown it: what it says, to how many people, when, and who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import broadcast_approvals
from bot.actions.authority import author_of
from bot.actions.broadcast_approvals import ApprovalView
from bot.actions.broadcast_subject import Subject
from bot.actions.second_people import CARD
from bot.delivery.calls import Call
from bot.departure.compose import Composer, as_call, compose_broadcast
from bot.frozen import Frozen
from bot.rules.experiments import VERSIONS
from bot.rules.kinds import Kind
from bot.rules.placeholders import PLACEHOLDERS
from bot.rules.polling_places import NOWHERE_KNOWN
from bot.words import neutral
from bot.words.step_values import values_for_step
from bot.words.telegram_html import TEXT_LIMIT, BadHtml, check_html
from bot.words.texts import Text, Texts
from db.broadcast_accounts import Broadcast
from db.notices import PREFIX
from db.people import Person

TEMPLATE = f"{PREFIX}{CARD}"


class Version(Frozen):
    """What those who read a language will receive, as Telegram HTML; `variant`: the letter of the version."""

    language: str
    html: str
    variant: str


def previews(
    composer: Composer, subject: Subject, texts: Mapping[str, str], person: Person, now: datetime
) -> list[Call]:
    """One version of the broadcast exactly as it will arrive, in each language, filled for the person who is asked."""
    name = person.first_name or PLACEHOLDERS["first_name"].example
    return [
        _preview(composer, subject, texts, person._replace(first_name=name, language=language), now)
        for language in composer.campaign.languages
    ]


def _preview(
    composer: Composer, subject: Subject, texts: Mapping[str, str], reader: Person, now: datetime
) -> Call:
    def composed(person: Person) -> Call:
        if subject.broadcast.step is not None:
            return as_call(person.telegram_id, step_text(composer, subject.broadcast, person))
        return compose_broadcast(
            composer,
            subject.wording,
            texts,
            person,
            now=now,
            event=subject.event,
            event_texts=subject.event_texts,
            survey=subject.survey,
        )

    try:
        return composed(reader)
    except LookupError:
        # Whoever is asked has no part in that round: as those read it of whom no place is known.
        return composed(reader._replace(commune=None, territory=None))


def step_text(composer: Composer, broadcast: Broadcast, person: Person) -> Text:
    """A reminder of the campaign file as it reads at its time to whoever told nothing of their vote, in their language.

    Raises LookupError where its round is not held where they vote.
    """
    campaign, language, ballot = composer.campaign, composer.language_of(person), broadcast.ballot
    assert ballot is not None  # a step is one of a round
    if broadcast.kind == Kind.CIVIC_NEUTRAL:
        name = str(broadcast.template)
        text = neutral.reminder(
            name, language, campaign=campaign, ballot=ballot, person=person, where=NOWHERE_KNOWN
        )
        if text is None:
            raise LookupError("the round is not held there")
        return text
    try:
        values = values_for_step(
            person=person,
            plan=None,
            campaign=campaign,
            ballot=ballot,
            language=language,
            bot_username=composer.bot_username,
            now=broadcast.starts_at,
        )
    except ValueError as fault:
        raise LookupError("the round is not held there") from fault
    return composer.step(str(broadcast.template), language, values)


def card(composer: Composer, texts: Texts, shown: ApprovalView, person: Person, now: datetime) -> Text:
    """The message that asks, with the broadcast in it; where that does not fit, or who gets it is not found out yet,
    with a button that shows it first.
    """
    calls, versions = [], []
    for variant, words in zip(VERSIONS, shown.subject.versions, strict=False):
        looks = previews(composer, shown.subject, words, person, now)
        calls += looks
        versions += [
            Version(language=language, html=str(call.payload.get("text", "")), variant=variant)
            for language, call in zip(composer.campaign.languages, looks, strict=True)
        ]
    survey = shown.subject.survey
    asks_more = survey is not None and len(survey.form.questions) > 1  # than the message as it arrives
    if not (asks_more or shown.is_uncounted) and all(
        "text" in call.payload and "<blockquote" not in call.payload["text"] for call in calls
    ):
        whole = _card(texts, composer, shown, person, versions=versions, may_decide=True)
        if _fits(whole):
            return whole
    return _card(texts, composer, shown, person, versions=[], may_decide=False)


def read_card(composer: Composer, texts: Texts, shown: ApprovalView, person: Person) -> Text:
    """The message that asks, beside the broadcast itself."""
    return _card(texts, composer, shown, person, versions=[], may_decide=True)


def _card(
    texts: Texts,
    composer: Composer,
    shown: ApprovalView,
    person: Person,
    *,
    versions: list[Version],
    may_decide: bool,
) -> Text:
    return texts.render(
        TEMPLATE,
        composer.language_of(person),
        shown=shown,
        versions=versions,
        may_decide=may_decide,
        person=person,
        zone=person.zone or "Europe/Paris",
    )


def _fits(text: Text) -> bool:
    try:
        check_html(text.html, TEXT_LIMIT)
    except BadHtml:
        return False
    return True


async def asking(
    tx: AsyncConnection, composer: Composer, texts: Texts, person: Person, approval: int, now: datetime
) -> Text:
    """The message that asks, at the moment it leaves. Raises ApprovalGone and NotAllowed."""
    author = await author_of(tx, person, campaign=composer.campaign, gazetteer=composer.gazetteer, now=now)
    shown = await broadcast_approvals.shown_to(tx, author, approval, composer.language_of(person))
    return card(composer, texts, shown, person, now)
