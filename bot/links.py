"""Addresses that open the bot on something: an event, a friend's invitation, a large export, the console."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_CODE = 16
"""Characters of the code of a friend or an event: db.schema."""


class Link(NamedTuple):
    """The link by which somebody came: the codes of an event and of a friend; both, one of them or none."""

    event: str = ""
    friend: str = ""

    @property
    def payload(self) -> str:
        """The link as `/start` is given it; "" for none."""
        if not self.event:
            return f"r_{self.friend}" if self.friend else ""
        return f"ev_{self.event}_{self.friend}" if self.friend else f"ev_{self.event}"


def read_link(payload: str) -> Link:
    """The link that a payload of `/start` stands for; none where it is something else."""
    kind, _, codes = payload.partition("_")
    event, _, friend = codes.partition("_") if kind == "ev" else ("", "", codes if kind == "r" else "")
    if kind == "ev" and not is_code(event):
        return Link()
    return Link(event=event, friend=friend if is_code(friend) else "")


def is_code(text: str) -> bool:
    """Whether a text may be the code of a friend's or an event's link, short enough for a button."""
    return text.isalnum() and text.isascii() and len(text) <= LONGEST_CODE


def event_link(bot_username: str, code: str, friend: str = "") -> str:
    """The event's card. `friend`: the code of whoever passes it on, which notes who brought a newcomer."""
    return f"https://t.me/{bot_username}?start={Link(event=code, friend=friend).payload}"


def friend_link(bot_username: str, code: str) -> str:
    """Signing up through it notes who brought the newcomer. The code is the person's own for friends: no other."""
    return f"https://t.me/{bot_username}?start={Link(friend=code).payload}"


def check_in_link(bot_username: str, token: str) -> str:
    """Whoever opens it says that they are there, as long as the code of its minute counts."""
    return f"https://t.me/{bot_username}?start=ci_{token}"


def list_link(bot_username: str, code: str) -> str:
    """The list of who comes to an event, for whoever organizes it."""
    return f"https://t.me/{bot_username}?start=li_{code}"


def is_walk(text: str) -> bool:
    """Whether a text may be the code of a walk, `69123_0101-3`."""
    return re.fullmatch(r"[0-9A-Z]{5}_[0-9A-Z]{4,6}-[0-9]{1,5}", text) is not None


def walk_link(bot_username: str, code: str) -> str:
    """A walk from door to door, for whoever goes along."""
    return f"https://t.me/{bot_username}?start=w_{code}"


def walks_link(bot_username: str) -> str:
    """The walks that are offered near whoever opens it."""
    return f"https://t.me/{bot_username}?start=walks"


def sheet_link(bot_username: str, code: str) -> str:
    """A walk whose sheet was filled in: what it says is entered."""
    return f"https://t.me/{bot_username}?start=wp_{code}"


def walk_page(number: int) -> str:
    """The page of a walk, among those of supporters."""
    return f"walk/{number}"


def console_url(address: str, token: str) -> str:
    """Where a one-time link to the console is opened, on the web part at `address`."""
    return f"{address}/console/enter/{token}"


def console_app_url(address: str) -> str:
    """The console as a Mini App, which Telegram opens over https alone."""
    return f"{address}/console/app"


def app_link(address: str, token: str, to: str = "") -> str:
    """Where a one-time link to a supporter's own pages is opened. `to`: the one that opens then (`events/ab12`)."""
    return f"{address}/app/enter/{token}" + (f"?to={to}" if to else "")


def app_url(address: str, to: str = "") -> str:
    """The pages of supporters as a Mini App, over https alone. `to`: the one that opens (`events/ab12`)."""
    return f"{address}/app/open" + (f"?to={to}" if to else "")


def download_url(address: str, token: str) -> str:
    """Where a one-time link is opened, on the web part at `address`."""
    return f"{address}/download/{token}"


def host_link(bot_username: str, token: str) -> str:
    """Organizing an event together: serves once."""
    return f"https://t.me/{bot_username}?start=h_{token}"
