"""A language puts its own space before a colon: where one stands between what is filled in, it is translated too."""

from __future__ import annotations

import re

from locales import FOLDER, TEMPLATES

SAID = re.compile(r"{% trans.*?endtrans %}", re.DOTALL)
BARE = re.compile(r"(?:}}|%}|\0): (?:{{|{%|\0)")


def test_no_colon_stands_beside_what_is_translated() -> None:
    files = sorted({*(FOLDER / "pages").rglob("*.j2"), *TEMPLATES.rglob("*.j2")})
    assert files
    found = [
        f"{each.name}: {hit[0]!r}"
        for each in files
        for hit in BARE.finditer(SAID.sub("\0", each.read_text("utf-8")))
    ]
    assert not found
