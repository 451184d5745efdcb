"""scripts/audit: what is known is told, and what could not be looked up is not taken for sound."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

SOUND = {"name": "jinja2", "version": "3.1.6", "vulns": []}
VULNERABLE = {
    "name": "yarl",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "tdjson", "skip_reason": "not found"}


def audited(
    folder: Path, report: list[dict[str, Any]] | None, status: int, *options: str
) -> subprocess.CompletedProcess[str]:
    """scripts/audit with a stand-in that writes this report (None: none, as where nothing is reached)."""
    program = folder / "pip-audit"
    content = "" if report is None else json.dumps({"dependencies": report, "fixes": []})
    (folder / "report").write_text(content)
    program.write_text(
        "#!/bin/sh\n"
        'while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done\n'
        f"cat '{folder}/report' > \"$out\"\n"
        "echo 'requests.exceptions.ConnectionError: no way' >&2\n"
        f"exit {status}\n"
    )
    program.chmod(0o755)
    return subprocess.run(
        ["scripts/audit", *options],
        env={**os.environ, "PORTEVOIX_PIP_AUDIT": str(program)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("report", "status", "options", "expected", "said"),
    [
        ([SOUND], 0, (), 0, "1 packages audited, 0 with"),
        ([SOUND, VULNERABLE], 1, (), 1, "yarl 1.0: PYSEC-1, mended in 1.1"),
        # Nothing reached: a warning, and an error for who insists.
        (None, 1, (), 0, "not complete"),
        (None, 1, ("--strict",), 3, "ConnectionError: no way"),
        # pip-audit itself calls this sound.
        ([SOUND, UNKNOWN], 0, (), 0, "not complete"),
        ([SOUND, UNKNOWN], 0, ("--strict",), 3, "1 that the advisory service does not know: tdjson"),
        ([VULNERABLE, UNKNOWN], 1, ("--strict",), 1, "PYSEC-1"),
        ([SOUND], 0, ("--what",), 2, "usage"),
    ],
)
def test_the_status_tells_what_is_known(
    tmp_path: Path,
    report: list[dict[str, Any]] | None,
    status: int,
    options: tuple[str, ...],
    expected: int,
    said: str,
) -> None:
    finished = audited(tmp_path, report, status, *options)
    assert finished.returncode == expected, finished.stderr
    assert said in finished.stdout + finished.stderr
