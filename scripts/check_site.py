"""Reads a built site: whether a page would load something from elsewhere, and whether a link within it leads nowhere.

python scripts/check_site.py FOLDER
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""What a browser fetches by itself; a link to read (`<a>`) may lead anywhere."""
NOT_LOADED = frozenset({"canonical", "next", "prev", "edit", "alternate"})
"""Links of a page's head that are only said."""
STYLE_LOADS = re.compile(r"url\(\s*[\"']?([^\"')]+)")


class Page(HTMLParser):
    """What a page loads, where it links to, and the places in it that can be linked to."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.places.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in LOADED and given.get(LOADED[tag]) and given.get("rel") not in NOT_LOADED:
            self.loads.append(given[LOADED[tag]])


def read(file: Path) -> Page:
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def faults_in(folder: Path) -> list[str]:
    """Each fault, with the page that has it."""
    pages = {file.resolve(): read(file) for file in sorted(folder.rglob("*.html"))}
    found = []
    for file, page in pages.items():
        if file.name == "404.html":
            continue  # served under any address: its links begin at the site's root
        name = file.relative_to(folder.resolve())
        found += [f"{name} loads {target}" for target in page.loads if is_elsewhere(target)]
        found += [
            f"{name} links to {target}: {why}" for target in page.links if (why := lost(target, file, pages))
        ]
    for file in sorted(folder.rglob("*.css")):
        styles = STYLE_LOADS.findall(file.read_text(encoding="utf-8"))
        found += [f"{file.relative_to(folder)} loads {target}" for target in styles if is_elsewhere(target)]
    return found


def is_elsewhere(target: str) -> bool:
    parts = urlsplit(target)
    return bool(parts.netloc or parts.scheme not in ("", "data"))


def lost(target: str, file: Path, pages: dict[Path, Page]) -> str | None:
    """Why a link within the site leads nowhere; None where it leads somewhere, or out of it."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    aim = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if aim.is_dir():
        aim /= "index.html"
    if not aim.exists():
        return "there is no such page"
    if parts.fragment and aim in pages and unquote(parts.fragment) not in pages[aim].places:
        return "there is no such place on it"
    return None


def main() -> int:
    folder = Path(sys.argv[1])
    faults = faults_in(folder)
    print(
        "\n".join(faults)
        or f"{len(list(folder.rglob('*.html')))} pages, every link leads somewhere, nothing from elsewhere."
    )
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
