"""Write a revision from what changed in `db/schema`: `python -m db.migrations.revise "add teams"`.

With `--first`, before the first release: forget all revisions and write the whole schema as 0001 again. Read
what was written before you commit it: a renamed column is seen as one dropped and one added.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from db.engine import Database, open_database
from db.upgrade import config, revisions, upgrade

VERSIONS = Path(__file__).parent / "versions"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message", help="what the revision does, in the imperative")
    parser.add_argument("--first", action="store_true", help="replace every revision by one")
    options = parser.parse_args()
    if options.first:
        for file in VERSIONS.glob("[0-9]*.py"):
            file.unlink()
    number = f"{len(revisions()) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_revise(Path(folder), number, options.message))
    for action in (["format"], ["check", "--fix"]):
        subprocess.run([sys.executable, "-m", "ruff", *action, str(VERSIONS)], check=True)


async def _revise(folder: Path, number: str, message: str) -> None:
    """Compare the schema with a database at the latest revision; any engine shows the same differences."""
    database = await open_database(f"sqlite+aiosqlite:///{folder / 'revise.db'}", folder=folder)
    try:
        if revisions():
            await upgrade(database)
        await _write(database, number, message)
    finally:
        await database.close()


async def _write(database: Database, number: str, message: str) -> None:
    async with database.migrate() as connection:
        await connection.run_sync(
            lambda sync: command.revision(config(sync), message, autogenerate=True, rev_id=number)
        )


if __name__ == "__main__":
    main()
