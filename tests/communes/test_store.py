import sys
import zipfile
from pathlib import Path

import pytest

from bot.communes import SHIPPED, UPDATED_NAME, load
from bot.communes.errors import GazetteerUnreadable
from bot.communes.store import header_of, pack, read_table, unpack


def test_the_shipped_file_says_where_it_comes_from() -> None:
    header = header_of(SHIPPED.read_bytes())
    assert header["vintage"]
    assert {source["licence"] for source in header["sources"]} == {"Licence Ouverte 2.0", "CC BY 4.0"}


def test_the_data_takes_less_than_three_megabytes_in_a_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "data.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in SHIPPED.parent.iterdir():
            archive.write(path, path.name)
    assert wheel.stat().st_size < 3_000_000


def test_what_is_packed_is_unpacked() -> None:
    data = SHIPPED.read_bytes()
    assert pack(unpack(data), header_of(data)["sources"]) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"not json\n",
        b'{"format":99}\n',
        b'{"format":1}\n',
        b'{"format":1,"vintage":"2026","departments":[],"regions":[],"columns":[["codes",5]]}\n01001',
        b'{"format":1,"columns":[["codes","five"]]}\n01001',
    ],
)
def test_a_damaged_file_says_what_to_do(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "communes.bin"
    path.write_bytes(data)
    with pytest.raises(GazetteerUnreadable, match="portevoix communes update"):
        read_table(path)


def test_a_file_cut_short_is_refused() -> None:
    data = SHIPPED.read_bytes()
    with pytest.raises(GazetteerUnreadable):
        unpack(data[:-2])


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(GazetteerUnreadable, match="reinstall"):
        read_table(tmp_path / "none.bin")


def test_an_unreadable_update_does_not_stop_the_bot(tmp_path: Path) -> None:
    (tmp_path / UPDATED_NAME).write_bytes(b"half a fi")
    assert len(load(tmp_path)) == len(load())


def test_a_process_reads_it_once() -> None:
    assert load() is load()


def test_numbers_are_stored_little_endian_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    table = read_table(SHIPPED)
    here = pack(table, [])
    monkeypatch.setattr(sys, "byteorder", "big" if sys.byteorder == "little" else "little")
    elsewhere = pack(table, [])
    assert here != elsewhere
    assert unpack(elsewhere).populations == table.populations


def test_folders_without_a_gazetteer_of_their_own_share_the_shipped_one(tmp_path: Path) -> None:
    """Twenty megabytes and more: a process that sees many folders, as tests do, would keep as many of them."""
    (tmp_path / "other").mkdir()
    assert load(tmp_path) is load(tmp_path / "other") is load()
