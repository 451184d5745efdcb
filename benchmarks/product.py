"""The product as `portevoix run` starts it, on a morning of November 2016, without a limit to its rate or with any.

    python -m benchmarks.product --api http://127.0.0.1:PORT --folder DIR [--url postgresql+asyncpg://…] [--rate N]

It prints `ready` once it runs.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace

from benchmarks.worker import KEY, MORNING, TOKEN
from bot import app
from bot.commands.running import run_to_end
from bot.delivery.tuning import settle_memory
from bot.logs import configure_logs
from bot.settings import Settings


def settings_of(options: argparse.Namespace) -> Settings:
    given = {
        "PORTEVOIX_TOKEN": TOKEN,
        "PORTEVOIX_API_BASE": options.api,
        "PORTEVOIX_CAMPAIGN": "campaigns/primaire-2016",
        "PORTEVOIX_DATA": options.folder,
        "PORTEVOIX_SUPPRESSION_KEY_FILE": f"{options.folder}/suppression.key",
        "PORTEVOIX_AUDIT_ANCHOR": f"{options.folder}/audit.anchors",
        "PORTEVOIX_CLOCK": MORNING.isoformat(),
        **({"PORTEVOIX_WEB": options.web.removeprefix("http://")} if options.web else {}),
        **({"PORTEVOIX_DATABASE": options.url} if options.url else {"PORTEVOIX_DATABASE_KEY": KEY.hex}),
    }
    # No variable takes the limit away, but it would hide what a tap costs.
    return replace(Settings.from_environment(given), rate=options.rate)


async def run(settings: Settings) -> None:
    async with app.started(settings) as running:
        settle_memory()
        print("ready", flush=True)
        await running.ended()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--api", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--url")
    parser.add_argument("--rate", type=float)
    parser.add_argument("--web", help="where its pages are: http://127.0.0.1:PORT")
    configure_logs(logging.ERROR)
    run_to_end(run(settings_of(parser.parse_args())))
