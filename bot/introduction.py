"""Meeting Telegram at the start: who the bot is, what it tells of itself, where its updates go."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import structlog

from bot.campaign.campaign import Campaign
from bot.delivery.calls import Call
from bot.delivery.engine import Engine
from bot.delivery.outcomes import WRONG_TOKEN, Done, NotSent, Outcome, Rejected, as_id, in_words
from bot.delivery.pacing import FREE_RATE
from bot.delivery.transport import Transport
from bot.errors import SettingsError, Unanswered
from bot.frozen import Frozen
from bot.settings import Settings
from bot.web.webhook import Webhook
from handlers import COMMANDS
from handlers.command_menu import description_calls, menu_calls

log = structlog.get_logger(__name__)

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "inline_query")
ASK_AGAIN_FIRST_SECONDS = 1.0
ASK_AGAIN_LONGEST_SECONDS = 30.0
# How long an answer is waited for at the start, when somebody watches: what is asked then may be asked again.
START_PATIENCE_SECONDS = 10.0
# From then on whoever watches the start is told what it waits for.
UNTOLD_SECONDS = 1.0
NO_ANSWER_YET = "it has not answered yet"
USERNAME = re.compile(r"[A-Za-z0-9_]{1,64}")


class Identity(Frozen):
    """The bot's identity, as `getMe` says."""

    id: int
    first_name: str
    username: str


def identity_in(outcome: Outcome) -> Identity | None:
    """The identity in an answer to `getMe`; None where it is not one that a Bot API server gives."""
    if not isinstance(outcome, Done) or not isinstance(outcome.result, Mapping):
        return None
    number, first_name = as_id(outcome.result.get("id")), outcome.result.get("first_name")
    username, is_bot = outcome.result.get("username"), outcome.result.get("is_bot")
    if number is None or is_bot is not True or not isinstance(first_name, str):
        return None
    if not isinstance(username, str) or not USERNAME.fullmatch(username):
        return None
    return Identity(id=number, first_name=first_name, username=username)


async def bot_identity(transport: Transport, unreached: Callable[[str], Awaitable[None]]) -> Identity:
    """The bot's identity; waits for a server that does not answer yet. Raises SettingsError for a wrong token.

    `unreached` hears what each time said for which there was no answer, and that the first takes long.
    """
    again_in = ASK_AGAIN_FIRST_SECONDS
    outcome = await _told_of_while_it_lasts(
        transport.post("getMe", seconds=START_PATIENCE_SECONDS), partial(unreached, NO_ANSWER_YET)
    )
    while True:
        if (identity := identity_in(outcome)) is not None:
            return identity
        if isinstance(outcome, NotSent) and outcome.reason == WRONG_TOKEN:
            raise SettingsError(
                "Telegram does not know this token: check PORTEVOIX_TOKEN, or ask @BotFather for a new one."
            )
        again_in = getattr(outcome, "retry_after", None) or again_in
        log.warning("telegram_not_reached", said=in_words(outcome), again_in=again_in)
        await unreached(in_words(outcome))
        await asyncio.sleep(again_in)
        again_in = min(2 * again_in, ASK_AGAIN_LONGEST_SECONDS)
        outcome = await transport.post("getMe", seconds=START_PATIENCE_SECONDS)


async def _told_of_while_it_lasts(
    post: Coroutine[Any, Any, Outcome], tell: Callable[[], Awaitable[None]]
) -> Outcome:
    """What is answered; `tell` is called where nothing is for UNTOLD_SECONDS."""
    asked = asyncio.ensure_future(post)
    try:
        if not (await asyncio.wait([asked], timeout=UNTOLD_SECONDS))[0]:
            await tell()
        return await asked
    finally:
        asked.cancel()


async def introduce(
    transport: Transport, engine: Engine, settings: Settings, campaign: Campaign, webhook_url: str | None
) -> None:
    """Tells Telegram the commands and who writes, in each language, and where updates go."""
    calls = [*menu_calls(COMMANDS, campaign.languages), *description_calls(campaign)]
    if webhook_url is None:
        calls.insert(0, Call(method="deleteWebhook", payload={}))
    # Together: people who wrote meanwhile wait for one way to Telegram and back, not for ten.
    posts = (transport.post(call.method, call.payload, seconds=START_PATIENCE_SECONDS) for call in calls)
    for call, outcome in zip(calls, await asyncio.gather(*posts), strict=True):
        if not isinstance(outcome, Done):
            log.warning(
                "not_introduced",
                method=call.method,
                said=in_words(outcome),
                hint="The bot runs; its commands and descriptions are set at the next start.",
            )
            if not isinstance(outcome, Rejected):
                break  # what the others say is the same
    if webhook_url is None:
        return
    webhook = webhook_of(settings, engine)
    address = {
        "url": webhook_url.rstrip("/") + webhook.path,
        "secret_token": webhook.secret,
        "allowed_updates": list(ALLOWED_UPDATES),
    }
    outcome = await transport.post("setWebhook", address, seconds=START_PATIENCE_SECONDS)
    if not isinstance(outcome, Done):
        refused = SettingsError if isinstance(outcome, Rejected) else Unanswered
        raise refused(f"The webhook {webhook_url} was not set: {in_words(outcome)}.")


def webhook_of(settings: Settings, engine: Engine) -> Webhook:
    """A path and a secret that only who holds the token can know."""
    token = settings.required_token.encode()
    path = hmac.new(token, b"webhook path", hashlib.sha256).hexdigest()[:32]
    secret = hmac.new(token, b"webhook secret", hashlib.sha256).hexdigest()
    return Webhook(path=f"/telegram/{path}", secret=secret, store=engine.intake.store)


def warn_of_the_rate(settings: Settings, campaign: Campaign) -> None:
    """Telegram stops who sends more than it lets leave for nothing."""
    above_free = settings.rate is not None and settings.rate > FREE_RATE
    if above_free and settings.is_real_telegram and not campaign.paid_broadcasts:
        log.warning(
            "rate_above_free",
            rate=settings.rate,
            hint="Telegram lets 30 messages a second leave for nothing and stops who sends more: lower"
            " PORTEVOIX_RATE, or set paid = true under [broadcasts] in the campaign file.",
        )
