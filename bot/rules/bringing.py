"""What voters bring, in a form that the program words itself: neutral messages hold nothing that anybody typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum

from bot.frozen import Frozen

_MONEY = re.compile(r"(\d{1,6}(?:\.\d{1,2})?) ([A-Z]{3})")


class Thing(StrEnum):
    """A document that is shown before one votes."""

    IDENTITY = "identity"
    VOTER_CARD = "voter_card"
    MEMBER_CARD = "member_card"


class Money(Frozen):
    """An amount of a currency, by its ISO 4217 code."""

    amount: Decimal
    currency: str


class Bring(Frozen):
    """The documents, and the money where the vote costs some; `fees`: in territories where it is another."""

    things: tuple[Thing, ...] = ()
    fee: Money | None = None
    fees: Mapping[str, Money] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.things or self.fee or self.fees)

    def fee_in(self, territory: str) -> Money | None:
        return self.fees.get(territory, self.fee)


def read_money(text: str) -> Money:
    """`2 EUR`, `1.50 EUR`. Raises ValueError."""
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return Money(amount=Decimal(found[1]), currency=found[2])
