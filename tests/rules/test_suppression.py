"""Sealing: only the key tells who it is, and a change of the key needs nobody's number."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.suppression import SuppressionKey, proof_of, suppression_of

LINKS = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4, unique=True).map(tuple)
KEYS = LINKS.map(lambda links: SuppressionKey(links=links))
NUMBERS = st.integers(min_value=10**8, max_value=10**12)


def test_marks_of_before_the_key_moved_out_stay_what_they_were() -> None:
    link = b"k" * 32
    was = hmac.new(link, b"7482913650", hashlib.sha256).hexdigest()
    assert suppression_of(SuppressionKey(links=(link,)), 7_482_913_650) == was


@given(key=KEYS, number=NUMBERS, link=st.binary(min_size=32, max_size=32))
def test_a_changed_key_makes_of_each_mark_what_it_makes_of_the_number(
    key: SuppressionKey, number: int, link: bytes
) -> None:
    changed = key.with_link(link)
    for mark_of in (suppression_of, proof_of):
        assert (
            changed.carried_on(mark_of(key, number), key) == mark_of(changed, number) != mark_of(key, number)
        )


@given(key=KEYS, other=KEYS)
def test_a_key_knows_itself_as_it_was_and_no_other(key: SuppressionKey, other: SuppressionKey) -> None:
    for length in range(1, len(key.links) + 1):
        earlier = SuppressionKey(links=key.links[:length])
        assert key.earlier(earlier.fingerprint) == earlier
    is_earlier = other.links == key.links[: len(other.links)]
    assert (key.earlier(other.fingerprint) is not None) == is_earlier


@given(key=KEYS, number=NUMBERS)
def test_what_is_kept_leads_neither_to_the_person_nor_to_the_other_mark(
    key: SuppressionKey, number: int
) -> None:
    suppression, proof = suppression_of(key, number), proof_of(key, number)
    assert suppression != proof
    assert str(number) not in suppression
    assert not any(link.hex() in text for link in key.links for text in (repr(key), key.fingerprint))
