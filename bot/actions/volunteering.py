"""Offers to help: made and changed at will, told to the team of the area where somebody agreed to be written to.

Whoever of the team takes one first writes to them; nobody opens one that was withdrawn, or whose author is silent,
restricted or gone.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.staff
import db.volunteering
from bot.actions import audit, notices, preferences
from bot.actions.authority import Author, in_turn
from bot.actions.ledger import note_choice
from bot.actions.people import require_supporter
from bot.actions.responses import Origin, record
from bot.campaign.campaign import Campaign
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import department_of
from bot.rules.permissions import Action, Role, Staff
from bot.rules.volunteering import PURPOSE, FreeTime, Task, area_of, told_first
from db.people import Person
from db.volunteering import Offer


class NothingLeft(PortevoixError):
    """The last vote is over, or nobody stands any more."""

    default_message = "volunteering/nothing_left"


class OfferGone(PortevoixError):
    """An offer that was withdrawn, or whose author must not be written to any more."""

    default_message = "volunteering/gone"


class OfferCard(Frozen):
    """An offer as the team sees it. `taken_by`: the Telegram number of whoever writes to them."""

    offer: Offer
    person: Person
    taken_by: int | None


async def offer_of(tx: AsyncConnection, person: Person) -> Offer | None:
    """What the person offers; None where it is nothing."""
    return await db.volunteering.of_person(tx, person.id)


async def begin(tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign) -> None:
    """They want to help, with whatever it will be. Raises NotASupporter, DataRestricted and NothingLeft."""
    _require_useful(person, origin, campaign)
    if not person.volunteer:
        await preferences.volunteer(tx, person, origin, willing=True)


async def choose(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, choice: Task | FreeTime
) -> Offer:
    """One thing more, or one less where it was chosen. Raises as `begin` does."""
    await begin(tx, person, origin, campaign)
    before = await db.volunteering.of_person(tx, person.id)
    chosen = before is None or choice not in (*before.tasks, *before.moments)
    await record(tx, person, origin, PURPOSE, "yes" if chosen else "no", subject=choice)
    return await db.volunteering.change(tx, person.id, origin.at, **{choice.value: chosen})


async def decide_contact(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    campaign: Campaign,
    *,
    given: bool,
    language: str,
    text: str,
) -> Offer:
    """Whether the team of their area may see who they are and write to them, on the exact text that asked.

    Raises as `begin` does, and OfferGone where nothing is offered.
    """
    _require_useful(person, origin, campaign)
    before = await db.volunteering.of_person(tx, person.id)
    if before is None or not before.tasks:
        raise OfferGone("Nothing is offered.")
    await note_choice(tx, person, origin, PURPOSE, given=given, language=language, text=text)
    await record(tx, person, origin, "consent", "yes" if given else "no", subject=PURPOSE)
    if given and before.contact:
        return before
    offer = await db.volunteering.change(
        tx, person.id, origin.at, contact=given, taken_by=None, taken_at=None
    )
    await db.volunteering.recall(tx, offer.id)
    if given:
        await _tell_team(tx, person, offer, origin)
    return offer


async def withdraw(tx: AsyncConnection, person: Person, origin: Origin, *, language: str, text: str) -> None:
    """Nothing is offered any more: it is erased, and so is what the team was told. `text`: what they are told of it."""
    offer = await db.volunteering.of_person(tx, person.id)
    if offer is None:
        return
    if offer.contact:
        await note_choice(tx, person, origin, PURPOSE, given=False, language=language, text=text)
    await db.volunteering.withdraw(tx, offer)


async def open_card(tx: AsyncConnection, author: Author, number: int) -> OfferCard:
    """The offer, with who made it. Raises NotAllowed and OfferGone."""
    author.require(Action.TAKE_OFFER)
    offer = await db.volunteering.get(tx, number)
    person = await db.people.get(tx, offer.person) if offer is not None else None
    if offer is None or person is None or not offer.contact or not person.is_registered:
        raise OfferGone("This offer cannot be opened any more.")
    author.require(Action.TAKE_OFFER, _area(person))
    return OfferCard(offer=offer, person=person, taken_by=await _taker(tx, offer))


async def take(tx: AsyncConnection, author: Author, number: int) -> OfferCard:
    """Whoever is first writes to them; others are shown who did. Raises as `open_card` does."""
    author = await in_turn(tx, author)
    card = await open_card(tx, author, number)
    if card.taken_by is None and await db.volunteering.take(tx, card.offer, author.person.id, author.now):
        details = {"offer": number, "area": _department(card.person)}
        await audit.note(tx, actor=author.name, action=Action.TAKE_OFFER, details=details, now=author.now)
    return await open_card(tx, author, number)


async def _taker(tx: AsyncConnection, offer: Offer) -> int | None:
    """Who took it, as long as they are of the team."""
    taker = await db.people.get(tx, offer.taken_by) if offer.taken_by is not None else None
    if taker is None or not await db.staff.roles_of(tx, taker.telegram_id):
        return None
    return taker.telegram_id


async def _tell_team(tx: AsyncConnection, person: Person, offer: Offer, origin: Origin) -> None:
    """The nearest ones who can be reached. The notice says neither who nor what: that stands on the card."""
    team = [
        Staff(id=role.telegram_id, role=Role(role.role), area=role.area)
        for role in await db.staff.all_current(tx)
        if role.telegram_id != person.telegram_id
    ]
    details = {"offer": offer.id, "area": _department(person)}
    key = db.volunteering.notice_key(offer.id)
    for turn in told_first(team, _area(person)):
        who = [member.id for member in turn]
        if await notices.tell(tx, who, "help_offered", details, now=origin.at, key=key):
            return


def _area(person: Person) -> str:
    return area_of(commune=person.commune, territory=person.territory)


def _department(person: Person) -> str:
    """The area that is named where nobody is to be recognized."""
    return department_of(person.commune) if person.commune is not None else _area(person)


def _require_useful(person: Person, origin: Origin, campaign: Campaign) -> None:
    require_supporter(person)
    if not campaign.needs_hands(origin.at):
        raise NothingLeft("There is nothing left to help with.")
