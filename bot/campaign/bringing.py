"""`[bring]`: what voters bring; where a file has none, an identity document, if its practical facts ask for one."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.campaign.model import Practical
from bot.campaign.toml import TomlTable
from bot.rules.ballot_kinds import BallotKind
from bot.rules.bringing import Bring, Money, Thing, read_money
from bot.rules.territories import TERRITORIES

_EXPECTED = "an amount and its currency, such as 2 EUR"


def read_bring(root: TomlTable, practical: Mapping[str, Practical], kind: BallotKind) -> Bring:
    if "bring" not in root.data:
        # Of members an identity document is not taken for granted: their file may mean a card.
        asked = kind is not BallotKind.MEMBERS and any(told.identity for told in practical.values())
        return Bring(things=(Thing.IDENTITY,) if asked else ())
    table = root.table("bring")
    fees = table.table("fees")
    for code in fees.codes():
        if code not in TERRITORIES:
            fees.fault(code, f"“{code}” is not a territory", f"use one of {', '.join(TERRITORIES)}")
    bring = Bring(
        things=tuple(map(Thing, table.some_of("things", tuple(Thing)))),
        fee=_read_money(table, "fee"),
        fees=MappingProxyType(
            {code: fee for code in fees.codes() if (fee := _read_money(fees, code)) is not None}
        ),
    )
    table.done()
    return bring


def _read_money(table: TomlTable, key: str) -> Money | None:
    text = table.text(key, _EXPECTED, required=False)
    if not text:
        return None
    try:
        return read_money(text)
    except ValueError:
        table.fault(key, f"{table.name_of(key)} is “{text}”", f"write {_EXPECTED}")
        return None
