"""Settings: the environment, and one sentence for each thing that can be wrong in it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import ClockStart
from bot.errors import SettingsError
from bot.setting_values import Address
from bot.settings import VARIABLES, Settings
from db.urls import parse_url

SIMULATOR = {"PORTEVOIX_API_BASE": "http://127.0.0.1:8081"}
TOKEN = "123456789:" + "A" * 35
DOCUMENT = Path("docs/settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_is_documented(variable: str) -> None:
    assert f"| `{variable}` |" in DOCUMENT


def test_nothing_is_documented_that_does_not_exist() -> None:
    rows = [line.split("`")[1] for line in DOCUMENT.splitlines() if line.startswith("| `")]
    assert rows == list(VARIABLES)


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings.is_real_telegram
    assert settings.token is None
    assert settings.campaign == Path("campaigns/primaire-2016")
    assert settings.data.name == "portevoix"
    assert settings.database is None
    assert settings.database_key is None
    assert settings.database_key_file.parent.name == "keys"
    assert settings.data not in settings.database_key_file.parents
    assert settings.suppression_key_file.name == f"{settings.database_key_file.stem}.suppression.key"
    assert settings.rate == 30
    assert settings.clock is None
    assert settings.web is None


def test_everything_set_is_read() -> None:
    settings = Settings.from_environment(
        {
            **SIMULATOR,
            "PORTEVOIX_TOKEN": " 1:demo ",
            "PORTEVOIX_CAMPAIGN": "/srv/campaign.toml",
            "PORTEVOIX_DATA": "/srv/data",
            "PORTEVOIX_DATABASE": "postgresql+asyncpg://bot@db/portevoix",
            "PORTEVOIX_DATABASE_KEY_FILE": "/run/secrets/key",
            "PORTEVOIX_RATE": "12.5",
            "PORTEVOIX_CLOCK": "2016-11-16T08:00:00+01:00@60",
            "PORTEVOIX_WEB": "[::1]:8080",
        }
    )
    assert settings.required_token == "1:demo"
    assert not settings.is_real_telegram
    assert settings.data == Path("/srv/data")
    assert settings.database == "postgresql+asyncpg://bot@db/portevoix"
    assert settings.database_key_file == Path("/run/secrets/key")
    assert settings.suppression_key_file == Path("/run/secrets/key.suppression")
    assert settings.rate == 12.5
    assert isinstance(settings.clock, ClockStart)
    assert settings.clock.start == datetime(2016, 11, 16, 7, tzinfo=UTC)
    assert settings.web == Address(host="::1", port=8080)


def test_the_suppression_key_may_lie_elsewhere() -> None:
    settings = Settings.from_environment({"PORTEVOIX_SUPPRESSION_KEY_FILE": "/srv/keys/left"})
    assert settings.suppression_key_file == Path("/srv/keys/left")


def test_the_clock_may_be_a_simulators() -> None:
    url = "http://127.0.0.1:8081/sim/clock"
    assert Settings.from_environment({**SIMULATOR, "PORTEVOIX_CLOCK": url}).clock == url


def test_blank_counts_as_not_set_and_the_rest_of_the_environment_does_not_matter() -> None:
    settings = Settings.from_environment(
        {"PORTEVOIX_RATE": "  ", "PATH": "/bin", "PORTEVOIX_TEST_POSTGRES": "1"}
    )
    assert settings.rate == 30


def test_secrets_stay_out_of_what_is_printed() -> None:
    settings = Settings.from_environment(
        {
            "PORTEVOIX_TOKEN": TOKEN,
            "PORTEVOIX_DATABASE_KEY": "hush",
            "PORTEVOIX_DATABASE": "postgresql://u:hush@db/p",
        }
    )
    assert TOKEN not in repr(settings)
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PORTEVOIX_API_BASE": "localhost:8081"}, "PORTEVOIX_API_BASE is “localhost:8081”"),
        ({"PORTEVOIX_DATABASE": "/srv/db.sqlite"}, "sqlite:////folder/file"),
        (
            {"PORTEVOIX_DATABASE": "sqlite:///mine.db"},
            f"after sqlite:///, such as sqlite:///{Path.cwd()}/mine.db.",
        ),
        ({"PORTEVOIX_DATABASE": "sqlite:///~/mine.db"}, f"such as sqlite:///{Path.home()}/mine.db."),
        ({"PORTEVOIX_DATA": "~nobody-of-that-name/data"}, "whose home is not known: write the whole path"),
        ({"PORTEVOIX_DATABASE": "mysql://db/p"}, "postgresql://"),
        ({"PORTEVOIX_DATABASE_KEY": "a", "PORTEVOIX_DATABASE_KEY_FILE": "b"}, "keep one"),
        ({"PORTEVOIX_RATE": "fast"}, "PORTEVOIX_RATE is “fast”"),
        ({"PORTEVOIX_RATE": "0"}, "PORTEVOIX_RATE is “0”"),
        ({"PORTEVOIX_RATE": "nan"}, "PORTEVOIX_RATE is “nan”"),
        ({"PORTEVOIX_RATE": "1001"}, "1000 at most"),
        ({**SIMULATOR, "PORTEVOIX_CLOCK": "soon"}, "2016-11-16T08:00:00+01:00@60"),
        ({"PORTEVOIX_CLOCK": "2016-11-16T08:00:00+01:00"}, "refused where messages may reach real people"),
        (
            {"PORTEVOIX_CLOCK": "http://127.0.0.1:8081/sim/clock"},
            "refused where messages may reach real people",
        ),
        (
            {"PORTEVOIX_API_BASE": "https://API.Telegram.org", "PORTEVOIX_CLOCK": "2016-11-16T08:00:00Z"},
            "refused where messages may reach real people",
        ),
        (
            {"PORTEVOIX_API_BASE": "https://bot-api.example.org", "PORTEVOIX_CLOCK": "2016-11-16T08:00:00Z"},
            "refused where messages may reach real people",
        ),
        ({**SIMULATOR, "PORTEVOIX_CLOCK": "http://10.0.0.7/sim/clock"}, "only a simulator on this machine"),
        ({**SIMULATOR, "PORTEVOIX_CLOCK": "https://example.org/clock"}, "only a simulator on this machine"),
        # Over http anybody on the way could read.
        ({"PORTEVOIX_API_BASE": "http://bot-api.example.org"}, "could read the token and every message"),
        ({"PORTEVOIX_API_BASE": "http://10.0.0.7:8081"}, "could read the token and every message"),
        ({"PORTEVOIX_API_BASE": "http://localhost.example.org:8081"}, "could read the token"),
        ({"PORTEVOIX_API_BASE": "http://127.0.0.1.example.org"}, "could read the token"),
        ({"PORTEVOIX_API_BASE": "http://0.0.0.0:8081"}, "could read the token"),
        ({"PORTEVOIX_WEB_URL": "http://bot.example.org"}, "could read what people download"),
        ({"PORTEVOIX_WEB": "8080"}, "host:port"),
        ({"PORTEVOIX_WEB": "127.0.0.1:99999"}, "host:port"),
        ({"PORTEVOIX_WEB": "127.0.0.1:http"}, "host:port"),
        ({"PORTEVOIX_WEB_URL": "bot.example.org"}, "https://bot.example.org"),
        ({"PORTEVOIX_WEB_URL": "https://bot.example.org/?x"}, "https://bot.example.org"),
        (
            {"PORTEVOIX_WEB_URL": "https://bot.example.org/bot"},
            "https://bot.example.org",
        ),  # pages are absolute
        ({"PORTEVOIX_TOKENS": TOKEN}, "did you mean PORTEVOIX_TOKEN"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(environment)
    assert said in refused.value.sentence
    assert "\n" not in refused.value.sentence
    assert "secret" not in refused.value.sentence


def test_a_missing_token_is_said_when_it_is_needed() -> None:
    with pytest.raises(SettingsError, match="BotFather"):
        _ = Settings.from_environment({}).required_token


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PORTEVOIX_TOKEN": "secret"}, "does not look like a bot token"),
        ({"PORTEVOIX_TOKEN": "1:demo"}, "does not look like a bot token"),  # fine for a simulator only
        ({**SIMULATOR, "PORTEVOIX_TOKEN": "demo"}, "does not look like a bot token"),
        ({**SIMULATOR, "PORTEVOIX_TOKEN": '"1:secret"'}, "has quotes around it, which count as a part of it"),
        ({**SIMULATOR, "PORTEVOIX_TOKEN": "‘1:secret’"}, "has quotes around it"),
    ],
)
def test_a_token_that_is_none_is_refused_where_one_is_needed(environment: dict[str, str], said: str) -> None:
    settings = Settings.from_environment(environment)  # whoever needs none goes on
    assert settings.token is None
    with pytest.raises(SettingsError) as refused:
        _ = settings.required_token
    assert said in refused.value.sentence
    assert "secret" not in refused.value.sentence


def test_home_is_written_out_where_no_shell_did() -> None:
    settings = Settings.from_environment({"PORTEVOIX_DATA": "~/data", "PORTEVOIX_CAMPAIGN": "~/mine"})
    assert (settings.data, settings.named_campaign) == (Path.home() / "data", Path.home() / "mine")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "localhost", "LOCALHOST", "[::1]"])
def test_plain_http_is_fine_on_this_machine(host: str) -> None:
    base = f"http://{host}:8081"
    settings = Settings.from_environment({"PORTEVOIX_API_BASE": base, "PORTEVOIX_CLOCK": f"{base}/sim/clock"})
    assert not settings.is_real_telegram


def key_file(**variables: str) -> Path:
    return Settings.from_environment(
        {f"PORTEVOIX_{name}": value for name, value in variables.items()}
    ).database_key_file


def test_every_database_has_a_key_file_of_its_own(tmp_path: Path) -> None:
    places = [
        {"DATA": "/srv/a"},
        {"DATA": "/srv/b"},
        {"DATABASE": "sqlite:////srv/a/other.db"},
        {"DATABASE": "sqlite+aiosqlite:////srv/a/third.db"},
        {"DATABASE": "postgresql://bot:secret@db/one"},
        {"DATABASE": "postgresql://bot:secret@db/two"},
        {"DATABASE": "postgresql://bot:secret@elsewhere/one"},
    ]
    assert len({key_file(**place) for place in places}) == len(places)
    # The same place, said otherwise.
    assert key_file(DATA="/srv/a") == key_file(DATA="/srv/../srv/a/")
    assert key_file(DATABASE="postgresql://bot:secret@db/one") == key_file(
        DATABASE="postgresql://me:new@db/one"
    )


def test_the_key_of_an_older_installation_is_used_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "database.key").write_text("5e" * 32)
    assert key_file(DATA=str(tmp_path)) == tmp_path / "database.key"


def test_the_address_that_hosts_of_postgresql_hand_out_is_taken_as_it_is() -> None:
    url = "postgres://portevoix:secret@db.example.org/portevoix?sslmode=verify-full"
    given = Settings.from_environment({"PORTEVOIX_DATABASE": url})
    assert given.database is not None
    parsed = parse_url(given.database)
    assert (parsed.drivername, dict(parsed.query)) == ("postgresql+asyncpg", {"ssl": "verify-full"})
