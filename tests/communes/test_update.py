"""The update, against a loopback stand-in for the official service with a country of three communes."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import bot.communes.update
from bot.communes import UPDATED_NAME, load
from bot.communes.errors import UpdateFailed
from bot.communes.store import header_of, pack
from bot.communes.update import update
from bot.rules.communes.table import Area, CommuneRow, FormerName, build_table

TODAY = date(2026, 11, 24)
LYON = {
    "code": "69123",
    "nom": "Lyon",
    "codesPostaux": ["69001", "69002"],
    "population": 520_000,
    "centre": {"type": "Point", "coordinates": [4.8351, 45.758]},
}
LYON_3E = {
    "code": "69383",
    "nom": "Lyon 3e Arrondissement",
    "codesPostaux": ["69003"],
    "population": 100_000,
    "centre": {"type": "Point", "coordinates": [4.8562, 45.7534]},
}
OULLINS_PIERRE_BENITE = {
    "code": "69149",
    "nom": "Oullins-Pierre-Bénite",
    "codesPostaux": ["69600", "69310"],
    "population": 38_000,
    "centre": {"type": "Point", "coordinates": [4.8101, 45.7131]},
}
FORMER = [{"nom": "Pierre-Bénite", "code": "69152", "chefLieu": "69149"}]


@contextmanager
def official_service(communes: Any, former: Any = FORMER, status: int = 200) -> Iterator[str]:
    """A service that answers with these lists, as JSON or, for bytes, as they are."""

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = communes if self.path.startswith("/communes?") else former
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(404 if answer is None else status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Keep the test's output quiet."""

    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose gazetteer has Lyon, its third arrondissement and Oullins before its merger."""

    def place(code: str, name: str, postcode: str, population: int) -> CommuneRow:
        return CommuneRow(
            code=code,
            name=name,
            postcodes=(postcode,),
            population=population,
            latitude=45.7,
            longitude=4.8,
            approximate=True,
        )

    table = build_table(
        places=[
            place("69123", "Lyon", "69001", 500_000),
            place("69383", "Lyon 3e", "69003", 99_000),
            place("69149", "Oullins", "69600", 26_000),
        ],
        former=[FormerName(name="Vaise", code="69123")],
        departments={"69": Area(code="69", name="Rhône", region="84")},
        regions={"84": Area(code="84", name="Auvergne-Rhône-Alpes", region="84")},
        foreign=(),
        vintage="2016",
    )
    (tmp_path / UPDATED_NAME).write_bytes(pack(table, []))
    return tmp_path


def test_an_update_brings_mergers_and_true_centres(folder: Path) -> None:
    assert load(folder).search("Pierre-Bénite").results == ()
    with official_service([LYON, LYON_3E, OULLINS_PIERRE_BENITE]) as url:
        done = update(folder, today=TODAY, url=url)
    assert (done.communes, done.added, done.removed, done.approximate) == (3, 0, 0, 0)
    assert done.former_names_read
    gazetteer = load(folder)
    assert gazetteer.vintage == "2026-11-24 (geo.api.gouv.fr)"
    lyon = gazetteer.by_code("69123")
    assert lyon is not None
    assert (lyon.latitude, lyon.longitude, lyon.approximate) == (45.758, 4.8351, False)
    assert lyon.postcodes == ("69001", "69002")
    found = gazetteer.search("pierre benite").results[0]
    assert (found.name, found.matched_name) == ("Oullins-Pierre-Bénite", "Pierre-Bénite")
    third = gazetteer.by_code("69383")
    assert third is not None
    assert (third.name, third.parent) == ("Lyon 3e", "69123")
    header = header_of((folder / UPDATED_NAME).read_bytes())
    assert header["sources"][-1]["licence"] == "Licence Ouverte 2.0"


def test_what_the_service_leaves_out_is_kept(folder: Path) -> None:
    bare = {"code": "69123", "nom": "Lyon"}
    with official_service([bare, LYON_3E, OULLINS_PIERRE_BENITE], former=None) as url:
        done = update(folder, today=TODAY, url=url)
    assert not done.former_names_read
    assert done.approximate == 1
    lyon = load(folder).by_code("69123")
    assert lyon is not None
    assert (lyon.postcodes, lyon.population, lyon.approximate) == (("69001",), 500_000, True)
    assert load(folder).search("vaise").results[0].code == "69123"


def test_a_second_update_names_its_source_once(folder: Path) -> None:
    with official_service([LYON, LYON_3E, OULLINS_PIERRE_BENITE]) as url:
        update(folder, today=TODAY, url=url)
        update(folder, today=TODAY, url=url)
    assert len(header_of((folder / UPDATED_NAME).read_bytes())["sources"]) == 1


@pytest.mark.parametrize(
    ("communes", "status", "reason"),
    [
        ([LYON], 200, "only 1 of the 3"),  # not the whole list
        ([], 200, "only 0 of the 3"),
        ({"erreur": "maintenance"}, 200, "did not answer with a list"),
        (b"<html>", 200, "did not answer with a list"),
        (b"\xff\xfe", 200, "did not answer with a list"),
        ([{"code": "69123"}], 200, "unreadable commune"),
        (["69123"], 200, "unreadable commune"),
        ([LYON | {"centre": {"coordinates": ["east", "north"]}}], 200, "unreadable commune"),
        ([LYON | {"centre": {"coordinates": [float("nan"), 45.7]}}], 200, "unreadable commune"),
        ([LYON | {"centre": {"coordinates": [4.8, 145.7]}}], 200, "unreadable commune"),
        ([LYON | {"population": -1}], 200, "unreadable commune"),
        ([LYON | {"population": float("inf")}], 200, "unreadable commune"),
        ([LYON | {"nom": None}], 200, "unreadable commune"),
        ([LYON | {"nom": "Lyon\nParis"}], 200, "unreadable commune"),
        ([LYON | {"nom": "?!"}], 200, "unreadable commune"),
        ([LYON | {"code": 69123}], 200, "unreadable commune"),
        ([LYON | {"code": "6912"}], 200, "unreadable commune"),
        ([LYON | {"codesPostaux": ["69 001"]}], 200, "unreadable commune"),
        ([LYON | {"codesPostaux": 69001}], 200, "unreadable commune"),
        (b"[" * 100_000, 200, "did not answer with a list"),
        ([LYON], 500, "Internal Server Error"),
    ],
)
def test_a_bad_answer_changes_nothing(folder: Path, communes: Any, status: int, reason: str) -> None:
    before = (folder / UPDATED_NAME).read_bytes()
    with official_service(communes, status=status) as url, pytest.raises(UpdateFailed, match=reason):
        update(folder, today=TODAY, url=url)
    assert (folder / UPDATED_NAME).read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [UPDATED_NAME]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "not a url", "file:///etc", "http://[::1"])
def test_an_unreachable_service_changes_nothing(folder: Path, url: str) -> None:
    before = (folder / UPDATED_NAME).read_bytes()
    with pytest.raises(UpdateFailed, match="nothing was changed, try again later"):
        update(folder, today=TODAY, url=url)
    assert (folder / UPDATED_NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "timed out"),  # the connection is accepted, and nothing comes
        (b"HTTP/1.1 200 OK\r\n\r\n[", "timed out"),  # it begins, and stops
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]", "cut short"),
        (b"SSH-2.0-OpenSSH\r\n", "cannot be read"),
    ],
)
def test_a_service_that_falls_silent_changes_nothing(folder: Path, answer: bytes, reason: str) -> None:
    before = (folder / UPDATED_NAME).read_bytes()
    closes = reason != "timed out"
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)
                if not closes:
                    done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with pytest.raises(UpdateFailed, match=reason):
                update(folder, today=TODAY, url=f"http://127.0.0.1:{server.getsockname()[1]}", timeout_s=0.3)
        finally:
            done.set()
            thread.join()
    assert (folder / UPDATED_NAME).read_bytes() == before


def test_an_endless_answer_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.communes.update, "LARGEST_ANSWER", 1_000)
    with (
        official_service(b" " * 100_000) as url,
        pytest.raises(UpdateFailed, match="does not end"),
    ):
        update(folder, today=TODAY, url=url)


def test_what_is_left_of_an_update_that_was_killed_does_not_count(folder: Path) -> None:
    (folder / f"{UPDATED_NAME}.new").write_bytes(b"half a fi")
    assert load(folder).search("Lyon").results[0].code == "69123"
    with official_service([LYON, LYON_3E, OULLINS_PIERRE_BENITE]) as url:
        update(folder, today=TODAY, url=url)
    assert [path.name for path in folder.iterdir()] == [UPDATED_NAME]
    assert load(folder).search("Oullins-Pierre-Bénite").confident


def test_former_names_that_are_not_whole_are_not_taken(folder: Path) -> None:
    with official_service([LYON, LYON_3E, OULLINS_PIERRE_BENITE], former=[{"nom": "?"}, 7]) as url:
        assert not update(folder, today=TODAY, url=url).former_names_read
    assert load(folder).search("vaise").results[0].code == "69123"


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    (folder / f"{UPDATED_NAME}.new").mkdir()  # the scratch file's name is taken
    with (
        official_service([LYON, LYON_3E, OULLINS_PIERRE_BENITE]) as url,
        pytest.raises(UpdateFailed, match="cannot be written"),
    ):
        update(folder, today=TODAY, url=url)
