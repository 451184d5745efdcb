"""`portevoix canvass …`: files in, stations in order, doors in walks; whatever is wrong with a file is told by line."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from tests.commanding import refusal

HEADER = "id;numero;rep;nom_voie;code_insee;lon;lat"
LYON = "69123_0001_00001;1;;Rue X;69123;4.84;45.76"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["canvass", *words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def read(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(run(capsys, *words, "--json"))


@pytest.fixture
def town(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    run(capsys, "invent", str(tmp_path / "town"), "--addresses", "900")
    return tmp_path / "town"


def fill(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "import-addresses", str(town / "addresses.csv"))
    run(capsys, "import-stations", str(town / "stations.csv"))
    run(capsys, "import-results", str(town / "results.csv"), "--ours", "liste_a")


def test_a_town_is_imported_ranked_and_cut(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(town, capsys)
    rows = [line.split(";") for line in (town / "results.csv").read_text(encoding="utf-8").splitlines()[1:]]
    worth = {
        f"69123_{row[1]}": int(row[2]) * (1 - int(row[3]) / int(row[2])) * int(row[5]) / int(row[4])
        for row in rows
    }
    ranked = read(capsys, "rank")
    assert [each["station"] for each in ranked] == sorted(worth, key=lambda code: -worth[code])
    assert {each["station"]: each["worth"] for each in ranked} == pytest.approx(worth)
    assert "69123_0101" in run(capsys, "rank", "R84")
    assert "No station" in run(capsys, "rank", "13")

    told = run(capsys, "cut", "69")
    assert told.startswith("900 doors of 2 stations in 18 walks, 50 each.")
    walks = read(capsys, "walks")
    keys = [
        line.split(";")[0] for line in (town / "addresses.csv").read_text(encoding="utf-8").splitlines()[1:]
    ]
    assert Counter(door for walk in walks for door in walk["doors"]) == Counter(keys)
    assert all(0.8 * 50 <= len(walk["doors"]) <= 1.2 * 50 and walk["metres"] > 0 for walk in walks)

    # On paper, numbered, in the campaign's language or another.
    paper = town / "walk.pdf"
    told = run(capsys, "sheet", "69123_0101-1", "--out", str(paper))
    assert "Sheet 1 of walk 69123_0101-1" in told
    assert "destroy it by 2016-11-30" in told
    assert paper.read_bytes().startswith(b"%PDF")
    assert "Sheet 2" in run(capsys, "sheet", "69123_0101-1", "--out", str(paper), "--language", "en")
    assert "There is no walk 69123_0101-99" in refusal(
        capsys, "canvass", "sheet", "69123_0101-99", "--out", str(paper)
    )
    assert "speaks fr, en" in refusal(
        capsys, "canvass", "sheet", "69123_0101-1", "--out", str(paper), "--language", "de"
    )

    # Again, in another order and compressed: nothing doubles, nothing moves.
    lines = (town / "addresses.csv").read_text(encoding="utf-8").splitlines()
    (town / "again.csv.gz").write_bytes(gzip.compress("\n".join([lines[0], *lines[:0:-1]]).encode()))
    assert "0 new, 0 changed, 900 as they were" in run(capsys, "import-addresses", str(town / "again.csv.gz"))
    run(capsys, "import-stations", str(town / "stations.csv"))
    run(capsys, "cut", "69123")
    assert read(capsys, "walks") == walks
    assert len(read(capsys, "walks", "69123_0101")) == 9
    for command in ("cut", "walks"):
        assert "There is no station 69123_9999: those of 69123 are 69123_0101, 69123_0102." in refusal(
            capsys, "canvass", command, "69123_9999"
        )
        said = refusal(capsys, "canvass", command, "13055_0101")
        assert "There is no station 13055_0101: 13055 has none; there are some in 69123." in said
        assert "A station is written as 69123_0101." in refusal(capsys, "canvass", command, "XX")


def test_a_dry_run_imports_nothing(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "none was imported so far, which `portevoix canvass import-stations FILE` does." in refusal(
        capsys, "canvass", "walks", "69123_0101"
    )
    assert "900 are new, 0 are known" in run(
        capsys, "import-addresses", str(town / "addresses.csv"), "--dry-run"
    )
    assert "2 are new" in run(capsys, "import-stations", str(town / "stations.csv"), "--dry-run")
    told = run(
        capsys, "import-results", str(town / "results.csv"), "--ours", "liste_a", "liste_b", "--dry-run"
    )
    assert "Our share is liste_a, liste_b, of exprimes." in told
    assert "900 are new, 0 are known" in run(
        capsys, "import-addresses", str(town / "addresses.csv"), "--dry-run"
    )
    assert "No address belongs to a station of 69" in refusal(capsys, "canvass", "cut", "69")


WRONG = [
    (f"{HEADER}\n{LYON}\n;2;;Rue X;69123;4.84;45.76", "line 3: the id is missing"),
    (
        f"{HEADER}\n{LYON}\na_2;2;;Rue X;69123;-0.12;51.5",
        "line 3: the point 51.5000, -0.1200 is far from Lyon",
    ),
    (f"{HEADER}\na_2;2;;Rue X;69123;45.76;4.84", "latitude and longitude are swapped"),
    (f"{HEADER}\na_2;two;;Rue X;69123;4.84;45.76", "line 2: the number is “two”"),
    (f"{HEADER}\na_2;2;;;69123;4.84;45.76", "line 2: the street is missing"),
    (f"{HEADER}\na_2;2;;Rue X;Lyon;4.84;45.76", "line 2: the INSEE code is “0LYON”"),
    (f"{HEADER}\na_2;2;;Rue X;69123;x;45.76", "line 2: the longitude is “x”"),
    (f"{HEADER}\na_2;2;;Rue X;69123", "line 2: it has 5 cells where the first line has 7"),
    (f"{HEADER}\n<b>;2;;Rue X;69123;4.84;45.76", "line 2: the id is “<b>”"),
    ("a;b\n1;2", "has no column “id”, “numero”, “nom_voie”, “code_insee”, “lon”, “lat”"),
    ("", "is empty"),
    ("hello", "has no comma, semicolon or tab"),
    ("PK\x03\x04", "is a spreadsheet or an archive"),
    ("a\x00b", "is not text"),
]


@pytest.mark.parametrize(("content", "told"), WRONG)
def test_a_wrong_file_is_told_by_its_lines_and_not_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, told: str
) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(content, encoding="utf-8")
    assert main(["canvass", "import-addresses", str(file)]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said


def test_whatever_encoding_and_separator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, (encoding, separator) in enumerate((("utf-16", "\t"), ("cp1252", ","), ("utf-8-sig", ";"))):
        text = f"{HEADER}\n{LYON}".replace("Rue X", "Rue de l’Évêché")
        file = tmp_path / f"{number}.csv"
        file.write_bytes(text.replace(";", separator).encode(encoding))
        assert "1 address in 1 commune" in run(capsys, "import-addresses", str(file))
    assert "0 new, 0 changed, 1 as they were" in run(capsys, "import-addresses", str(file))
    cut_off = tmp_path / "cut.csv.gz"
    cut_off.write_bytes(gzip.compress((f"{HEADER}\n" + f"{LYON}\n" * 5000).encode())[:-20])
    assert "etch it again" in refusal(capsys, "canvass", "import-addresses", str(cut_off))
    assert "cannot be read" in refusal(capsys, "canvass", "import-addresses", str(tmp_path / "none.csv"))


def test_stations_of_a_file_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a register the nearest station counts; a place of the primary is known by its name."""
    addresses, stations = tmp_path / "addresses.csv", tmp_path / "stations.csv"
    rows = [f"a_{number};{number};;Rue X;69266;{4.87 + number / 500:.4f};45.77" for number in range(1, 11)]
    addresses.write_text("\n".join([HEADER, *rows, "b_1;1;;Rue Y;69034;4.85;45.79"]), encoding="utf-8")
    stations.write_text(
        "station,commune,name,latitude,longitude,place\n1,69266,École,45.77,4.87,Mairie\n2,69266,,45.77,4.89,\n",
        encoding="utf-8",
    )
    run(capsys, "import-addresses", str(addresses))
    assert "no polling place of that name" in refusal(capsys, "canvass", "import-stations", str(stations))
    places = tmp_path / "places.csv"
    places.write_text("commune;nom;adresse\n69266;Mairie;1 place X\n", encoding="utf-8")
    assert main(["polling-places", "import", str(places), "--yes"]) == 0
    assert "10 addresses belong to the nearest station" in run(capsys, "import-stations", str(stations))
    run(capsys, "cut", "69266", "--doors", "5")
    halves = {walk["station"]: walk["doors"] for walk in read(capsys, "walks")}
    assert halves.keys() == {"69266_0001", "69266_0002"}
    assert sorted(map(len, halves.values())) in ([4, 6], [5, 5])
    assert "No address belongs to a station of 69034" in refusal(capsys, "canvass", "cut", "69034")
    assert "belong to no station" in run(capsys, "import-addresses", str(addresses))


def test_columns_of_results_go_by_title_or_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "results.csv"
    head = "Code du département;Code de la commune;Code du b.vote;Inscrits;Votants;Exprimés;Voix;Voix"
    file.write_text(f"{head}\n69;123;101;1 000;600;590;100;200\nZZ;001;1;5;5;5;1;1\n", encoding="utf-8")
    said = refusal(capsys, "canvass", "import-results", str(file), "--ours", "Voix")
    assert "“Voix” is the title of 2 columns" in said
    assert "such as 7" in said
    assert "no column “Blancs”" in refusal(capsys, "canvass", "import-results", str(file), "--ours", "Blancs")
    told = run(capsys, "import-results", str(file), "--ours", "8")
    assert "1 line left out" in told
    assert "1 station imported" in told
    (ranked,) = read(capsys, "rank")
    assert ranked["station"] == "69123_0101"
    assert (ranked["registered"], ranked["abstention"], ranked["share"]) == (
        1000,
        pytest.approx(0.4),
        200 / 590,
    )
    file.write_text(
        "insee,bureau,inscrits,votants,x\n69123,1,10,11,1\n69123,2,10,9,10\n69123,2,10,9,1\n",
        encoding="utf-8",
    )
    assert main(["canvass", "import-results", str(file), "--ours", "x"]) == 2
    said = capsys.readouterr().err
    assert "line 2: there are more voters than registered (11 and 10)" in said
    assert "line 3: there are more votes for us than votes cast (10 and 9)" in said
    assert "line 4: the station 69123_0002 stands above already" in said
    assert "3 wrong lines: nothing was imported" in said


def test_weights_change_the_order(town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(town, capsys)
    file = tmp_path / "weights.toml"
    file.write_text("registered = 0\nabstention = 0\nshare = 1\n", encoding="utf-8")
    ranked = read(capsys, "rank", "--weights", str(file))
    assert [each["worth"] for each in ranked] == pytest.approx([each["share"] for each in ranked])
    for wrong, told in (
        ("size = 1", "names “size”"),
        ("share = -1", "a number from 0 to 10"),
        ("=", "no TOML"),
    ):
        file.write_text(wrong, encoding="utf-8")
        assert told in refusal(capsys, "canvass", "rank", "--weights", str(file))


def test_the_commands_of_the_docs_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "canvassing.md").read_text(encoding="utf-8")
    weights = re.findall(r"^    (\w+ = [\d.]+)$", page, re.MULTILINE)
    Path("weights.toml").write_text("\n".join(weights), encoding="utf-8")
    commands = re.findall(r"^    portevoix (canvass .+)$", page, re.MULTILINE)
    assert len(commands) >= 12
    assert len(weights) == 3
    for command in commands:
        assert main(shlex.split(command)) == 0, (command, capsys.readouterr().err)


def test_addresses_that_vanished_are_told_and_erased_where_that_is_asked_for(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(town, capsys)
    run(capsys, "cut", "69")
    file = town / "addresses.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:-30]), encoding="utf-8")
    for words in (["--dry-run"], []):
        told = run(capsys, "import-addresses", str(file), "--replace", *words)
        assert "30 addresses of these communes vanished" in told
        assert ("Nothing was imported" if words else "They stay") in told
    assert "30 erased" in run(capsys, "import-addresses", str(file), "--replace", "--yes")
    assert "0 addresses of these communes vanished" in run(capsys, "import-addresses", str(file), "--replace")
    assert sum(len(walk["doors"]) for walk in read(capsys, "walks")) == 870


def test_files_as_the_ministry_publishes_them(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its first line names the columns of one candidate, and each row has those of all; in the Windows encoding."""
    fill(town, capsys)
    file = town / "wide.txt"
    header = (
        "Code du département;Code de la commune;Code du b.vote;Inscrits;Votants;Exprimés;N°Panneau;Nom;Voix"
    )
    rows = [
        "69;123;0101;1000;600;590;1;ÉLAN;200;2;AUTRE;390",
        "69;123;9999;1000;600;590;1;ÉLAN;100;2;AUTRE;490",
    ]
    file.write_bytes("\n".join([header, *rows]).encode("cp1252"))
    told = run(capsys, "import-results", str(file), "--ours", "Voix", "12", "--dry-run")
    assert "2 stations, 1 of them not known before" in told
    assert "No file of stations names these: 69123_9999." in told
    run(capsys, "import-results", str(file), "--ours", "12")
    ranked = {each["station"]: each["share"] for each in read(capsys, "rank")}
    assert ranked["69123_0101"] == pytest.approx(390 / 590)
    assert "2 wrong lines" in refusal(capsys, "canvass", "import-results", str(file), "--ours", "40")
    # A file in UTF-8 with one letter of another encoding is not read as a whole in that one.
    broken = town / "addresses.csv"
    content = broken.read_bytes().replace(b";Rue ", "É;Rue ".encode()[2:] + ";Allée ".encode()[1:], 0)
    accents = content.replace(b"Rue", "Allée".encode())
    broken.write_bytes(accents + "69123_0009_00001;1;;Allée;69123;4.84;45.76\n".encode("cp1252"))
    assert "is in UTF-8 but for a letter on line" in refusal(
        capsys, "canvass", "import-addresses", str(broken)
    )
