"""What the templates say and how it is written in a language, read once by a worker: each takes a second."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message

from locales.catalogues import said_in_templates, written

BY_ONE_WORKER = pytest.mark.xdist_group("words")


@cache
def said() -> Catalog:
    return said_in_templates()


@cache
def messages(language: str) -> list[Message]:
    """Those of its catalogue."""
    return [message for message in written(language) if message.id]


def forms(said: str | Sequence[str]) -> tuple[str, ...]:
    """The one, or a singular and its plural."""
    return (said,) if isinstance(said, str) else tuple(said)
