"""Write a revision from what changed in `db/schema`: `python -m db.migrations.revise "add teams"`.

Read what was written before you commit it: a renamed column is seen as one dropped and one added.
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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_revise(Path(folder), options.message))
    for action in (["format"], ["check", "--fix"]):
        subprocess.run([sys.executable, "-m", "ruff", *action, str(VERSIONS)], check=True)


async def _revise(folder: Path, message: str) -> None:
    """Compare the schema with a database at the latest revision; any engine shows the same differences."""
    database = await open_database(f"sqlite+aiosqlite:///{folder / 'revise.db'}", folder=folder)
    latest = revisions()[-1]
    try:
        await upgrade(database, to=latest)  # climbed: an empty one would be made by the schema itself
        await _write(database, f"{int(latest) + 1:04}", message)
    finally:
        await database.close()


async def _write(database: Database, number: str, message: str) -> None:
    async with database.migrate() as connection:
        await connection.run_sync(
            lambda sync: command.revision(config(sync), message, autogenerate=True, rev_id=number)
        )


if __name__ == "__main__":
    main()
