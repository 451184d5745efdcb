"""Which links Telegram takes, with its words for the others: `check_link` of TDLib (LinkManager.cpp, HttpUrl.cpp)."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import parse_qs, urlsplit

from simulator.errors import bad_request

_PART = re.compile(r"(?:[\w.\-!$,~*'();&+=:]|[^\x00-\x7f]|%[0-9A-Fa-f]{2})*")
_TELEGRAM = {"t.me", "telegram.me", "telegram.dog"}
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


class LinkError(Exception):
    """A link that Telegram does not take; the message is why, in its words."""


def check_link(url: str, what: str, *, https_only: bool = False, loopback: bool = False) -> None:
    """Refuses `url` as Telegram does for `what`, such as “inline keyboard button”.

    `loopback` lets an address of this machine pass without HTTPS, which Telegram never does.
    """
    if loopback and _is_loopback(url):
        return
    try:
        _check(url, https_only=https_only)
    except LinkError as error:
        raise bad_request(f"{what} URL '{url}' is invalid: {error}") from None


def _check(url: str, *, https_only: bool) -> None:
    scheme = re.match(r"(tg|tonsite|ton):(//)?", url, re.IGNORECASE)
    rest = url[scheme.end() :] if scheme else url
    protocol, host, has_port = _parsed(rest)
    if https_only and (scheme or protocol != "https"):
        raise LinkError("Only HTTPS links are allowed")
    if scheme:
        name = scheme[1].lower()
        if protocol or has_port:
            raise LinkError("Wrong tg URL" if name == "tg" else "Wrong ton URL")
        if not re.fullmatch(r"[\w.-]*" if name == "tonsite" else r"[\w-]*", host, re.ASCII):
            raise LinkError("Unallowed characters in URL host")
        return
    # TDLib reads “mailto:a@b.c” as the host b.c with a user; a button like that opens nothing.
    if url.lower().startswith("mailto:") or ("." not in host and not host.startswith("[")):
        raise LinkError("Wrong HTTP URL")


def _parsed(url: str) -> tuple[str, str, bool]:
    """Protocol (empty where none is written), host, and whether a port is."""
    protocol, rest = "", url
    if written := re.match(r"([^:/?#@\[\]]*)://", url):
        protocol, rest = written[1].lower(), url[written.end() :]
        if protocol not in {"http", "https"}:
            raise LinkError("Unsupported URL protocol")
    place = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, _, host = place.rpartition("@")
    port = re.search(r":([^:\]@]*)$", host) if host[:1] != ":" else None
    if port:
        host = host[: port.start()]
        if not port[1].isdecimal() or not 0 < int(port[1]) <= 65535:
            raise LinkError("Wrong port number specified in the URL")
    if not host:
        raise LinkError("URL host is empty")
    if host == ".":
        raise LinkError("Host is invalid")
    if host.startswith("[") and host.endswith("]"):
        try:
            IPv6Address(host[1:-1])
        except ValueError:
            raise LinkError("Wrong IPv6 address specified in the URL") from None
        return protocol, host, port is not None
    for part, name in ((host, "host"), (user, "userinfo")):
        if not _PART.fullmatch(part):
            raise LinkError(f"Disallowed character in URL {name}")
    return protocol, host.lower(), port is not None


def _is_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and (parts.hostname or "") in _LOOPBACK | {"::1"}


def opens_bot(url: str, username: str) -> bool:
    """Whether an answer to a tap may carry this link: the bot's own, with what it is started with."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    own = parts.path.strip("/").lower() == username.lower()
    return (
        parts.scheme in {"http", "https"}
        and (parts.hostname or "") in _TELEGRAM
        and own
        and "start" in parse_qs(parts.query)
    )
