"""What a variable of the environment may say: each text is read into its value, or refused in a sentence."""

import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bot.clock import ClockStart, parse_clock
from bot.errors import SettingsError
from bot.frozen import Frozen

_ANY_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_TELEGRAM_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{30,}")
_QUOTES = "\"'`“”„‘’«»"
_DATABASE_ENGINES = ("sqlite", "postgresql", "postgres")  # hosts write the last two


class Address(Frozen):
    """Where the web part listens."""

    host: str
    port: int


def is_loopback(url: str) -> bool:
    """Whether the address of a URL is this machine's own, which nobody else hears."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_plain_http(url: str, name: str, what: str) -> None:
    """Raises SettingsError for http:// beyond this machine: `name` is the setting, `what` would be read on the way."""
    if urlsplit(url).scheme == "http" and not is_loopback(url):
        raise SettingsError(
            f"{name} is “{url}”: over http anybody on the way could read {what}. Write https, or an address of this "
            "machine such as http://127.0.0.1:8081."
        )


def token_fault_of(token: str, *, is_real: bool) -> str | None:
    """Why it can be no token, in a sentence without it; None where it looks like one."""
    if (_TELEGRAM_TOKEN if is_real else _ANY_TOKEN).fullmatch(token):
        return None
    # The token itself stays out of the sentence: it is a secret, even a mistyped one.
    if token[0] in _QUOTES or token[-1] in _QUOTES:
        return "PORTEVOIX_TOKEN has quotes around it, which count as a part of it: write it without any."
    return (
        "PORTEVOIX_TOKEN does not look like a bot token (digits, a colon, then letters and digits, nothing before or"
        " after them): copy it whole from @BotFather, and nothing else."
    )


def api_base_of(text: str) -> str:
    """The address of the Bot API without a slash at its end. Raises SettingsError."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(
            f"PORTEVOIX_API_BASE is “{text}”: write a URL such as http://127.0.0.1:8081, without a token."
        )
    refuse_plain_http(text, "PORTEVOIX_API_BASE", "the token and every message")
    return text.rstrip("/")


def database_of(url: str | None) -> str | None:
    """The URL of a database; None is the SQLite file of the data folder. Raises SettingsError."""
    if url is not None and ("://" not in url or not url.startswith(_DATABASE_ENGINES)):
        raise SettingsError(
            "PORTEVOIX_DATABASE is not a database URL: write sqlite:////folder/file or postgresql://user@host/name."
        )
    place = urlsplit(url or "")
    file = place.path.removeprefix("/")
    if place.scheme.startswith("sqlite") and file not in ("", ":memory:") and not Path(file).is_absolute():
        raise SettingsError(
            f"“{url}” is another file in each folder: write its whole path after sqlite:///, such as"
            f" sqlite:///{Path(file).expanduser().resolve()}."
        )
    return url


def rate_of(text: str) -> float:
    """Messages a second, more than 0 and 1000 at most. Raises SettingsError."""
    try:
        rate = float(text)
    except ValueError:
        rate = 0
    if not 0 < rate <= 1000:
        raise SettingsError(
            f"PORTEVOIX_RATE is “{text}”: write messages a second for the whole bot, 1000 at most."
        )
    return rate


def clock_of(text: str | None) -> ClockStart | str | None:
    """A movable clock’s start, or the URL of one that a simulator serves. Raises SettingsError."""
    if text is None:
        return None
    if text.startswith(("http://", "https://")):
        if not is_loopback(text):
            raise SettingsError(
                f"PORTEVOIX_CLOCK is “{text}”: only a simulator on this machine gives the time."
            )
        return text
    try:
        return parse_clock(text)
    except ValueError as fault:
        raise SettingsError(f"PORTEVOIX_CLOCK: {fault}, or the URL of a simulator’s clock.") from None


def web_of(text: str | None) -> Address | None:
    """Where the web part listens, of `host:port`. Raises SettingsError."""
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"PORTEVOIX_WEB is “{text}”: write host:port, such as 127.0.0.1:8080.")
    return Address(host=host.strip("[]"), port=int(port))


def web_url_of(text: str | None) -> str | None:
    """The address of the web part as people reach it, without a slash at its end. Raises SettingsError."""
    if text is None:
        return None
    parts = urlsplit(text)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise SettingsError(
            f"PORTEVOIX_WEB_URL is “{text}”: write the address of the web part as people reach it, such as"
            " https://bot.example.org."
        )
    refuse_plain_http(text, "PORTEVOIX_WEB_URL", "what people download")
    return text.rstrip("/")
