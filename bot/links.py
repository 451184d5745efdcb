"""Addresses that open the bot on something: an event, signing up at a friend's invitation, a large export."""

from __future__ import annotations


def event_link(bot_username: str, code: str) -> str:
    return f"https://t.me/{bot_username}?start=ev_{code}"


def friend_link(bot_username: str, code: str) -> str:
    """Signing up through it notes who brought the newcomer. The code is the person's own for friends: no other."""
    return f"https://t.me/{bot_username}?start=r_{code}"


def download_url(address: str, token: str) -> str:
    """Where a one-time link is opened, on the web part at `address`."""
    return f"{address}/download/{token}"
