"""Settings: the environment, read once, checked, frozen. The only reader of `os.environ`."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import field, replace
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_data_path

from bot.clock import ClockStart
from bot.errors import SettingsError
from bot.frozen import Frozen
from bot.rules.secrecy import is_open_to_others
from bot.setting_values import (
    Address,
    api_base_of,
    clock_of,
    database_of,
    is_loopback,
    rate_of,
    token_fault_of,
    web_of,
    web_url_of,
)

TELEGRAM_API = "https://api.telegram.org"

VARIABLES: tuple[str, ...] = (
    "PORTEVOIX_TOKEN",
    "PORTEVOIX_TOKEN_FILE",
    "PORTEVOIX_API_BASE",
    "PORTEVOIX_CAMPAIGN",
    "PORTEVOIX_DATA",
    "PORTEVOIX_DATABASE",
    "PORTEVOIX_DATABASE_FILE",
    "PORTEVOIX_DATABASE_KEY",
    "PORTEVOIX_DATABASE_KEY_FILE",
    "PORTEVOIX_SUPPRESSION_KEY_FILE",
    "PORTEVOIX_AUDIT_ANCHOR",
    "PORTEVOIX_RATE",
    "PORTEVOIX_CLOCK",
    "PORTEVOIX_WEB",
    "PORTEVOIX_WEB_URL",
)
"""Every variable; docs/settings.md documents each, which a test holds."""

EXAMPLE_CAMPAIGN = Path("campaigns/primaire-2016")
"""Comes with the program: `bot.campaign.campaign.find_campaign_file` finds it from any folder."""

IN_FILES = ("PORTEVOIX_TOKEN", "PORTEVOIX_DATABASE")
"""Variables whose value may stand in a file, which `…_FILE` names: a secret, or an address that holds a password."""
CREDENTIALS = {
    "portevoix.token": "PORTEVOIX_TOKEN",
    "portevoix.database": "PORTEVOIX_DATABASE",
    "portevoix.database-key": "PORTEVOIX_DATABASE_KEY",
    "portevoix.suppression-key": "PORTEVOIX_SUPPRESSION_KEY",
}
"""What a service manager may hand over (systemd's LoadCredential=): the name of a file, and of the variable whose
`…_FILE` it is where nothing else sets it."""


class Supervisor(Frozen):
    """A service manager that wants to be told how the bot is: its socket, and how long it waits for a sign of life."""

    socket: str
    patience: float | None


class Settings(Frozen):
    """The environment, checked. What is secret stays out of `repr`.

    `named_campaign` None: no variable names one. `database` None: the encrypted SQLite file of the data folder. `clock`
    is real time (None), a movable clock's start, or the URL of a clock served by a simulator. `rate` is in messages a
    second; None, which no variable gives, is a rehearsal's: no limit, nor one message a second to a chat. `web_url` is
    where people reach the web part from outside. `token_fault`: why there is no token although one was given; only who
    needs it is refused. `here`, which no variable gives either: SQLite works in the thread that asks (`open_database`).
    """

    token: str | None = field(repr=False)
    api_base: str
    named_campaign: Path | None
    data: Path
    database: str | None = field(repr=False)
    database_key: str | None = field(repr=False)
    database_key_file: Path
    named_suppression_key_file: Path | None
    named_audit_anchor: Path | None
    rate: float | None
    clock: ClockStart | str | None
    web: Address | None
    web_url: str | None
    supervisor: Supervisor | None = None
    token_fault: str | None = None
    here: bool = False

    @property
    def campaign(self) -> Path:
        """The campaign file or folder that is shown or tried: the example unless one is named."""
        return self.named_campaign or EXAMPLE_CAMPAIGN

    @property
    def required_campaign(self) -> Path:
        """The campaign that is one’s own; raises SettingsError where none is named: nobody means the example."""
        if self.named_campaign is None:
            raise SettingsError(
                "PORTEVOIX_CAMPAIGN is missing: `export PORTEVOIX_CAMPAIGN=FOLDER`, with your campaign file or its "
                f"folder. `portevoix init FOLDER` writes one; {EXAMPLE_CAMPAIGN}, which `portevoix demo` plays, is an "
                "example."
            )
        return self.named_campaign

    @property
    def suppression_key_file(self) -> Path:
        """Where the key of the suppression list lies: beside the database key, unless it is named.

        The two move together, and neither lies in the database.
        """
        return self.named_suppression_key_file or suppression_key_beside(self.database_key_file)

    @property
    def audit_anchor(self) -> Path:
        """Where the head of the audit log is noted outside of the database: see `db.anchors`."""
        return self.named_audit_anchor or self.own_key_file.with_suffix(".anchors")

    @property
    def own_key_file(self) -> Path:
        """Where a new database's key lies unless it is named: in the configuration folder, away from the data."""
        return own_key_file(self.data, self.database)

    @property
    def is_real_telegram(self) -> bool:
        """Whether messages may reach real people: only a server on this machine may be a simulator."""
        return not is_loopback(self.api_base)

    @property
    def required_token(self) -> str:
        """The token; raises SettingsError when there is none, or none that can be one."""
        if self.token is None:
            raise SettingsError(
                self.token_fault
                or "PORTEVOIX_TOKEN is missing: set it to the token that @BotFather gave you, "
                "or run `portevoix demo`, which needs none."
            )
        return self.token

    def at(self, database: str) -> "Settings":
        """The same settings with another database, whose keys lie where they would lie if it were set."""
        url = database_of(database)
        own = self.database_key_file == _key_file(self.data, self.database)
        return replace(
            self,
            database=url,
            database_key_file=_key_file(self.data, url) if own else self.database_key_file,
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Reads the variables, from `os.environ` by default; raises SettingsError for the first fault
        found.
        """
        values = os.environ if environment is None else environment
        _refuse_misspelt(values)
        given, token_fault = _given(values)
        api_base = api_base_of(given.get("PORTEVOIX_API_BASE", TELEGRAM_API))
        token = given.get("PORTEVOIX_TOKEN")
        if token is not None and (token_fault := token_fault_of(token, is_real=not is_loopback(api_base))):
            token = None
        data = _path("PORTEVOIX_DATA", given) or user_data_path("portevoix", appauthor=False)
        key, key_file = given.get("PORTEVOIX_DATABASE_KEY"), given.get("PORTEVOIX_DATABASE_KEY_FILE")
        if key and key_file:
            raise SettingsError(
                "PORTEVOIX_DATABASE_KEY and PORTEVOIX_DATABASE_KEY_FILE are both set: keep one of them."
            )
        database = database_of(given.get("PORTEVOIX_DATABASE"))
        settings = cls(
            token=token,
            token_fault=token_fault,
            api_base=api_base,
            named_campaign=_path("PORTEVOIX_CAMPAIGN", given),
            data=data,
            database=database,
            database_key=key,
            database_key_file=_path("PORTEVOIX_DATABASE_KEY_FILE", given) or _key_file(data, database),
            named_suppression_key_file=_path("PORTEVOIX_SUPPRESSION_KEY_FILE", given),
            named_audit_anchor=_path("PORTEVOIX_AUDIT_ANCHOR", given),
            rate=rate_of(given.get("PORTEVOIX_RATE", "30")),
            clock=clock_of(given.get("PORTEVOIX_CLOCK")),
            web=web_of(given.get("PORTEVOIX_WEB")),
            web_url=web_url_of(given.get("PORTEVOIX_WEB_URL")),
            supervisor=_supervisor(values),
        )
        if settings.clock is not None and settings.is_real_telegram:
            raise SettingsError(
                "PORTEVOIX_CLOCK is refused where messages may reach real people, who would get them at wrong times: "
                "unset it, or set PORTEVOIX_API_BASE to a simulator on this machine."
            )
        return settings


def _given(values: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """What is set, with what stands in files read from there, and why the token could not be. Raises SettingsError."""
    given = {name: values[name].strip() for name in VARIABLES if values.get(name, "").strip()}
    if folder := values.get("CREDENTIALS_DIRECTORY"):
        for name, variable in CREDENTIALS.items():
            file = Path(folder) / name
            if variable not in given and file.exists():
                given.setdefault(f"{variable}_FILE", str(file))
    token_fault = None
    for name in IN_FILES:
        named = _path(f"{name}_FILE", given)
        if named is None:
            continue
        try:
            if name in given:
                raise SettingsError(f"{name} and {name}_FILE are both set: keep one of them.")
            given[name] = _content(named, f"{name}_FILE")
        except SettingsError as fault:
            if name != "PORTEVOIX_TOKEN":
                raise
            given.pop(name, None)
            token_fault = fault.sentence
    return given, token_fault


def _content(file: Path, variable: str) -> str:
    """The secret in a file. Raises SettingsError."""
    try:
        if is_open_to_others(file.stat(), user=current_user()):
            raise SettingsError(
                f"Other users can read {file}, which {variable} names: run `chmod 600 {file}`."
            )
        # Windows’ Notepad begins a text with a mark that nobody sees.
        content = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"{variable} is “{file}”, which cannot be read ({why}): correct it.") from None
    if not content:
        raise SettingsError(f"The file {file}, which {variable} names, is empty: write the value into it.")
    return content


def current_user() -> int | None:
    """The number of the user who runs this; None where users have none (Windows)."""
    return os.geteuid() if os.name == "posix" else None


def _supervisor(values: Mapping[str, str]) -> Supervisor | None:
    """As systemd names them: the socket, and microseconds."""
    socket, patience = values.get("NOTIFY_SOCKET"), values.get("WATCHDOG_USEC", "")
    if not socket:
        return None
    return Supervisor(socket=socket, patience=int(patience) / 1e6 if patience.isdecimal() else None)


def _path(name: str, given: Mapping[str, str]) -> Path | None:
    """The path of a variable; `~` is one’s home, which a shell does not always write out. Raises SettingsError."""
    if name not in given:
        return None
    try:
        return Path(given[name]).expanduser()
    except RuntimeError:  # a user who is not known, or has no home
        raise SettingsError(
            f"{name} is “{given[name]}”, whose home is not known: write the whole path."
        ) from None


def installed_version() -> str:
    """The version of the program, where it was installed."""
    try:
        return version("portevoix")
    except PackageNotFoundError:
        return "from source"


def environment_of_others() -> dict[str, str]:
    """What another program finds set that the bot runs: nothing that is the bot's own, such as its token."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PORTEVOIX_") and name not in ("CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET")
    }


def suppression_key_beside(database_key_file: Path) -> Path:
    """The suppression key's file beside a database key's, under the same name."""
    name = database_key_file
    return name.with_name(f"{name.stem}.suppression{name.suffix}")


def own_key_file(data: Path, database: str | None) -> Path:
    """The key file of a database, named after where the database lies: no two share one."""
    parts = urlsplit(database or "")
    if database is None:
        place = str(data.resolve())
    elif parts.scheme.startswith("sqlite"):
        place = str(Path(parts.path[1:]).resolve())
    else:
        place = f"{parts.hostname}:{parts.port}{parts.path}"
    number = hashlib.sha256(os.fsencode(place)).hexdigest()[:12]
    return user_config_path("portevoix", appauthor=False) / "keys" / f"{number}.key"


def _key_file(data: Path, database: str | None) -> Path:
    """That file, or the one of an older installation, whose key lies in the data folder."""
    beside = data / "database.key"
    return beside if beside.exists() else own_key_file(data, database)


def _refuse_misspelt(values: Mapping[str, str]) -> None:
    """A misspelt name would silently leave the default in force."""
    for name in sorted(values):
        if name.startswith("PORTEVOIX_") and name not in VARIABLES:
            meant = get_close_matches(name, VARIABLES, n=1, cutoff=0.85)
            if meant:
                raise SettingsError(f"{name} is not a setting: did you mean {meant[0]}?")
