"""A newcomer does what docs/ says, word for word: `scripts/newcomer` runs this, outside of pytest.

A wheel is built and installed in an empty environment outside the checkout. What the pages of `tests.documented` say
is then run as it stands there, on a machine that is a folder (`tests.service_manager`), against a local Telegram that
came along.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.rules.ballot_kinds import ONE_ROUND, BallotKind
from simulator.client import Person, Simulator
from simulator.server import DEFAULT_TOKEN
from tests.bots import free_port, until
from tests.documented import PAGES, Line, lines_of, played_of
from tests.own_server import Server, own_server
from tests.reading import Reader
from tests.service_manager import below, stop

ROOT = Path(__file__).parent.parent
FIXTURE = ROOT / "tests/upgrading/portevoix-0.1.0.db"
FIXTURE_KEY = "5e" * 32
ANSWERS = {
    "name": "Élection",
    "sender": "Équipe Dupont",
    "statement": "Nous soutenons Camille Dupont.",
    "controller": "Association Dupont",
    "address": "1 rue de la République, 69001 Lyon",
    "privacy-contact": "donnees@example.org",
}
AREAS = {"municipal": "69266", "legislative": "69", "election": "69"}
"""Where a vote of a kind is held that is held in some places alone."""
SUPPORTERS = r"\nsupporters +{}\n"
PLAYED: set[Line] = set()
_began = time.monotonic()


class Machine:
    """A folder that stands for a machine of its own; `release` is where commands are run."""

    def __init__(self, folder: Path, release: Path, settings: Mapping[str, str]) -> None:
        self.root, self.release, self.settings = folder, release, settings
        self.more: dict[str, str] = {}  # what else is set where commands are run
        for name in ("etc/systemd/system", "usr/local/sbin", "var/lib", "opt", "run", "root", "stubs"):
            (folder / name).mkdir(parents=True)
        for program in ("systemctl", "systemd-run"):
            stub = folder / "stubs" / program
            stub.write_text(
                f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m tests.service_manager {folder} {program} "$@"\n'
            )
            stub.chmod(stub.stat().st_mode | stat.S_IXUSR)

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.root}/stubs:{self.root}/usr/local/sbin:{os.environ['PATH']}"
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "SSL_", "XDG_CACHE"))
        }
        cache = {"PIP_CACHE_DIR": subprocess.getoutput(f"{sys.executable} -m pip cache dir")}
        # What is imported is compiled then: it is less than all.
        return {
            **cache,
            **kept,
            "PIP_NO_COMPILE": "1",
            "PATH": path,
            "HOME": f"{self.root}/root",
            "LANG": "C.UTF-8",
        }

    def run(self, command: str, typed: str = "") -> str:
        """A line of a document, below this folder; what it printed."""
        ended = subprocess.run(
            [
                "bash",
                "-c",
                below(self.root, command).replace("127.0.0.1:8080", self.settings["PORTEVOIX_WEB"]),
            ],
            cwd=self.release,
            env={**self.environment, **self.more},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def play(self, line: Line, typed: Mapping[str, str] | None = None) -> str:
        """A line of a document; what it printed. `typed`: by what a command holds."""
        PLAYED.add(line)
        if re.search(r"systemctl (start|enable)", line.command):
            self.configure()
        answer = next((text for part, text in (typed or {}).items() if part in line.command), "")
        with told(f"    {line.command}"):
            return self.run(line.command, answer)

    def play_all(self, page: str, heading: str, typed: Mapping[str, str] | None = None) -> None:
        """The commands of a section in their order."""
        for line in played_of(page, heading):
            self.play(line, typed)

    def configure(self) -> None:
        """The local Telegram in place of the real one; what a document has put there stays."""
        file = self.root / "etc/portevoix/environment"
        lines = file.read_text().splitlines() if file.exists() else []
        kept = [line for line in lines if line.partition("=")[0] not in self.settings]
        ours = [f"{name}={value}" for name, value in self.settings.items()]
        file.write_text("\n".join([*kept, *ours]) + "\n")

    def portevoix(self, arguments: str, **more: str) -> str:
        """The installed command without any service."""
        given = " ".join(f"{name}={value}" for name, value in more.items())
        return self.run(f"{given} /opt/portevoix/bin/portevoix {arguments}")


@contextmanager
def told(what: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    print(f"{time.monotonic() - _began:6.1f} s  {what} ({time.monotonic() - start:.1f} s)", flush=True)


def build(release: Path) -> None:
    """What a release is: a wheel and the versions that it was tried with."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(release)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    shutil.copyfile(ROOT / "requirements/run.txt", release / "portevoix-0-requirements.txt")


def days(rounds: int) -> str:
    """Days of a vote to come: Sundays."""
    today = datetime.now(UTC).date()  # noqa: TID251 - the newcomer's own calendar
    sunday = today + timedelta(days=60 + (6 - today.weekday()) % 7)
    return ",".join((sunday + timedelta(weeks=2 * number)).isoformat() for number in range(rounds))


FOUND = """
import contextlib, io, json, os, sys
from bot.cli import main
from bot.rules.ballot_kinds import BallotKind

given = json.load(sys.stdin)
for kind in BallotKind:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["init", f"kinds/{kind}", "--kind", kind, *given[kind], "--yes"]) == 0
        os.environ["PORTEVOIX_CAMPAIGN"] = f"kinds/{kind}"
        assert main(["calendar", "--json"]) == 0
    assert " is valid: " in said.getvalue(), said.getvalue()  # checked as `check` does
    assert '"at_utc"' in said.getvalue(), said.getvalue()
    print(kind)
"""
"""All in one process of what is installed: most of a command’s time is its start."""


def found_every_kind(machine: Machine) -> None:
    """`init` for each kind without a question left, which checks it, and `calendar`."""
    options = {kind: options_of(kind) for kind in BallotKind}
    (machine.release / "found.py").write_text(FOUND)
    said = machine.run("/opt/portevoix/bin/python -I found.py", json.dumps(options))
    assert said.split() == [*BallotKind]


def options_of(kind: BallotKind) -> list[str]:
    options = {**ANSWERS, "days": days(1 if kind in ONE_ROUND or kind is BallotKind.MEMBERS else 2)}
    if kind is not BallotKind.MEMBERS:
        options["period"] = "le printemps"
    if kind in AREAS:
        options["area"] = AREAS[kind]
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def typed_to_init() -> str:
    """One answer a line, an empty one where what is offered is taken."""
    given = {
        **ANSWERS,
        "kind": "municipal",
        "days": days(2),
        "period": "le printemps",
        "languages": "",
        "funding": "",
        "rounds": "",
        "area": "Villeurbanne",
        "hours": "",
    }
    order = "kind name languages sender statement controller address privacy-contact funding period rounds days area"
    return "\n".join(given[name] for name in (*order.split(), "hours")) + "\n"


async def signs_up(simulator: Simulator, name: str) -> Person:
    """Where the vote is held in one commune, which alone is asked for."""
    somebody, read = await simulator.person(name), Reader("fr")
    await somebody.start()
    await somebody.expect(read.says("Hello! I’m an automated assistant of"))
    await somebody.tap(read.label("I’m 17 or over: yes, write to me"))
    await somebody.expect("Villeurbanne")
    await somebody.tap(read.label("Yes"))
    await somebody.expect(read.says("Welcome, you’re on board!"))
    return somebody


async def turns_unwell_and_well(address: str, simulator: str, somebody: Person) -> None:
    """Another program takes the bot's updates, and stops: /health tells it, and when it is over."""
    async with aiohttp.ClientSession() as session:

        async def shows(status: int) -> bool:
            async with session.get(f"{address}/health") as answer:
                return answer.status == status

        async def poll() -> None:
            while True:
                async with session.post(f"{simulator}/bot{DEFAULT_TOKEN}/getUpdates", json={"timeout": 1}):
                    await asyncio.sleep(0.05)

        await until(lambda: shows(200), "/health tells that all is well")
        rival = asyncio.create_task(poll())
        await until(lambda: shows(503), "/health tells of the other program")
        rival.cancel()
        await somebody.send("/menu")  # what is asked for updates answers as soon as there is one
        await until(lambda: shows(200), "/health tells that it is over")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="portevoix-newcomer-") as name:
        folder, release = Path(name), Path(name) / "release"
        release.mkdir()
        web, telegram = f"127.0.0.1:{free_port()}", free_port()
        simulator = f"http://127.0.0.1:{telegram}"
        settings = {"PORTEVOIX_API_BASE": simulator, "PORTEVOIX_WEB": web}
        machines = [Machine(folder / f"machine-{number}", release, settings) for number in (1, 2, 3)]
        try:
            whole_story(machines, release, telegram, web)
        finally:
            for machine in machines:
                stop(machine.root, "portevoix")
    left = [line for page in PAGES for line in lines_of(page) if line.is_played and line not in PLAYED]
    assert not left, f"not played: {[(line.page, line.text) for line in left]}"
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"It took {spent.ru_utime + spent.ru_stime:.0f} s of the processor, of all who were waited for.")
    print(f"{len(PLAYED)} commands of {', '.join(PAGES)} were run as they stand there.")
    return 0


def whole_story(machines: list[Machine], release: Path, telegram: int, web: str) -> None:
    first = machines[0]
    with told("the wheel is built"):
        build(release)
    with told("installed, founded, rehearsed"):
        lines = played_of("hosting", "From zero in fifteen minutes")
        at = next(number for number, line in enumerate(lines) if "enable --now" in line.command)
        for line in lines[:at]:
            first.play(line, {"portevoix init": typed_to_init(), "read -r": DEFAULT_TOKEN + "\n"})
    with told("every kind of campaign founded"):
        found_every_kind(first)
    python = first.root / "opt/portevoix/bin/python"
    with subprocess.Popen([python, "-m", "simulator", "--port", str(telegram)], cwd=release) as served:
        try:
            asyncio.run(lived(machines, lines[at:], f"http://127.0.0.1:{telegram}", f"http://{web}"))
        finally:
            served.terminate()


async def lived(machines: list[Machine], starting: list[Line], telegram: str, web: str) -> None:
    """What happens from the first start on."""
    first, second, third = machines
    async with Simulator(telegram) as simulator:
        with told("started; somebody signs up"):
            for line in starting:
                first.play(line)
            claire = await signs_up(simulator, "Claire")
        with told("backed up by hand and by night, tried"):
            first.play_all("hosting", "Backups, and the restore drill")
        with told("monitored, unwell and well again"):
            first.play_all("monitoring", "On the command line")
            first.play_all("monitoring", "`/health`")
            first.play_all("hosting", "Webhook behind a reverse proxy")
            await turns_unwell_and_well(web, telegram, claire)
        with told("new keys"):
            first.play_all("hosting", "Who keeps the keys")
        with told("moved to another machine"):
            moves(first, second)
            assert re.search(SUPPORTERS.format(1), second.run("portevoix-admin status"))
            await signs_up(simulator, "Paul")
        with told("moved to PostgreSQL and back"), own_server(second.root.parent / "postgresql") as server:
            moves_to_the_other_engine(second, server)
            assert re.search(SUPPORTERS.format(2), second.run("portevoix-admin status"))
        with told("upgraded, and back"):
            second.play_all("upgrading", "With a wheel")
            assert re.search(SUPPORTERS.format(2), second.run("portevoix-admin status"))
            second.play_all("upgrading", "Back")
            assert re.search(SUPPORTERS.format(2), second.run("portevoix-admin status"))
            second.run("systemctl stop portevoix")
        with told("upgraded from 0.1.0"):
            prepare(third, first)
            comes_from_the_first_version(third)
            assert re.search(SUPPORTERS.format(2), third.run("portevoix-admin status"))


def moves(old: Machine, new: Machine) -> None:
    """The campaign, the token, the keys and a backup; the program is installed there as it was here."""
    lines = played_of("moving", "To another machine")
    at = next(number for number, line in enumerate(lines) if line.command.startswith("install -d"))
    for line in lines[:at]:
        old.play(line)
    prepare(new, old)
    shutil.copytree(old.root / "etc/portevoix", new.root / "etc/portevoix")
    brought = (
        "portevoix-key/database.key",
        "portevoix-key/database.suppression.key",
    )
    for file in (*(old.root / "var/lib/portevoix-backups").glob("moving-*.db"), *brought):
        shutil.copy(old.root / "var/lib" / file, new.release)
    for line in lines[at:]:
        new.play(line)


def moves_to_the_other_engine(machine: Machine, server: Server) -> None:
    """Its administrator makes the database; everything is moved there, and comes back."""
    machine.more = {
        **server.environment,
        "PATH": f"{machine.environment['PATH']}:{server.environment['PATH']}",
    }
    environment = machine.root / "etc/portevoix/environment"
    machine.configure()
    lines = played_of("hosting", "PostgreSQL")
    with environment.open("a") as settings:
        settings.write(f"PORTEVOIX_DATABASE={server.url}\n")
    for line in lines:
        machine.play(line)
    environment.unlink()
    machine.configure()
    for line in played_of("moving", "To the other engine"):
        machine.play(line, {"read -r": server.url + "\n"})
        if "doctor" in line.command:
            assert "postgresql" in machine.run("portevoix-admin status").lower()
    machine.more = {}


def prepare(new: Machine, old: Machine) -> None:
    """The program and its units."""
    (new.root / "opt/portevoix").symlink_to(old.root / "opt/portevoix")
    for folder in ("etc/systemd/system", "usr/local/sbin"):
        shutil.copytree(old.root / folder, new.root / folder, dirs_exist_ok=True)


def comes_from_the_first_version(machine: Machine) -> None:
    """In the autumn of its campaign, with the file of that campaign."""
    shutil.copytree(ROOT / "tests/campaigns/primaire-2016", machine.root / "etc/portevoix/campaign")
    (machine.root / "etc/portevoix/token").write_text(DEFAULT_TOKEN)
    (machine.root / "etc/portevoix/token").chmod(0o600)
    machine.settings = {**machine.settings, "PORTEVOIX_CLOCK": "2016-11-17T09:30:00+01:00"}
    machine.configure()
    shutil.copyfile(FIXTURE, machine.release / "portevoix.db")
    (machine.release / "database.key").write_text(FIXTURE_KEY)
    machine.play_all("upgrading", "From 0.1.0")
    machine.run("portevoix-admin check --accept")
    machine.run("systemctl start portevoix")


if __name__ == "__main__":
    sys.exit(main())
