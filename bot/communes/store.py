"""The gazetteer's file: a line of JSON (what is inside, sources, licences), then the columns.

The columns are not compressed, for a process is ready sooner: the wheel compresses the file to half.
"""

from __future__ import annotations

import json
import sys
from array import array
from pathlib import Path
from typing import Any

from bot.communes.errors import GazetteerUnreadable
from bot.communes.lines import Lines
from bot.rules.communes.table import Area, CommuneTable

FORMAT = 1
_ARRAYS = {
    "owners": "H",
    "ranks": "H",
    "by_rank": "H",
    "postcode_starts": "I",
    "postcode_places": "H",
    "populations": "I",
    "latitudes": "i",
    "longitudes": "i",
    "key_starts": "I",
    "entries": "H",
    "name_starts": "I",
    "name_keys": "H",
    "skeleton_names": "H",
    "gram_starts": "I",
    "postings": "H",
    "cells": "i",
    "cell_places": "H",
    "foreign_places": "H",
}
_TEXTS = (
    "codes",
    "names",
    "postcodes",
    "postcode_index",
    "keys",
    "skeletons",
    "grams",
    "foreign_keys",
    "foreign_labels",
)
# What is read of the few places that a search has found; what it goes through itself is cut beforehand.
_OF_WHAT_IS_FOUND = frozenset({"codes", "names", "postcodes", "postcode_index", "foreign_labels"})


def pack(table: CommuneTable, sources: list[dict[str, str]]) -> bytes:
    """The file's bytes, the same for the same table. `sources` are shown to whoever opens the file."""
    columns: dict[str, bytes] = {"approximate": table.approximate}
    for name in _TEXTS:
        columns[name] = "\n".join(getattr(table, name)).encode()
    for name in _ARRAYS:
        columns[name] = _little_endian(getattr(table, name)).tobytes()
    header = {
        "format": FORMAT,
        "vintage": table.vintage,
        "sources": sources,
        "departments": [[area.code, area.name, area.region] for area in table.departments.values()],
        "regions": [[area.code, area.name] for area in table.regions.values()],
        "columns": [[name, len(columns[name])] for name in columns],
    }
    first_line = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return first_line + b"\n" + b"".join(columns.values())


def header_of(data: bytes) -> dict[str, Any]:
    """The first line of the file as a dictionary; raises `GazetteerUnreadable`."""
    try:
        header = json.loads(data[: data.index(b"\n")])
        if header["format"] == FORMAT:
            return dict(header)
    except (ValueError, KeyError, TypeError):
        pass  # Whatever is wrong with the line, the remedy is the same.
    raise GazetteerUnreadable


def unpack(data: bytes) -> CommuneTable:
    """The table in a file's bytes; raises `GazetteerUnreadable` if they are damaged or of another format."""
    header = header_of(data)
    try:
        blob = memoryview(data)[data.index(b"\n") + 1 :]
        columns: dict[str, memoryview] = {}
        start = 0
        for name, size in header["columns"]:
            columns[name] = blob[start : start + size]
            start += size
        if start != len(blob):
            raise ValueError(f"{len(blob)} bytes, {start} announced")
        values: dict[str, Any] = {
            name: Lines(bytes(columns[name]))
            if name in _OF_WHAT_IS_FOUND
            else str(columns[name], "utf-8").split("\n")
            for name in _TEXTS
        }
        for name, typecode in _ARRAYS.items():
            values[name] = _little_endian(array(typecode, columns[name].tobytes()))
        values["approximate"] = columns["approximate"].tobytes()
    except (ValueError, KeyError, TypeError) as error:
        raise GazetteerUnreadable from error
    departments = {
        code: Area(code=code, name=name, region=region) for code, name, region in header["departments"]
    }
    regions = {code: Area(code=code, name=name, region=code) for code, name in header["regions"]}
    return CommuneTable(vintage=header["vintage"], departments=departments, regions=regions, **values)


def read_table(path: Path) -> CommuneTable:
    """The table in the file at `path`; raises `GazetteerUnreadable` if it is missing or damaged."""
    try:
        return unpack(path.read_bytes())
    except OSError as error:
        raise GazetteerUnreadable from error


def _little_endian(numbers: array[int]) -> array[int]:
    """Numbers in the order of bytes that the file has on every machine."""
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers
