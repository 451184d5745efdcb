"""A revision is written from what changed in the schema."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from db.upgrade import revisions

ROOT = Path(__file__).parent.parent.parent


def test_a_column_becomes_the_next_revision(tmp_path: Path) -> None:
    """In a copy of `db`: what is written there climbs from the last revision, and descends."""
    shutil.copytree(ROOT / "db", tmp_path / "db", ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "db" / "schema" / "series.py"
    before = table.read_text(encoding="utf-8")
    marked = before.replace("    row_id(),\n", '    row_id(),\n    sa.Column("nickname", sa.String(8)),\n', 1)
    assert marked != before
    table.write_text(marked, encoding="utf-8")
    versions = tmp_path / "db" / "migrations" / "versions"
    known = set(versions.iterdir())
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    revise = [sys.executable, "-m", "db.migrations.revise", "add a nickname"]
    done = subprocess.run(revise, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (written,) = set(versions.iterdir()) - known - {versions / "__pycache__"}
    last = revisions()[-1]
    assert written.name == f"{int(last) + 1:04}_add_a_nickname.py"
    text = written.read_text(encoding="utf-8")
    assert f'down_revision = "{last}"' in text
    upwards, downwards = text.split("def downgrade")
    assert "add_column" in upwards.split("def upgrade")[1]
    assert "nickname" in upwards
    assert 'drop_column("nickname")' in downwards
