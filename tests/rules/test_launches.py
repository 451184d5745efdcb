"""What Telegram tells a Mini App is believed where an independent library believes it, and nothing else is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from init_data_py import is_valid_by_hash, sign

from bot.rules.launches import AHEAD, LAUNCH_LIFE, BadLaunch, read_launch

TOKEN = "123456:" + "A" * 35
NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
USER = json.dumps({"id": 42, "first_name": "Zoé & <co>", "language_code": "fr-FR"})


def launch(at: datetime = NOW, *, user: str = USER, token: str = TOKEN, **more: str) -> str:
    return sign({"user": user, "query_id": "AAE", "signature": "c2ln", **more}, token, auth_date=at)


def is_believed(init_data: str, *, now: datetime = NOW, token: str = TOKEN) -> bool:
    try:
        read_launch(init_data, token=token, now=now)
    except BadLaunch:
        return False
    return True


def test_who_opened_it_is_read_with_their_language() -> None:
    found = read_launch(launch(), token=TOKEN, now=NOW)
    assert (found.telegram_id, found.language) == (42, "fr-FR")


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.dictionaries(st.sampled_from(["start_param", "chat_type", "x"]), words), words)
@example({}, "é%25=&")
def test_it_is_believed_where_the_oracle_believes_it(more: dict[str, str], name: str) -> None:
    made = launch(user=json.dumps({"id": 1, "first_name": name}), **more)
    assert is_valid_by_hash(made, TOKEN, expires_in=LAUNCH_LIFE, now=NOW)
    assert is_believed(made)
    assert not is_believed(made, token=TOKEN[:-1] + "B")


@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_no_other_letter_is_believed_than_the_oracle_believes(place: int, letter: str) -> None:
    made = launch()
    place %= len(made)
    forged = made[:place] + letter + made[place + 1 :]
    try:
        oracle = is_valid_by_hash(forged, TOKEN, expires_in=LAUNCH_LIFE, now=NOW)
    except ValueError:
        oracle = False
    assert is_believed(forged) <= oracle


@pytest.mark.parametrize(
    ("age", "believed"),
    [
        (timedelta(0), True),
        (LAUNCH_LIFE - timedelta(seconds=1), True),
        (LAUNCH_LIFE, False),
        (timedelta(days=1), False),
        (-AHEAD, True),
        (-AHEAD - timedelta(seconds=1), False),
        (timedelta(days=-400), False),
    ],
)
def test_neither_the_old_nor_the_future_is_believed(age: timedelta, believed: bool) -> None:
    assert is_believed(launch(NOW - age)) is believed


HOSTILE = {
    "nothing": "",
    "no signature": urlencode({"user": USER, "auth_date": "1479286800"}),
    "no user": sign({"query_id": "a"}, TOKEN, auth_date=NOW),
    "a user that is none": launch(user="[]"),
    "a number that is none": launch(user='{"id": true}'),
    "a number of letters": launch(user='{"id": "42"}'),
    "a huge number": launch(user='{"id": 1' + "0" * 400 + "}"),
    "broken JSON": launch(user="{"),
    "twice the same field": launch() + "&user=" + quote('{"id": 43}'),
    "twice encoded": quote(launch()),
    "capitals": launch()[:-64] + launch()[-64:].upper(),
    "not ASCII": launch()[:-1] + "é",
    "half a letter": launch() + "&a=%ff",
    "very long": launch(x="a" * 5000),
    "many fields": launch() + "".join(f"&a{number}=" for number in range(50)),
    "a date of letters": sign({"user": USER}, TOKEN, auth_date=NOW).replace("auth_date=", "auth_date=x"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_not_believed(name: str) -> None:
    assert not is_believed(HOSTILE[name])


def test_the_same_opening_is_the_same_however_its_fields_are_ordered() -> None:
    made = launch()
    turned = urlencode(list(reversed(parse_qsl(made))))
    assert turned != made
    digests = {read_launch(each, token=TOKEN, now=NOW).digest for each in (made, turned)}
    assert len(digests) == 1
