"""`portevoix demo` and `portevoix run`."""

from __future__ import annotations

import asyncio
import logging
from argparse import Namespace
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from bot.commands.accepting import add_accept, ask, record, require_sense, tell
from bot.commands.arguments import CommandRefused, SubCommands, number
from bot.setting_values import is_loopback
from bot.settings import Settings
from bot.startup import tell_of_the_copy, upgraded

WEBHOOK_PORTS = frozenset({443, 80, 88, 8443})


def add_to(commands: SubCommands) -> None:
    demo_parser = commands.add_parser(
        "demo",
        help="try everything, without a token or a network",
        description="Start a local Telegram and the bot, and open the chat page in the browser.",
    )
    demo_parser.add_argument(
        "--port", default="8081", metavar="N", help="where the chat page is (default: 8081)"
    )
    demo_parser.add_argument(
        "--supporters", default="2000", metavar="N", help="how many there are (default: 2000)"
    )
    demo_parser.add_argument("--no-browser", action="store_true", help="only print the page’s address")
    demo_parser.set_defaults(run=demo)
    run_parser = commands.add_parser(
        "run",
        help="run the bot",
        description="Run the bot with PORTEVOIX_TOKEN, by long polling or a webhook.",
    )
    run_parser.add_argument(
        "--webhook", metavar="URL", help="the public https address that leads to PORTEVOIX_WEB"
    )
    add_accept(run_parser)
    run_parser.set_defaults(run=run)


def run(arguments: Namespace, settings: Settings) -> int:
    """Runs until it is stopped."""
    require_sense(arguments)
    if arguments.webhook is not None:
        check_webhook(arguments.webhook)
        if settings.web is None:
            raise CommandRefused("A webhook needs the web part: set PORTEVOIX_WEB, such as 127.0.0.1:8080.")
    if settings.named_campaign is None or settings.token_fault is not None:
        # Before anything is opened. The token is what the README asks for first.
        _ = settings.required_token, settings.required_campaign
    # Imported here: the other commands need none of it, and answer sooner.
    from bot import app
    from bot.logs import configure_logs

    configure_logs()
    campaign = app.read_campaign(settings)

    async def begin(*, agreed: bool, tells: bool) -> bool:
        """Whether it is agreed to, or concerns nobody."""
        async with upgraded(settings, kept=tell_of_the_copy) as database:
            database.claim()
            if not agreed and await tell(database, campaign, settings):
                return False
            await record(database, campaign, settings, tells=tells)
            return True

    # Outside of a loop: a word that is waited for can be interrupted.
    if not asyncio.run(begin(agreed=arguments.accept, tells=arguments.tell)):
        asyncio.run(begin(agreed=True, tells=ask()))
    run_to_end(app.run(settings, campaign=campaign, webhook_url=arguments.webhook))
    return 0


def check_webhook(url: str) -> None:
    """Raises CommandRefused for an address at which Telegram would not call, or where others could listen."""
    parts = urlsplit(url)
    try:
        port = parts.port or 443
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CommandRefused(f"“{url}” is not an address: write https://example.org/bot.")
    if is_loopback(url):
        return  # a simulator's, at any port
    if parts.scheme != "https":
        raise CommandRefused(f"“{url}” is no https address: Telegram calls no other.")
    if port not in WEBHOOK_PORTS:
        raise CommandRefused(f"“{url}”: Telegram calls at the ports 443, 80, 88 and 8443 only.")


def demo(arguments: Namespace, settings: Settings) -> int:
    """Plays until it is stopped; nothing of it stays."""
    from bot.demo.demo import DemoOptions
    from bot.demo.demo import demo as play
    from bot.logs import configure_logs

    options = DemoOptions(
        port=number("--port", arguments.port, least=0, most=65_535),
        supporters=number("--supporters", arguments.supporters, least=0, most=100_000),
        browser=not arguments.no_browser,
    )
    configure_logs(logging.WARNING)
    run_to_end(play(settings, options))
    return 0


def run_to_end(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main)


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, which carries twice the messages; asyncio's own where there is none (Windows)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
