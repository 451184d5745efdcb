"""Settings: the environment, read once, checked, frozen. The only reader of `os.environ`."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import field, replace
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_data_path

from bot.clock import ClockStart, parse_clock
from bot.errors import SettingsError
from bot.frozen import Frozen
from bot.rules.secrecy import is_open_to_others

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
_ANY_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_TELEGRAM_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{30,}")
_QUOTES = "\"'`“”„‘’«»"
_DATABASE_ENGINES = ("sqlite", "postgresql", "postgres")  # hosts write the last two


class Address(Frozen):
    """Where the web part listens."""

    host: str
    port: int


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
    needs it is refused.
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
        url = _database(database)
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
        api_base = _api_base(given.get("PORTEVOIX_API_BASE", TELEGRAM_API))
        token = given.get("PORTEVOIX_TOKEN")
        if token is not None and (token_fault := _token_fault(token, is_real=not is_loopback(api_base))):
            token = None
        data = _path("PORTEVOIX_DATA", given) or user_data_path("portevoix", appauthor=False)
        key, key_file = given.get("PORTEVOIX_DATABASE_KEY"), given.get("PORTEVOIX_DATABASE_KEY_FILE")
        if key and key_file:
            raise SettingsError(
                "PORTEVOIX_DATABASE_KEY and PORTEVOIX_DATABASE_KEY_FILE are both set: keep one of them."
            )
        database = _database(given.get("PORTEVOIX_DATABASE"))
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
            rate=_rate(given.get("PORTEVOIX_RATE", "30")),
            clock=_clock(given.get("PORTEVOIX_CLOCK")),
            web=_web(given.get("PORTEVOIX_WEB")),
            web_url=_web_url(given.get("PORTEVOIX_WEB_URL")),
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


def is_loopback(url: str) -> bool:
    """Whether the address of a URL is this machine's own, which nobody else hears."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_plain_http(url: str, name: str, what: str) -> None:
    """Raises SettingsError for http:// beyond this machine: `name` is the setting, `what` would be read on the way."""
    if urlsplit(url).scheme == "http" and not is_loopback(url):
        raise SettingsError(
            f"{name} is “{url}”: over http anybody on the way could read {what}. Write https, or an address of this "
            "machine such as http://127.0.0.1:8081."
        )


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


def _token_fault(token: str, *, is_real: bool) -> str | None:
    """Why it can be no token; None where it looks like one."""
    if (_TELEGRAM_TOKEN if is_real else _ANY_TOKEN).fullmatch(token):
        return None
    # The token itself stays out of the sentence: it is a secret, even a mistyped one.
    if token[0] in _QUOTES or token[-1] in _QUOTES:
        return "PORTEVOIX_TOKEN has quotes around it, which count as a part of it: write it without any."
    return (
        "PORTEVOIX_TOKEN does not look like a bot token (digits, a colon, then letters and digits): "
        "copy it whole from @BotFather."
    )


def _api_base(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(
            f"PORTEVOIX_API_BASE is “{text}”: write a URL such as http://127.0.0.1:8081, without a token."
        )
    refuse_plain_http(text, "PORTEVOIX_API_BASE", "the token and every message")
    return text.rstrip("/")


def _database(url: str | None) -> str | None:
    if url is not None and ("://" not in url or not url.startswith(_DATABASE_ENGINES)):
        raise SettingsError(
            "PORTEVOIX_DATABASE is not a database URL: write sqlite:////folder/file or postgresql://user@host/name."
        )
    place = urlsplit(url or "")
    file = place.path.removeprefix("/")
    if place.scheme.startswith("sqlite") and file not in ("", ":memory:") and not Path(file).is_absolute():
        raise SettingsError(
            f"“{url}” is another file in each folder: write its whole path after sqlite:///, such as"
            f" sqlite:///{Path(file).expanduser().resolve()}."
        )
    return url


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0
    if not 0 < rate <= 1000:
        raise SettingsError(
            f"PORTEVOIX_RATE is “{text}”: write messages a second for the whole bot, 1000 at most."
        )
    return rate


def _clock(text: str | None) -> ClockStart | str | None:
    if text is None:
        return None
    if text.startswith(("http://", "https://")):
        if not is_loopback(text):
            raise SettingsError(
                f"PORTEVOIX_CLOCK is “{text}”: only a simulator on this machine gives the time."
            )
        return text
    try:
        return parse_clock(text)
    except ValueError as fault:
        raise SettingsError(f"PORTEVOIX_CLOCK: {fault}, or the URL of a simulator’s clock.") from None


def _web(text: str | None) -> Address | None:
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"PORTEVOIX_WEB is “{text}”: write host:port, such as 127.0.0.1:8080.")
    return Address(host=host.strip("[]"), port=int(port))


def _web_url(text: str | None) -> str | None:
    if text is None:
        return None
    parts = urlsplit(text)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise SettingsError(
            f"PORTEVOIX_WEB_URL is “{text}”: write the address of the web part as people reach it, such as"
            " https://bot.example.org."
        )
    refuse_plain_http(text, "PORTEVOIX_WEB_URL", "what people download")
    return text.rstrip("/")
