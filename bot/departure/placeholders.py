"""What the placeholders of a text of staff stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape, unescape
from typing import Any, Protocol

from bot.campaign.campaign import Campaign
from bot.rules.ballots import Ballot
from bot.rules.reminders import territory_followed
from bot.words.staff_texts import render_staff_text
from db.events import Event, EventText
from db.people import Person


class Words(Protocol):
    """What fills them: a `bot.departure.compose.Composer`."""

    campaign: Campaign

    @property
    def commune_name(self) -> Callable[..., str]: ...

    @property
    def polling(self) -> Callable[[str, str, Ballot, str, str | None], str]: ...

    def words(self, name: str, language: str, **values: Any) -> str: ...


OWN: Mapping[str, Callable[[Words, str, Person], str]] = {
    "first_name": lambda _composer, _language, person: person.first_name or "",
    "commune": lambda composer, language, person: composer.commune_name(language, person.commune),
}
"""The placeholders that stand for what is each reader's own."""


def value_of(
    composer: Words,
    name: str,
    person: Person,
    language: str,
    now: datetime,
    event: Event | None,
    text: EventText | None,
) -> str:
    """The value that a placeholder stands for; where a fact is not known, words that read well in its place."""
    if name in OWN:
        return OWN[name](composer, language, person)
    if name in ("polling_day", "polling_hours"):
        ballot = composer.campaign.next_ballot(now) or composer.campaign.ballots[-1]
        # Of those who have no part in it: the hours that are everybody's else.
        territory = territory_followed(person.territory, ballot) or territory_followed(None, ballot)
        assert territory is not None
        ballot = composer.campaign.ballot_for(ballot, territory=territory, zone=person.zone)
        return composer.polling(name, language, ballot, territory, person.commune)
    return composer.words(f"placeholders/{name}", language, event=event, text=text)


def filled(composer: Words, text: str, person: Person, *, language: str, now: datetime) -> str:
    """A plain text of staff with its placeholders filled for one person, plain too."""
    html = render_staff_text(
        escape(text, quote=False),
        language,
        lambda name: value_of(composer, name, person, language, now, None, None),
    )
    return unescape(html)
