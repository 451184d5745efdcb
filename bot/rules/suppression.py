"""Sealing: what stands in the database for somebody who left, so that only the campaign's own key can tell who it is.

A Telegram number has some ten digits: without a key that lies outside the database, trying them all finds it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import field

from bot.frozen import Frozen

LINK_BYTES = 32


class SuppressionKey(Frozen):
    """The key that seals: one link of 32 bytes, and one more for each time the key was changed, the oldest first.

    A mark is sealed by each link in turn. So a change needs no number that was forgotten: it seals each mark once more,
    and whoever had the key before has nothing any more. A mark of an older database is brought up to date alike.
    """

    links: tuple[bytes, ...] = field(repr=False)

    def seal(self, text: str) -> str:
        """The mark of a text: 64 hexadecimal digits."""
        return _sealed(text, self.links)

    @property
    def fingerprint(self) -> str:
        """Tells the key from every other, and nothing about it."""
        return hashlib.sha256(b"portevoix suppression key" + b"".join(self.links)).hexdigest()[:32]

    def with_link(self, link: bytes) -> SuppressionKey:
        """The key after a change."""
        return SuppressionKey(links=(*self.links, link))

    def earlier(self, fingerprint: str) -> SuppressionKey | None:
        """This key as it was when it had that fingerprint; None: it is another one."""
        for length in range(len(self.links), 0, -1):
            key = SuppressionKey(links=self.links[:length])
            if key.fingerprint == fingerprint:
                return key
        return None

    def carried_on(self, mark: str, made_with: SuppressionKey) -> str:
        """The mark that an earlier key made, as this one makes it."""
        return _sealed(mark, self.links[len(made_with.links) :])


def _sealed(text: str, links: tuple[bytes, ...]) -> str:
    for link in links:
        text = hmac.digest(link, text.encode(), "sha256").hex()
    return text


def suppression_of(key: SuppressionKey, telegram_id: int) -> str:
    """The mark that keeps somebody from being imported or invited again."""
    return key.seal(str(telegram_id))


def proof_of(key: SuppressionKey, telegram_id: int) -> str:
    """The reference under which the proof of somebody's consents is kept once they left.

    It is not their suppression: who sees both cannot tell that they are of one person.
    """
    return key.seal(f"proof:{telegram_id}")
