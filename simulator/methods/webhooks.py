"""Methods that choose how updates reach the bot: long polling or a webhook."""

import re
from typing import Any
from urllib.parse import urlsplit

import orjson

from simulator.errors import bad_request
from simulator.params import Params
from simulator.world import World

WEBHOOK_PORTS = {443, 80, 88, 8443}
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LOCAL = {"localhost", "127.0.0.1", "::1"}


async def get_updates(world: World, params: Params) -> orjson.Fragment:
    return await world.updates.get_updates(params)


def set_webhook(world: World, params: Params) -> bool:
    url = params.text("url")
    if not url:
        return delete_webhook(world, params)
    _check_url(url)
    secret = params.text("secret_token")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    if not _is_here(url):
        raise bad_request("not simulated: a webhook elsewhere; this local Telegram posts to localhost only")
    world.updates.allow(params)
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    connections = min(max(params.integer("max_connections", 40), 1), 100)
    world.updates.end_polls("setWebhook")
    world.webhook.start(url, secret, connections)
    return True


def delete_webhook(world: World, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    world.webhook.stop()
    return True


def get_webhook_info(world: World, _params: Params) -> dict[str, Any]:
    return world.webhook.info()


def _check_url(url: str) -> None:
    """HTTPS and Telegram's ports, except for this machine, where a bot under test listens as it likes."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad_request("bad webhook: Wrong port number specified in the URL") from None
    if not parts.hostname:
        raise bad_request("bad webhook: invalid URL specified")
    if _is_here(url) and parts.scheme in {"http", "https"}:
        return
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in WEBHOOK_PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in _LOCAL
