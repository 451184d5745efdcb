"""Of which Python the scripts make their environment: `scripts/_environment`, among stand-ins for Pythons."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest


class Python(NamedTuple):
    """What a Python of this machine says of itself."""

    recent: bool = True
    brings_pip: bool = True
    has_pip: bool = True


# What it is asked, in the order of the script: its version, what Debian leaves out, whether it has pip.
STAND_IN = """#!/bin/bash
case "$*" in
    *version_info*) {recent} ;;
    "-c import ensurepip") {brings_pip} ;;
    "-m pip --version") {has_pip} ;;
    "-m venv"*) mkdir -p "${{@: -1}}/bin" && echo "{name} $*" >>"$TOLD" ;;
    "-m pip --python"*) echo "{name} $*" >>"$TOLD" ;;
    *) exit 3 ;;
esac
"""
NO_PYTHON = Python(recent=False)
OF_DEBIAN = Python(brings_pip=False, has_pip=False)


def made(folder: Path, pythons: Mapping[str, Python], named: str = "") -> tuple[list[str], str]:
    """What each Python was told to do, and what the script said."""
    given = dict.fromkeys(
        ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"), NO_PYTHON
    )
    for name, python in {**given, **pythons}.items():
        said = {field: str(value).lower() for field, value in python._asdict().items()}
        (folder / name).write_text(STAND_IN.format(name=name, **said))
        (folder / name).chmod(0o700)
    told = folder / "told"
    ended = subprocess.run(
        ["bash", "-c", f'. scripts/_environment; new_environment "{folder}/an environment"'],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "TOLD": str(told), "PYTHON": named},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode == 0) == (folder / "an environment").exists()
    did = told.read_text().replace(str(folder), "").splitlines() if told.exists() else []
    return did, ended.stderr


@pytest.mark.parametrize(
    ("pythons", "did"),
    [
        # The newest is taken.
        ({"python3": Python(), "python3.13": Python()}, ["python3.13 -m venv /an environment"]),
        # Debian's, which has no pip to give: that of the next one fills the environment.
        (
            {"python3.13": OF_DEBIAN, "python3": Python()},
            [
                "python3.13 -m venv --without-pip /an environment",
                "python3 -m pip --python /an environment/bin/python install --quiet --disable-pip-version-check pip",
            ],
        ),
    ],
)
def test_the_newest_python_is_taken(pythons: dict[str, Python], did: list[str], tmp_path: Path) -> None:
    assert made(tmp_path, pythons) == (did, "")


def test_the_python_that_is_named_is_taken(tmp_path: Path) -> None:
    pythons = {"python3.13": Python(), "python3.11": Python()}
    assert made(tmp_path, pythons, named="python3.11") == (["python3.11 -m venv /an environment"], "")


def test_an_old_python_is_refused_and_none_is_taken_in_its_place(tmp_path: Path) -> None:
    did, said = made(tmp_path, {"python3.13": Python()}, named="python3.11")
    assert did == []
    assert said == "Portevoix needs Python 3.11 or newer with pip: install both, or set PYTHON to one.\n"
