"""The campaign that tests play: a copy, which stays as it is while the shipped one changes.

What tests show in docs/ is told of the shipped one.
"""

from __future__ import annotations

from pathlib import Path

FROZEN = Path(__file__).parent / "campaigns" / "primaire-2016"
SHIPPED = Path(__file__).parent.parent / "campaigns" / "primaire-2016"
