"""What each table keeps, and of whom: the facts behind the register of processing and the impact assessment.

A test compares this with the schema: a table or a column that is added is described here, or the test fails. The
words for each datum stand in `locales/templates/documents/<language>/_words.md.j2`.
"""

from __future__ import annotations

from db.inventory.kinds import DataSubject, Erased, KeptFor, TableHolding
from db.inventory.of_nobody import NOBODY
from db.inventory.of_supporters import SUPPORTERS
from db.inventory.of_team import TEAM

__all__ = ["HOLDINGS", "DataSubject", "Erased", "KeptFor", "TableHolding"]

HOLDINGS: tuple[TableHolding, ...] = (*SUPPORTERS, *TEAM, *NOBODY)
