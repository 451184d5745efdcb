"""Files of polling places: what is read, and every fault with its line and remedy."""

from __future__ import annotations

from datetime import time

import pytest

from bot import communes
from bot.polling_places.file import PlacesRead, read_file
from bot.rules.polling_places import read_hours, read_surnames
from bot.rules.spreadsheets import UnreadableSheet
from bot.words.vocabulary import vocabulary
from tests.conversation import CAMPAIGN

WORDS = vocabulary("fr").dates
HEADER = "commune,département,nom,adresse,horaires,rues,noms de famille,lat,lon,tour"


def read(text: str, encoding: str = "utf-8") -> PlacesRead:
    return read_file(text.encode(encoding), campaign=CAMPAIGN, gazetteer=communes.load())


def rows(*lines: str, header: str = HEADER) -> str:
    return "\n".join((header, *lines)) + "\n"


def faults(text: str) -> list[str]:
    return [str(fault) for fault in read(text).faults if not fault.warning]


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("latin-1", "Windows-1252"),
        ("cp1252", "Windows-1252"),
        ("utf-16", "UTF-16"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators(encoding: str, told: str, separator: str) -> None:
    text = rows("69123,,École Émile-Zola,1 rue du Chêne,8h-19h,,,,,").replace(",", separator)
    reading = read(text, encoding)
    assert not reading.faults
    (found,) = reading.places
    assert (found.line, found.place.name, found.place.address) == (2, "École Émile-Zola", "1 rue du Chêne")
    assert (found.place.commune, found.place.opens, found.place.closes) == ("69123", time(8), time(19))
    assert (reading.encoding, reading.separator) == (told, separator)


@pytest.mark.parametrize(
    "header",
    [
        "Code INSEE;Bureau de vote;Adresse",
        "INSEE_CODE;Polling place;Address",
        "commune;Name;ADRESSE",
        "\ufeffVille;nom du bureau;Adresse du bureau",
    ],
)
def test_columns_go_by_french_and_english_names(header: str) -> None:
    reading = read(rows("Villeurbanne;Mairie;1 place X".replace("Villeurbanne", "69266"), header=header))
    assert [(new.place.commune, new.place.name) for new in reading.places] == [("69266", "Mairie")]


@pytest.mark.parametrize(
    ("commune", "department", "code"),
    [
        ("Villeurbanne", "", "69266"),
        ("villeurbanne", "69", "69266"),
        ("Saint-Denis", "La Réunion", "97411"),
        ("ST DENIS", "93", "93066"),
        ("2a004", "", "2A004"),
        ("1004", "", "01004"),  # a spreadsheet dropped the zero
        ("Paris 15e", "", "75115"),
        ("Nouméa", "988", "98818"),
    ],
)
def test_communes_are_found_by_code_or_by_name(commune: str, department: str, code: str) -> None:
    reading = read(rows(f"{commune},{department},Mairie,1 place X,,,,,,"))
    assert [new.place.commune for new in reading.places] == [code], reading.faults


FAULTS = [
    # the row, what is said of line 2
    ("Saint-Denis,,Mairie,1 place X,,,,,,", "the name of 4 communes"),
    ("Xyzzyville,,Mairie,1 place X,,,,,,", "there is no commune “Xyzzyville”"),
    ("Villeurbane,,Mairie,1 place X,,,,,,", "write Villeurbanne (69266) if that is meant"),
    ("Villeurbanne,93,Mairie,1 place X,,,,,,", "there is no commune “Villeurbanne” in 93"),
    ("Villeurbanne,Rhone-sur-Mer,Mairie,1 place X,,,,,,", "there is no département"),
    ("99999,,Mairie,1 place X,,,,,,", "there is no commune of INSEE code 99999"),
    (
        "69300,,Mairie,1 place X,,,,,,",
        "INSEE code 69300: it is the postcode of 69034 (Caluire-et-Cuire); look it up",
    ),
    (",,Mairie,1 place X,,,,,,", "the commune is missing"),
    ("69266,,,1 place X,,,,,,", "the name is missing"),
    ("69266,,Mairie,,,,,,,", "the address is missing"),
    (f"69266,,{'M' * 121},1 place X,,,,,,", "has 121 characters"),
    ("69266,,Mairie,1 place X,8h,,,,,", "is not a pair of hours"),
    ("69266,,Mairie,1 place X,8am-7pm,,,,,", "is not a pair of hours"),
    ("69266,,Mairie,1 place X,8h-25h,,,,,", "no time of day"),
    ("69266,,Mairie,1 place X,19h-8h,,,,,", "not after it opens"),
    ("69266,,Mairie,1 place X,,,K-A,,,", "runs backwards: write A-K"),
    ("69266,,Mairie,1 place X,,,everybody,,,", "is not a range of surnames"),
    ("69266,,Mairie,1 place X,,,,45.77,,", "one of latitude and longitude is missing"),
    ("69266,,Mairie,1 place X,,,,north,4.88,", "is not a latitude"),
    ("69266,,Mairie,1 place X,,,,95,4.88,", "from -90 to 90"),
    ("69266,,Mairie,1 place X,,,,nan,4.88,", "is not a latitude"),
    ("69266,,Mairie,1 place X,,,,4.88,45.77,", "not swapped"),
    ("69266,,Mairie,1 place X,,,,,,3", "there is no ballot “3”: write 1 or 2"),
    ("69266,,Mairie,1 place X,,,,,,,left,over", "put quotes around"),
    ('69266,,"Mairie,1 place X,,,,,,', "cannot be read"),
]


@pytest.mark.parametrize(("row", "said"), FAULTS)
def test_a_fault_is_named_with_its_line(row: str, said: str) -> None:
    found = faults(rows(row, "69123,,Mairie,1 place Y,,,,,,"))
    assert len(found) == 1, found
    assert found[0].startswith("line 2: ")
    assert said in found[0]


def test_a_postcode_is_not_taken_for_a_code() -> None:
    """69001 is the first postcode of Lyon, and the INSEE code of Affoux."""
    text = rows("69001;Lyon;Mairie;1 place X", header="insee;commune;nom;adresse")
    assert faults(text) == [
        "line 2: 69001 is the INSEE code of Affoux, not of Lyon: correct one of them (it is no postcode)."
    ]


def test_lines_are_those_of_the_file_whatever_stands_between() -> None:
    text = rows(
        "# a remark", "", '69266,,"Mairie\nannexe",1 place X,,,,,,', "Xyzzyville,,Mairie,1 place X,,,,,,"
    )
    reading = read(text)
    assert [new.place.name for new in reading.places] == ["Mairie annexe"]
    assert [new.line for new in reading.places] == [4]
    assert [fault.line for fault in reading.faults] == [6]


def test_a_place_that_is_there_twice_is_a_fault_with_both_lines() -> None:
    same = "69266,,École,1 place X,,,A-K,,,"
    found = faults(rows(same, "69266,,École,1 place X,,,L-Z,,,", same.replace("École", "ECOLE")))
    assert found == ["line 4: “ECOLE” is the same as on line 2: remove one."]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"commune", "no comma, semicolon or tab"),
        (b"PK\x03\x04", "The file is a workbook"),
        (b"\x00\x01", "is not text"),
        (b"nom;adresse\nMairie;1 place X\n", "names no column “commune”"),
        (b"commune;lieu-dit\nLyon;x\n", "names no column “nom”, “adresse”"),
        (b"commune;nom;adresse\n", "holds no polling place"),
    ],
)
def test_what_is_no_such_file_is_refused_with_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableSheet) as refused:
        read_file(content, campaign=CAMPAIGN, gazetteer=communes.load())
    assert said in refused.value.sentence


def test_what_does_not_stop_the_import_is_a_warning() -> None:
    """A column of another program; a place that closes after the end of the quiet period by the campaign file."""
    reading = read(rows("69123,,Mairie,1 place X,8h-20h,,,,,,x", header=HEADER + ",note"))
    assert not reading.is_broken
    assert [fault.problem for fault in reading.faults] == [
        "column “note” is not known",
        "a place of Lyon closes at 20:00, the campaign file says 19:00",
    ]


@pytest.mark.parametrize(
    ("text", "opens", "closes"),
    [
        ("08:00-19:00", time(8), time(19)),
        ("8h–19h30", time(8), time(19, 30)),
        ("de 8 h à 19 h", time(8), time(19)),
        ("8h30/20h", time(8, 30), time(20)),
        ("from 8:00 to 18:00", time(8), time(18)),
        ("8-19", time(8), time(19)),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, opens: time, closes: time) -> None:
    assert read_hours(text, WORDS) == (opens, closes)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("A-K", "A", "K"),
        ("de A à K", "A", "K"),
        ("L – Z", "L", "Z"),
        ("Noms de Martin à Zola", "MARTIN", "ZOLA"),
        ("from L to Z", "L", "Z"),
        ("Élie – Le Goff", "ELIE", "LE GOFF"),
    ],
)
def test_surnames_are_read_as_people_write_them(text: str, first: str, last: str) -> None:
    assert read_surnames(text, WORDS, named=("noms",)) == (first, last)
