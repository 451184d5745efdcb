"""The processes of the tests: what is forked ends, is killed, reads and writes as what is started from nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.forking import Forked, begin, child_environment


def run(folder: Path, *arguments: str, environment: dict[str, str]) -> Forked:
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        return begin("bot.cli", *arguments, environment=child_environment(environment), out=out, err=err)


async def test_its_end_its_words_and_its_settings_are_its_own(tmp_path: Path) -> None:
    before = dict(os.environ)
    good = run(tmp_path, "db", "upgrade", environment={"PORTEVOIX_DATA": str(tmp_path / "data")})
    assert await good.wait() == good.returncode == 0, (tmp_path / "err").read_text()
    assert (tmp_path / "data").is_dir()
    bad = run(tmp_path, "check", environment={"PORTEVOIX_CAMPAIGN": str(tmp_path / "nowhere")})
    assert await bad.wait() == 2
    assert (tmp_path / "out").read_text() == ""
    assert (tmp_path / "err").read_text().startswith("portevoix: ")
    assert os.environ == before


async def test_what_is_killed_is_gone_and_the_next_one_begins_anew(tmp_path: Path) -> None:
    killed = run(tmp_path, "check", environment={})
    killed.kill()
    assert await killed.wait() == -signal.SIGKILL
    killed.kill()  # nobody else is hit
    assert await run(tmp_path, "--version", environment={}).wait() == 0
    assert (tmp_path / "out").read_text().startswith("portevoix ")
