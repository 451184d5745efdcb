"""What is done on behalf of staff: each action, the least role for it, and where that must be held."""

from __future__ import annotations

from tests.matrix.accounts import ACCOUNTS
from tests.matrix.attendance import ATTENDANCE
from tests.matrix.canvass import CANVASS
from tests.matrix.events import EVENTS
from tests.matrix.messages import MESSAGES
from tests.matrix.row import Rows
from tests.matrix.team import TEAM

MATRIX: Rows = {**MESSAGES, **CANVASS, **EVENTS, **ATTENDANCE, **ACCOUNTS, **TEAM}
"""What is done on behalf of staff: it checks their role and their area itself."""
