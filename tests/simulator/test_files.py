"""Files are served with their type; nothing that could hold a script is ever shown as a page."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from simulator.client import Simulator
from simulator.errors import BotApiError
from simulator.files import picture_size
from simulator.pictures import striped_png
from simulator.server import RunningSimulator


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("meeting.ics", "text/calendar", True),
        ("walk.pdf", "application/pdf", True),
        ("people.csv", "text/csv", True),
        ("é à.txt", "text/plain", True),
        ("page.html", "text/html", False),
        ("drawing.svg", "image/svg+xml", False),
        ("page.xhtml", "application/xhtml+xml", False),
        ("page.xml", "text/xml", False),
        ("run.js", "text/javascript", False),
        ("unknown", "application/octet-stream", False),
    ],
)
async def test_a_document_has_its_type_and_runs_nothing(
    simulator: Simulator, served: RunningSimulator, name: str, kind: str, shown: bool
) -> None:
    ana = await simulator.person("Ana")
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", b"<script>window.attacked = 1</script>", filename=name, content_type=kind)
    sent = await simulator.call("POST", f"/people/{ana.id}/document", data=form)
    document = sent["message"]["document"]
    assert (document["file_name"], document["mime_type"]) == (name, kind)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.base_url}/sim/files/{document['file_id']}") as answer,
    ):
        headers = answer.headers
    assert headers["Content-Type"].partition(";")[0] == kind
    assert headers["Content-Disposition"].startswith("inline; " if shown else "attachment; ")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    if kind != "application/pdf":
        assert headers["Content-Security-Policy"].startswith("sandbox;")


async def test_a_name_with_accents_arrives_as_it_is(simulator: Simulator) -> None:
    ana = await simulator.person("Ana")
    await ana.send_document("é à “x”.txt", b"text")
    (message,) = await ana.messages()
    assert message.document is not None
    assert message.document["file_name"] == "é à “x”.txt"


async def test_a_picture_that_says_it_is_a_page_is_a_picture(
    simulator: Simulator, served: RunningSimulator
) -> None:
    ana = await simulator.person("Ana")
    form = aiohttp.FormData()
    form.add_field("file", striped_png(1), filename="x.html", content_type="text/html")
    sent = await simulator.call("POST", f"/people/{ana.id}/photo", data=form)
    file_id = sent["message"]["photo"][0]["file_id"]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.base_url}/sim/files/{file_id}") as answer,
    ):
        assert answer.headers["Content-Type"] in {"image/png", "image/jpeg"}


@pytest.mark.parametrize(
    "options", [{"quality": 60}, {"lossless": True}, {"quality": 60, "exif": b"Exif\0\0"}], ids=str
)
@pytest.mark.parametrize("size", [(1, 7), (90, 320), (1000, 51)])
def test_every_webp_has_its_size(size: tuple[int, int], options: dict[str, Any]) -> None:
    """Plain (VP8), lossless (VP8L) and extended (VP8X)."""
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, "WEBP", **options)
    content = written.getvalue()
    assert content[12:16] in {b"VP8 ", b"VP8L", b"VP8X"}
    assert picture_size(content) == size


def test_a_broken_webp_is_refused() -> None:
    for kind in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH"):
        with pytest.raises(BotApiError, match="IMAGE_PROCESS_FAILED"):
            picture_size(b"RIFF\0\0\0\0WEBP" + kind + bytes(40) if kind != b"VP8X" else b"RIFF")
