"""A sample of people, drawn by a keyed hash of whole numbers that SQL computes too, on both engines.

The same people at every draw: who is in 10 % is in 20 %.
"""

import hashlib
import hmac

from bot.frozen import Frozen

MODULUS = 2**31 - 1
"""A prime so small that no product overflows 64 bits."""


class Sampling(Frozen):
    """The key of a draw: three whole numbers from 1 to `MODULUS` - 1."""

    factor: int
    shift: int
    mixer: int

    def number(self, person: int) -> int:
        """The number that somebody draws, from 0 to `MODULUS` - 1."""
        first = (person % MODULUS * self.factor + self.shift) % MODULUS
        second = (first * first + self.mixer) % MODULUS
        return (second * second + first) % MODULUS

    def draws(self, person: int, percent: int) -> bool:
        """Whether somebody is among so many percent (1 to 100)."""
        return self.number(person) % 100 < percent


def sampling_of(key: str) -> Sampling:
    """The draw of samples. Without the campaign's `key` nobody can tell beforehand who is in one."""
    return sampling_from(hmac.new(key.encode(), b"sample", hashlib.sha256).digest())


def sampling_from(digest: bytes) -> Sampling:
    """The draw that 24 bytes make, or the first 24 of more."""
    factor, shift, mixer = (int.from_bytes(digest[at : at + 8]) % (MODULUS - 1) + 1 for at in (0, 8, 16))
    return Sampling(factor=factor, shift=shift, mixer=mixer)
