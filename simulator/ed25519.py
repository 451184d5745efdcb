"""Signatures by Ed25519, as RFC 8032 has them: only to sign, for nothing here checks one.

Written out because no library that the rest needs can do it; `cryptography` is the oracle of the tests.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

# A point (x, y) as (X, Y, Z, T), where x = X/Z, y = Y/Z and x·y = T/Z.
Point = tuple[int, int, int, int]
_Y = 4 * pow(5, P - 2, P) % P
_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE: Point = (_X, _Y, 1, _X * _Y % P)


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _packed(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


@lru_cache(maxsize=8)
def _keys(secret: bytes) -> tuple[int, bytes, bytes]:
    """The number that signs, the prefix of its nonces, and the public key."""
    hashed = hashlib.sha512(secret).digest()
    number = int.from_bytes(hashed[:32], "little") & (2**254 - 8) | 2**254
    return number, hashed[32:], _packed(_times(number, BASE))


def public_key(secret: bytes) -> bytes:
    """The public key that belongs to a secret of 32 bytes."""
    return _keys(secret)[2]


def sign(secret: bytes, message: bytes) -> bytes:
    number, prefix, public = _keys(secret)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    point = _packed(_times(nonce, BASE))
    challenge = int.from_bytes(hashlib.sha512(point + public + message).digest(), "little") % ORDER
    return point + ((nonce + challenge * number) % ORDER).to_bytes(32, "little")
