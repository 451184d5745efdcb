"""A département’s addresses, imported, ranked and cut: `python -m benchmarks.canvass [--addresses N]`.

300,000 addresses of 512 communes are invented in the formats of the real files, and each command runs in a process of
its own on an encrypted SQLite: how long it takes by the clock and by the processor, and the most memory it had.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot import communes
from bot.canvass.town import write_towns

ADDRESSES, DEPARTMENT = 300_000, "38"


def invent(folder: Path, addresses: int) -> None:
    """The three files of a département."""
    gazetteer = communes.load()
    every = [commune for code in gazetteer.codes() if (commune := gazetteer.by_code(code)) is not None]
    here = [commune for commune in every if commune.department == DEPARTMENT and commune.parent is None]
    write_towns(folder, communes=here, addresses=max(1, addresses // len(here)))


def measure(name: str, folder: Path, *words: str) -> None:
    """One command: seconds by the clock and by the processor, megabytes."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PORTEVOIX_")},
        "PORTEVOIX_DATA": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "configuration"),
    }
    command = [sys.executable, "-m", "bot.cli", "canvass", *words]
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{name} failed")
    seconds = time.monotonic() - began
    print(
        f"{name:20} {seconds:6.1f} s  processor {used.ru_utime + used.ru_stime:6.1f} s  {used.ru_maxrss / 1024:5.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--addresses", type=int, default=ADDRESSES)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        invent(folder, arguments.addresses)
        measure("import addresses", folder, "import-addresses", str(folder / "addresses.csv"))
        measure("import stations", folder, "import-stations", str(folder / "stations.csv"))
        measure("import results", folder, "import-results", str(folder / "results.csv"), "--ours", "liste_a")
        measure("import again", folder, "import-addresses", str(folder / "addresses.csv"))
        measure("rank", folder, "rank", "--json")
        measure("cut", folder, "cut", DEPARTMENT)


if __name__ == "__main__":
    main()
