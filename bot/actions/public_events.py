"""Events as everybody may see them on the web, signed up or not: where the campaign file lets them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import event_cards
from bot.actions.event_calendar import Publishing
from bot.actions.event_cards import EventCard, event_card
from bot.frozen import Frozen
from bot.rules.kinds import Kind
from bot.rules.quiet import Quiet
from db.events import EventInWords, text_in
from db.people import NOBODY


class PublicEvent(Frozen):
    """An event, as somebody sees it of whom nothing is known. `silence`: the law asks not to speak of it now."""

    found: EventInWords
    card: EventCard
    silence: Quiet | None

    @property
    def is_told(self) -> bool:
        """That it is cancelled may always be told, but without what somebody typed: people would come for nothing."""
        return self.silence is None or self.found.event.is_cancelled


async def shown(tx: AsyncConnection, code: str, publishing: Publishing) -> PublicEvent | None:
    """The event of a public code; None where there is none that everybody may see."""
    found = await event_cards.find(tx, code)
    if found is None:
        return None
    event, campaign, now = found.event, publishing.campaign, publishing.now
    seats, _ = await event_cards.standing(tx, event, None)
    card = event_card(
        event,
        text_in(found.texts, publishing.language, campaign.languages[0]),
        person=NOBODY,
        rsvp=None,
        gazetteer=publishing.gazetteer,
        bot_username=publishing.bot_username,
        now=now,
        seats=seats,
    )
    silence = campaign.quiet(kind=Kind.EVENT_INVITE, territory=event.territory, now=now, zone=event.zone)
    return PublicEvent(found=found, card=card, silence=silence)
