"""What every page of the web part shares: files kept for good, headers that let nothing in, and the page not found."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from bot.rules.reading_language import language_asked
from bot.web.app import make_web
from bot.web.site import STATIC, Site, static_url
from tests.conversation import CAMPAIGN

HOME = Path(__file__).resolve().parents[2]

LIKED = {
    "": "fr",
    "en": "en",
    "en-US,en;q=0.9": "en",
    "de,en;q=0.4,fr;q=0.6": "fr",
    "fr;q=0,en;q=0.1": "en",
    "en;q=nonsense,fr;q=0.1": "fr",
    "fr;q=7,en;q=0.2": "en",
    "de, es": "fr",
    "," * 5000: "fr",
}


@pytest.mark.parametrize("accept", LIKED)
def test_a_page_is_in_the_language_that_a_browser_likes_best(accept: str) -> None:
    assert language_asked(accept, ("fr", "en")) == LIKED[accept]


@pytest.fixture
async def browser() -> httpx.AsyncClient:
    async def nothing() -> dict[str, object]:
        return {"ok": True, "why": []}

    async def no_metrics() -> str:
        return ""

    web = make_web(health=nothing, metrics=no_metrics, site=Site(CAMPAIGN, address=None))
    return httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://127.0.0.1")


async def test_what_is_not_there_is_said_in_the_readers_language(browser: httpx.AsyncClient) -> None:
    for language, said in (("fr", "Page introuvable"), ("en", "Page not found")):
        for path in ("/nowhere", "/static/x/../../app.py", "/static/x/%2e%2e/site.py", "/static/x/"):
            answer = await browser.get(path, headers={"accept-language": language})
            assert answer.status_code == 404, path
            assert said in answer.text
            assert f'<html lang="{language}">' in answer.text
            assert "inline" not in answer.headers["content-security-policy"]
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert "set-cookie" not in answer.headers


async def test_files_are_kept_for_good_under_the_hash_of_what_stands_in_them(
    browser: httpx.AsyncClient,
) -> None:
    url = static_url("site.css")
    for encoding in ("gzip", "identity"):
        answer = await browser.get(url, headers={"accept-encoding": encoding})
        assert answer.text == (STATIC / "site.css").read_text()
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers.get("content-encoding", "identity") == encoding
    # Another hash is that of another version: it would be kept under it for a year.
    assert (await browser.get(f"/static/{'0' * 12}/site.css")).status_code == 404


def test_no_file_needs_anything_from_elsewhere() -> None:
    elsewhere = re.compile(r"""(?:src|href)=["']?https?://|url\(["']?(?:https?:)?//|@import""")
    for file in (file for file in STATIC.rglob("*") if file.suffix in {".css", ".js", ".svg"}):
        assert not elsewhere.search(file.read_text()), file


def test_what_is_shipped_of_others_is_what_was_pinned() -> None:
    pinned = (STATIC.parent / "vendored" / "sha256").read_text().splitlines()
    files = dict(reversed(line.split("  ")) for line in pinned)
    shipped = {*STATIC.glob("vendor/*.js"), *Path("tests/web/vendor").glob("*.js")}
    assert {str(file.relative_to(HOME)) for file in map(Path.resolve, shipped)} == files.keys()
    for name, digest in files.items():
        file = HOME / name
        assert sha256(file.read_bytes()).hexdigest() == digest, f"run scripts/assets: {name}"
        assert file.with_name(f"{file.name.split('.')[0]}.LICENSE").exists()
