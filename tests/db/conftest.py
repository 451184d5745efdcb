"""Here the database itself is tested: statements run in threads of their own, as they do in the bot."""

from __future__ import annotations

import pytest


@pytest.fixture
def statements_run_here() -> bool:
    """They do not."""
    return False
