"""The product as `portevoix run` starts it, on a morning of November 2016 and with no limit to its rate.

python -m benchmarks.product --api http://127.0.0.1:PORT --folder DIR
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from benchmarks.worker import KEY, MORNING, TOKEN
from bot import app
from bot.commands.running import run_to_end
from bot.logs import configure_logs
from bot.settings import Settings


def settings_of(api: str, folder: Path) -> Settings:
    given = Settings.from_environment(
        {
            "PORTEVOIX_TOKEN": TOKEN,
            "PORTEVOIX_API_BASE": api,
            "PORTEVOIX_DATA": str(folder),
            "PORTEVOIX_DATABASE_KEY": KEY.hex,
            "PORTEVOIX_CLOCK": MORNING.isoformat(),
        }
    )
    # What a rate lets leave is no measure of what a tap costs, and no variable gives more than 1,000.
    return replace(given, rate=None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    configure_logs(logging.ERROR)
    run_to_end(app.run(settings_of(options.api, options.folder)))
