"""What `portevoix doctor` asks over the network: Telegram, and our own web part."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from bot.clock import RealClock
from bot.delivery.outcomes import NotSent, in_words
from bot.errors import SettingsError
from bot.settings import Settings
from bot.web.server import listen

PATIENCE = aiohttp.ClientTimeout(total=10)
MOST_SECONDS_OFF = 30.0
"""Reminders leave to the minute."""


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was tried: whether it is well, and what to know or to mend."""

    what: str
    well: bool
    says: str


async def ask_telegram(settings: Settings) -> list[Diagnosis]:
    """The token, the machine's clock against Telegram's, and the webhook."""
    try:
        root = f"{settings.api_base}/bot{settings.required_token}"
    except SettingsError as error:
        return [Diagnosis("token", False, error.sentence)]
    async with aiohttp.ClientSession(timeout=PATIENCE) as session:
        try:
            async with session.get(f"{root}/getMe", allow_redirects=False) as answer:
                status, said = answer.status, await _object_in(answer)
                date, now = answer.headers.get("date"), RealClock().now()
            async with session.get(f"{root}/getWebhookInfo", allow_redirects=False) as answer:
                webhook = await _object_in(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Never the error's own words: the address holds the token.
            return [Diagnosis("Telegram", False, in_words(NotSent(reason=type(error).__name__)))]
    findings = [_token(status, said)]
    if date is not None:
        findings.append(_clock(date, now))
    if findings[0].well:
        findings.append(_webhook(webhook.get("result") or {}, now))
    return findings


async def _object_in(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    with contextlib.suppress(ValueError, aiohttp.ClientError):
        found = await answer.json(content_type=None)
        if isinstance(found, dict):
            return found
    return {}


def _token(status: int, said: dict[str, Any]) -> Diagnosis:
    result = said.get("result")
    if said.get("ok") is True and isinstance(result, dict):
        return Diagnosis("token", True, f"Telegram knows it: @{result.get('username')}")
    if status in (401, 404):
        return Diagnosis(
            "token",
            False,
            "Telegram does not know it: check PORTEVOIX_TOKEN, or ask @BotFather for a new one",
        )
    return Diagnosis("token", False, f"no Bot API server answers (HTTP {status}): check PORTEVOIX_API_BASE")


def _clock(date: str, now: datetime) -> Diagnosis:
    try:
        off = (now - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return Diagnosis("clock", True, "Telegram’s answer bears no date to compare it with")
    if abs(off) <= MOST_SECONDS_OFF:
        return Diagnosis("clock", True, "it goes with Telegram’s")
    return Diagnosis(
        "clock",
        False,
        f"it is {abs(off):,.0f} s {'ahead of' if off > 0 else 'behind'} Telegram’s: let it be set by the network,"
        " `timedatectl set-ntp true`",
    )


def _webhook(info: dict[str, Any], now: datetime) -> Diagnosis:
    waiting = info.get("pending_update_count", 0)
    if not info.get("url"):
        return Diagnosis("webhook", True, f"none is set, the bot polls; updates that wait: {waiting}")
    error, at = info.get("last_error_message"), info.get("last_error_date", 0)
    if error and now.timestamp() - float(at) < 3600:
        return Diagnosis(
            "webhook",
            False,
            f"Telegram could not call it within the last hour ({error}): check the proxy and its certificate;"
            f" updates that wait: {waiting}",
        )
    return Diagnosis("webhook", True, f"one is set; updates that wait: {waiting}")


async def ask_web(settings: Settings) -> list[Diagnosis]:
    """Whether the web part is well, or could listen where it is to."""
    if settings.web is None:
        return [Diagnosis("web part", True, "off: PORTEVOIX_WEB is not set")]
    host, port = settings.web.host, settings.web.port
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    address = f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"
    try:
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            session.get(f"{address}/health") as answer,
        ):
            said = await _object_in(answer)
    except aiohttp.ClientConnectorError:
        try:
            listen(settings.web).close()
        except SettingsError as error:
            return [Diagnosis("web part", False, error.sentence)]
        return [Diagnosis("web part", True, f"nothing runs on {host}:{port}, which is free")]
    except (aiohttp.ClientError, TimeoutError, OSError):
        said = {}
    if "troubles" not in said:
        return [
            Diagnosis(
                "web part", False, f"another program listens on {host}:{port}: set PORTEVOIX_WEB to another"
            )
        ]
    if said["troubles"]:
        return [Diagnosis("web part", False, "the bot is in trouble: " + " ".join(said["why"]))]
    return [Diagnosis("web part", True, "the bot runs, and says that all is well")]


async def ask_web_url(settings: Settings) -> list[Diagnosis]:
    """Whether the address that people are given is reached from here."""
    if settings.web_url is None:
        return []
    try:
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            session.get(settings.web_url, allow_redirects=False),
        ):
            return [Diagnosis("web address", True, f"{settings.web_url} answers")]
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = type(error).__name__
        return [
            Diagnosis(
                "web address",
                False,
                f"{settings.web_url} is not reached ({reason}): check its name, the certificate and the proxy",
            )
        ]
