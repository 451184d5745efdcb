"""What brings the bot onto a machine: the units of systemd, the image, the files of compose.

What needs a service manager or a builder of images is held by rules: those of `systemd-analyze security` where that is
installed, and some of hadolint’s.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from bot.cli import MODULES, REFUSED, TRY_AGAIN
from bot.settings import CREDENTIALS, VARIABLES

DEPLOY = Path("deploy")
SERVICES = sorted(DEPLOY.glob("*.service"))
OURS = [each for each in SERVICES if "bin/portevoix" in each.read_text(encoding="utf-8")]
UNITS = [*SERVICES, *sorted(DEPLOY.glob("*.timer"))]
FILES = [*sorted(DEPLOY.iterdir()), Path("Dockerfile"), Path("compose.yaml"), Path("docker-bake.hcl")]
ADMIN = (DEPLOY / "portevoix-admin").read_text(encoding="utf-8")
DOCKERFILE = Path("Dockerfile").read_text(encoding="utf-8")
EXPOSED = 3.0
"""What `systemd-analyze security` gives at most: 0 is a service that can do nothing, 10 one that may do all."""


def directives(unit: Path) -> list[tuple[str, str]]:
    """The directives of a unit, in their order; the same may stand there several times."""
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [
        (name, value)
        for name, found, value in (line.partition("=") for line in lines if line[:1] != "#")
        if found
    ]


def values(unit: Path, name: str) -> list[str]:
    return [value for each, value in directives(unit) if each == name]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_it_names_settings_and_commands_that_exist(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert set(re.findall(r"\bPORTEVOIX_[A-Z_]+", text)) <= set(VARIABLES)
    assert set(re.findall(r"\bportevoix\.[a-z]+(?:-[a-z]+)*(?=:)", text)) <= set(CREDENTIALS)
    assert set(re.findall(r"bin/portevoix ([a-z]+)", text)) <= set(MODULES)


@pytest.mark.parametrize("service", SERVICES, ids=str)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_a_service_can_do_little_to_the_machine(service: Path) -> None:
    command = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--no-pager",
        f"--threshold={EXPOSED * 10:.0f}",
    ]
    ended = subprocess.run([*command, str(service)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    assert "Unknown" not in ended.stderr  # a directive that is misspelt is ignored, with a word


@pytest.mark.parametrize("unit", UNITS, ids=str)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_a_unit_is_understood(unit: Path, tmp_path: Path) -> None:
    """With the others beside it, as where they are installed; its program and folders need not be there."""
    for each in UNITS:
        text = each.read_text(encoding="utf-8").replace("/opt/portevoix/bin/portevoix", "/bin/true")
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / unit.name)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [
        line for line in ended.stderr.splitlines() if unit.name in line and "Failed to create" not in line
    ]
    assert told == []


@pytest.mark.parametrize("service", OURS, ids=str)
def test_a_service_has_a_user_and_folders_of_its_own(service: Path) -> None:
    assert values(service, "DynamicUser") == ["yes"]
    assert values(service, "StateDirectory") == ["portevoix portevoix-key portevoix-backups"]
    for wanted in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateUsers=yes",
        "CapabilityBoundingSet=",
    ):
        assert f"{wanted}\n" in service.read_text(encoding="utf-8")


def test_the_bot_says_how_it_is_and_is_not_started_anew_in_vain() -> None:
    service = DEPLOY / "portevoix.service"
    assert values(service, "Type") == ["notify"]
    assert int(values(service, "WatchdogSec")[0]) >= 60
    assert values(service, "Restart") == ["on-failure"]
    assert values(service, "RestartPreventExitStatus") == [str(REFUSED)]
    assert REFUSED != TRY_AGAIN  # which is a failure too, and passes
    assert int(values(service, "LimitNOFILE")[0]) >= 4096
    assert values(service, "LoadCredential") == ["portevoix.token:/etc/portevoix/token"]


def test_commands_are_run_as_the_service_runs() -> None:
    """The same user, folders and settings, but where the service's own words stand for a folder."""
    service = DEPLOY / "portevoix.service"
    for setting in values(service, "Environment"):
        assert f"--setenv={setting.replace('%S', '/var/lib')}" in ADMIN
    for name in ("DynamicUser", "User", "StateDirectory", "UMask", "LoadCredential", "EnvironmentFile"):
        assert f"{name}={values(service, name)[0]}" in ADMIN
    assert set(values(DEPLOY / "portevoix-backup.service", "Environment")) <= set(
        values(service, "Environment")
    )


def test_backups_are_made_by_night_and_after_a_pause() -> None:
    timer = DEPLOY / "portevoix-backup.timer"
    assert values(timer, "Persistent") == ["yes"]
    assert values(timer, "OnCalendar") == ["*-*-* 03:30:00"]


def test_a_backup_that_was_not_made_is_told() -> None:
    (told,) = values(DEPLOY / "portevoix-backup.service", "OnFailure")
    assert values(DEPLOY / told, "SyslogLevel") == ["emerg"]
    assert "journalctl -u portevoix-backup" in values(DEPLOY / told, "ExecStart")[0]


STANDS_FOR_SYSTEMD = """#!/bin/sh
for last; do :; done
read -r typed || typed="nothing"
echo "read: $typed"
"""


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("doctor", "nothing"),
        ("db rekey", "nothing"),
        ("db new", "pasted"),
        ("opt-outs import list.csv", "pasted"),
        ("polling-places import places.csv", "pasted"),
    ],
)
def test_what_is_pasted_after_a_command_is_no_answer_to_it(command: str, read: str, tmp_path: Path) -> None:
    stub = tmp_path / "systemd-run"
    stub.write_text(STANDS_FOR_SYSTEMD, encoding="utf-8")
    stub.chmod(0o755)
    terminal, other = pty.openpty()
    os.write(terminal, b"pasted\n")
    ended = subprocess.run(
        ["sh", str(DEPLOY / "portevoix-admin"), *command.split()],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdin=other,
        capture_output=True,
        text=True,
        check=True,
    )
    os.close(terminal)
    os.close(other)
    assert ended.stdout == f"read: {read}\n"


def test_every_command_that_asks_may_read_what_is_typed() -> None:
    """Each module that reads from a terminal has its commands named there, but what the service itself runs."""
    asking = {
        file.stem
        for file in Path("bot/commands").glob("*.py")
        if re.search(r"\b(?<!def )typed\(|\bgetpass\(|sys\.stdin\b", file.read_text())
    }
    named = {command.split()[0].replace("-", "_") for command in re.findall(r'"([a-z-]+ [a-z-]+)"', ADMIN)}
    modules = {"db": "database", "canvass": "vanishing"}
    # `init` and `run` are not for the service's folders; `db move -` is given a file.
    assert asking - {"founding", "accepting", "moving"} == {modules.get(name, name) for name in named}


# -- the image --


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, lines that go on joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def test_the_image_has_two_stages_and_runs_as_nobody() -> None:
    names = [name for name, _ in instructions()]
    assert names.count("FROM") == 2
    (user,) = (value for name, value in instructions() if name == "USER")
    assert user.isdecimal()  # a number: a cluster can see that it is not root
    assert int(user) >= 10_000
    assert names.index("USER") > max(at for at, name in enumerate(names) if name in ("RUN", "COPY"))


def test_the_image_is_made_as_hadolint_wants_it() -> None:
    for name, value in instructions():
        assert name != "ADD"  # DL3020
        assert not re.search(r":latest\b", value)  # DL3007
        if name in ("CMD", "ENTRYPOINT"):
            assert value.startswith("[")  # DL3025
        if name == "WORKDIR":
            assert value.startswith("/")  # DL3000
        if name == "RUN":
            assert not re.search(r"\b(sudo|apt |cd )", value)  # DL3004, DL3027, DL3003
            if "apt-get install" in value:
                assert "--yes --no-install-recommends" in value  # DL3014, DL3015
                assert "rm -rf /var/lib/apt/lists/*" in value  # DL3009
            if "pip" in value and " install " in value:
                assert value.count("--no-cache-dir") == value.count(" install --no-cache-dir")  # DL3042
    (base,) = (value for name, value in instructions() if name == "ARG")
    assert re.fullmatch(r"BASE=\S+/debian:[a-z]+-slim", base)  # DL3006
    assert sum(name == "HEALTHCHECK" for name, _ in instructions()) == 1  # DL3012


def test_what_the_package_is_made_of_reaches_the_builder_and_nothing_else() -> None:
    wheel = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    lines = Path(".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    wanted = {
        *wheel["packages"],
        *wheel["force-include"],
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "requirements/run.txt",
    }
    assert {line[1:] for line in lines if line.startswith("!")} == wanted


def test_compose_is_short_and_keeps_what_must_be_kept() -> None:
    text = Path("compose.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line[:1] not in ("", "#")]
    assert len(lines) <= 10
    kept = set(re.findall(r'"(\w+):/\w+"', text))
    assert kept == {"data", "keys", "backups"}
    assert all(re.search(rf"^volumes: .*\b{name}: \{{\}}", text, re.MULTILINE) for name in kept)
    assert "read_only: true" in text
    assert 'ports: ["127.0.0.1:8080:8080"]' in text  # /health and /metrics, for the machine alone
    grace = re.search(r"stop_grace_period: (\d+)s", text)
    assert grace is not None
    assert int(grace[1]) >= int(values(DEPLOY / "portevoix.service", "TimeoutStopSec")[0])


def test_secrets_of_the_image_are_found_by_their_names_and_never_kept_in_version_control() -> None:
    texts = [Path("compose.yaml").read_text(encoding="utf-8")]
    texts.append((DEPLOY / "compose.postgresql.yaml").read_text(encoding="utf-8"))
    found = re.findall(r'"\./(\w+):/run/secrets/([a-z.]+):ro"', " ".join(texts))
    assert found == [("token", "portevoix.token"), ("database", "portevoix.database")]
    assert {name for _file, name in found} <= {*CREDENTIALS}
    assert "CREDENTIALS_DIRECTORY=/run/secrets" in DOCKERFILE
    ignored = Path(".gitignore").read_text(encoding="utf-8").split()
    assert {"/token", "/database", "/password", "/campaign/"} <= {*ignored}


def test_the_volumes_of_the_image_are_those_of_compose() -> None:
    text = Path("compose.yaml").read_text(encoding="utf-8")
    kept = set(re.findall(r'"(\w+):/\w+"', text))
    volumes = next(value for name, value in instructions() if name == "VOLUME")
    assert {f'"/{name}"' for name in kept} == set(re.findall(r'"[^"]+"', volumes))


def test_both_kinds_of_processors_are_built_for() -> None:
    assert 'platforms = ["linux/amd64", "linux/arm64"]' in Path("docker-bake.hcl").read_text(encoding="utf-8")
