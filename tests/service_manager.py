"""What stands for systemd where there is none: enough of `systemctl` and `systemd-run` to do what docs/ says.

    python -m tests.service_manager ROOT systemctl enable --now portevoix

Units are read from ROOT/etc/systemd/system, and every absolute path in them stands below ROOT, as if it were another
machine. A service has its settings, its credentials and its folders, and is waited for until it says that it is ready.
What systemd does to keep a service from the machine is not done: `systemd-analyze security` judges that.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PLACES = ("/opt/portevoix", "/etc/portevoix", "/etc/systemd/system", "/usr/local/sbin", "/var/lib/portevoix")
"""What stands below ROOT; nothing else of the machine is written."""
PATIENCE = 180.0


def below(root: Path, text: str) -> str:
    """The same text with these places below `root`."""
    found = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, PLACES))})")
    return found.sub(lambda place: f"{root}{place[1]}", text)


@dataclass(frozen=True)
class Unit:
    """The directives of a unit by their names, each as often as it stands there."""

    given: Mapping[str, list[str]]

    @classmethod
    def read(cls, root: Path, name: str) -> Unit:
        file = root / "etc/systemd/system" / (name if "." in name else f"{name}.service")
        given: dict[str, list[str]] = {}
        for line in below(root, file.read_text(encoding="utf-8")).splitlines():
            key, found, value = line.partition("=")
            if found and not line.startswith("#"):
                value = re.sub(r"%(.)", lambda found: {"S": f"{root}/var/lib", "%": "%"}[found[1]], value)
                given.setdefault(key, []).append(value.replace("$$", "$"))
        return cls(given)

    def environment(self, root: Path) -> dict[str, str]:
        """What the service finds set: its own lines, its file, its credentials; its folders are made."""
        folders = [root / "var/lib" / name for line in self.given["StateDirectory"] for name in line.split()]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = dict(line.split("=", 1) for line in self.given.get("Environment", []))
        for line in self.given.get("EnvironmentFile", []):
            file = Path(line.removeprefix("-"))
            if file.exists():
                settings |= dict(
                    each.split("=", 1) for each in file.read_text().splitlines() if each[:1] not in ("", "#")
                )
        credentials = root / "run/credentials"
        credentials.mkdir(parents=True, exist_ok=True, mode=0o700)
        for line in self.given.get("LoadCredential", []):
            name, _, source = line.partition(":")
            (credentials / name).unlink(missing_ok=True)
            (credentials / name).write_bytes(Path(source).read_bytes())
            (credentials / name).chmod(0o400)
        own = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TERM")}
        return {**own, **settings, "CREDENTIALS_DIRECTORY": str(credentials)}


def pid_file(root: Path, name: str) -> Path:
    return root / "run" / f"{name}.pid"


def start(root: Path, name: str) -> int:
    unit = Unit.read(root, name)
    environment, command = unit.environment(root), shlex.split(unit.given["ExecStart"][-1])
    if unit.given.get("Type") == ["oneshot"]:
        for line in (*unit.given["ExecStart"], *unit.given.get("ExecStartPost", [])):
            subprocess.run(shlex.split(line), env=environment, check=True)
        return 0
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
        (root / "run/journal").open("ab") as journal,
    ):
        address = root / "run/notify"
        address.unlink(missing_ok=True)
        listener.bind(str(address))
        listener.settimeout(PATIENCE)
        process = subprocess.Popen(
            command,
            env={**environment, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "120000000"},
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=journal,
            start_new_session=True,
        )
        pid_file(root, name).write_text(str(process.pid))
        listener.settimeout(0.2)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                print((root / "run/journal").read_text()[-2000:], file=sys.stderr)
                return 1
            try:
                if b"READY=1" in listener.recv(4096):
                    return 0
            except TimeoutError:
                continue
    print(f"{name} did not say that it is ready.", file=sys.stderr)
    return 1


def stop(root: Path, name: str) -> int:
    file = pid_file(root, name)
    if not file.exists():
        return 0
    process_id = int(file.read_text())
    file.unlink()
    try:
        os.kill(process_id, signal.SIGTERM)
    except ProcessLookupError:
        return 0
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return 0
        time.sleep(0.05)
    print(f"{name} did not stop.", file=sys.stderr)
    return 1


def systemctl(root: Path, words: list[str]) -> int:
    verb, *rest = words
    names = [word for word in rest if not word.startswith("--")]
    if verb == "daemon-reload":
        return 0
    if verb == "status":
        return 0 if pid_file(root, names[0]).exists() else 3
    if verb in ("start", "enable"):
        # What a timer starts some night is started at once.
        return start(root, names[0].replace(".timer", ".service"))
    if verb in ("stop", "disable"):
        return stop(root, names[0])
    raise SystemExit(f"systemctl {verb} is not played")


def systemd_run(root: Path, words: list[str]) -> int:
    """A command with the properties and settings of a service."""
    given: dict[str, list[str]] = {}
    while words[0].startswith("--"):
        option, _, value = words.pop(0).removeprefix("--").partition("=")
        if option == "property":
            name, _, value = value.partition("=")
            given.setdefault(name, []).append(below(root, value))
        elif option == "setenv":
            given.setdefault("Environment", []).append(below(root, value))
    command = [below(root, word) for word in words]
    return subprocess.run(command, env=Unit(given).environment(root), check=False).returncode


if __name__ == "__main__":
    the_root, program, *the_words = sys.argv[1:]
    sys.exit({"systemctl": systemctl, "systemd-run": systemd_run}[program](Path(the_root), the_words))
