"""The campaign file: what it says, what it may leave out, and what is warned of."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.campaign.campaign import check_campaign, find_campaign_file, load_campaign, parse_campaign
from bot.campaign.reading import read_campaign
from bot.campaign.toml import Source, find_lines
from bot.errors import CampaignError
from bot.rules.backups import BackupPlan
from bot.rules.courtesy import Caps, CourtesyHours
from bot.rules.kinds import Kind
from bot.rules.retention import Retention
from tests.changing import PRIMARY, PRIMARY_FILE, changed, line_of
from tests.frozen import SHIPPED

EXAMPLES = ["primaire-2016", "presidentielle-2027", "municipales-2026", "assemblee-generale"]
SATURDAY_VOTERS = ["971", "972", "973", "975", "977", "978", "987", "987-marquises", "987-gambier"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_valid(name: str) -> None:
    campaign = load_campaign(Path("campaigns") / name)
    assert campaign.slug == name
    assert len(campaign.ballots) == (1 if name == "assemblee-generale" else 2)
    assert campaign.languages == ("fr", "en")


def test_the_primary_says_what_is_known_of_2016() -> None:
    campaign = load_campaign(SHIPPED)
    first, second = campaign.ballots
    assert (first.day, second.day) == (date(2016, 11, 20), date(2016, 11, 27))
    assert [p.territory for p in first.pollings if p.day == date(2016, 11, 19)] == SATURDAY_VOTERS
    assert all((p.hours.opens, p.hours.closes) == (time(8), time(19)) for p in first.pollings if not p.online)
    assert campaign.law.code == "fr-primary-2016"
    assert campaign.law.embargo == time(20, 30)
    assert (
        campaign.quiet(kind=Kind.CIVIC_NEUTRAL, territory="FR", now=datetime(2016, 11, 20, 12, tzinfo=UTC))
        is None
    )
    assert campaign.courtesy == CourtesyHours(opens=time(9), closes=time(20, 30), evening_closes=time(21, 30))
    assert (campaign.caps.per_day, campaign.caps.per_week) == (1, 3)
    assert campaign.caps == Caps()
    assert campaign.retention == Retention(
        unfinished_days=7, event_answers_days=30, vote_days=7, profile_days=30, inactive_days=365
    )
    french = campaign.practical_in("fr")
    assert french.fee_in("FR").startswith("2 €")
    assert french.fee_in("988").startswith("200 F CFP")
    assert campaign.practical_in("en").sentence.startswith(french.sentence.rstrip(".")), (
        "It is signed in French."
    )
    assert campaign.practical_in("de") is french  # the fallback


def test_the_default_steps_are_those_of_the_design() -> None:
    campaign = load_campaign(PRIMARY_FILE)
    rows = [(step.name, step.kind.value, step.ballots) for step in campaign.steps]
    assert rows == [
        ("pledge", "gotv", (1,)),
        ("where", "gotv", (1,)),
        ("plan", "gotv", ()),
        ("echo", "gotv", ()),
        ("go", "civic_neutral", ()),
        ("last", "civic_neutral", ()),
        ("thanks", "persuasion", ()),
    ]
    assert [step.name for step in campaign.steps if step.when_silent] == ["echo", "go"]


def test_another_campaign_shares_nothing_with_2016() -> None:
    campaign = load_campaign(Path("campaigns/presidentielle-2027"))
    assert campaign.law.code == "fr-L49-2020"
    assert campaign.label is not None
    # The last polling places of large cities close at 20:00 in Paris: 18:00 UTC in summer time.
    assert campaign.ballot(1).metropolitan_close == datetime(2027, 4, 11, 18, tzinfo=UTC)
    assert not campaign.ballot(1).polling("abroad").online
    noon = datetime(2027, 4, 11, 10, tzinfo=UTC)
    assert campaign.quiet(kind=Kind.CIVIC_NEUTRAL, territory="FR", now=noon) is not None
    assert campaign.quiet(kind=Kind.GOTV, territory="FR", now=datetime(2016, 11, 20, 12, tzinfo=UTC)) is None
    assert campaign.warnings == ()  # nothing is planned that the law would hold back


@pytest.mark.parametrize(("allowed", "warned"), [("false", ["step “last"]), ("true", [])])
def test_a_step_that_the_law_always_holds_back_is_warned_of(allowed: str, warned: list[str]) -> None:
    text = Path("campaigns/presidentielle-2027/campaign.toml").read_text(encoding="utf-8")
    last = '[[steps]]\nname = "last"\nwhen = "D 16:30"\nuntil = "close"\nkind = "civic_neutral"\n'
    text = text.replace("civic_neutral = false", f"civic_neutral = {allowed}")
    campaign, _ = parse_campaign(text.replace("[courtesy]", f"{last}\n[courtesy]"))
    assert campaign is not None
    assert [warning.problem.split("”")[0] for warning in campaign.warnings] == warned


def test_the_next_ballot_is_the_first_that_is_not_over() -> None:
    campaign = load_campaign(PRIMARY_FILE)
    over = campaign.ballot(1).ends_at
    numbers = [
        ballot.number if (ballot := campaign.next_ballot(now)) else None
        for now in (over - timedelta(seconds=1), over, campaign.ballot(2).ends_at)
    ]
    assert numbers == [1, 2, None]


def test_a_ballot_on_a_weekday_is_a_warning() -> None:
    campaign, faults = parse_campaign(
        changed("day = 2016-11-20", "day = 2016-11-21").replace("11-20T19", "11-21T19")
    )
    assert campaign is not None
    (warning,) = [fault for fault in faults if "Monday" in fault.problem]
    assert warning.warning
    assert campaign.warnings == faults


def test_admins_are_told_the_head_of_the_log_unless_the_file_says_otherwise() -> None:
    campaign, _ = parse_campaign(PRIMARY)
    assert campaign is not None
    assert campaign.tells_log
    campaign, _ = parse_campaign(PRIMARY + "\n[audit]\ndaily_line = false\n")
    assert campaign is not None
    assert not campaign.tells_log
    campaign, faults = parse_campaign(PRIMARY + "\n[audit]\ndayly_line = false\n")
    assert campaign is None
    assert "dayly_line" in faults[0].problem


def test_what_costs_money_is_a_warning() -> None:
    campaign, faults = parse_campaign(changed("paid = false", "paid = true"))
    assert campaign is not None
    assert campaign.paid_broadcasts
    (warning,) = [fault for fault in faults if "0.1 Telegram Star" in fault.problem]
    assert warning.warning
    assert warning.line == line_of(PRIMARY, "paid = false")


def test_days_and_hours_may_differ_by_territory_and_round() -> None:
    text = changed(
        "[ballots.online]",
        '[ballots.days]\n"988" = 2016-11-19\n[ballots.hours]\n"974" = { closes = "18:00" }\n'
        '"69123" = { closes = "20:00" }\n[ballots.online]',
    )
    campaign, faults = parse_campaign(text)
    assert campaign is not None, faults
    first, second = campaign.ballots
    assert first.polling("988").day == date(2016, 11, 19)
    assert second.polling("988").day == date(2016, 11, 27)
    assert first.polling("974").hours.closes == time(18)
    assert second.polling("974").hours.closes == time(19)
    assert first.hours_in("69123").closes == time(20)
    assert first.metropolitan_close == datetime(2016, 11, 20, 19, tzinfo=UTC)
    assert second.metropolitan_close == datetime(2016, 11, 27, 18, tzinfo=UTC)


def test_a_file_as_windows_notepad_saves_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_bytes(b"\xef\xbb\xbf" + PRIMARY.replace("\n", "\r\n").encode())
    campaign, _faults = check_campaign(file)
    assert campaign is not None
    assert campaign.digest == load_campaign(PRIMARY_FILE).digest
    file.write_bytes(file.read_bytes().replace(b"[law]", b"[law"))
    with pytest.raises(
        CampaignError, match=f"line {PRIMARY.splitlines().index('[law]') + 1}: this is not TOML"
    ):
        check_campaign(file)


def test_the_examples_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_campaign_file(Path("campaigns/primaire-2016")) == SHIPPED / "campaign.toml"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_write_hours_in_french_as_the_bot_does(name: str) -> None:
    """“19 h”: so it stands in what the bot says above it."""
    given = tomllib.loads((SHIPPED.parent / name / "campaign.toml").read_text(encoding="utf-8"))
    assert re.findall(r"\b\d\d?:\d\d\b", str(list(in_french(given)))) == []


def in_french(given: dict[str, Any]) -> Iterator[Any]:
    """All that stands under `fr`."""
    for key, value in given.items():
        if key == "fr":
            yield value
        elif isinstance(value, dict):
            yield from in_french(value)


def test_a_campaign_may_keep_things_for_less_time() -> None:
    campaign, _ = parse_campaign(changed("profile_days = 30", "profile_days = 5"))
    assert campaign is not None
    assert campaign.retention == replace(Retention(), profile_days=5)


def test_a_plan_of_backups() -> None:
    assert parse_campaign(PRIMARY)[0] is not None
    campaign, faults = parse_campaign(
        f'{PRIMARY}\n[backup]\nfolder = "/b"\nkeep = 30\ncommand = ["/bin/keep", "it"]\n'
    )
    assert campaign is not None
    assert campaign.backups == BackupPlan(hour=time(3, 30), folder="/b", keep=30, command=("/bin/keep", "it"))
    assert [fault.warning for fault in faults if "erased since" in fault.problem] == [True]


def test_the_digest_follows_the_file() -> None:
    same, _ = parse_campaign(PRIMARY)
    other, _ = parse_campaign(PRIMARY + "# a remark\n")
    assert same is not None
    assert other is not None
    assert same.digest == load_campaign(PRIMARY_FILE).digest != other.digest


def test_lines_are_found_in_what_toml_allows() -> None:
    text = '''# a remark
top = 1
[a]
b = """
c = 2
[d]
"""
list = [
  "x = 1",
]
[[rows]]
n = 1
[rows.more]
k = 1
[[rows]]
"quoted key" = 1
e.f = 2
'''
    lines = find_lines(text)
    assert lines["top",] == 2
    assert lines["a", "b"] == 4
    assert ("a", "c") not in lines
    assert ("d",) not in lines
    assert lines["a", "list"] == 8
    assert ("a", "x") not in lines
    assert lines["rows", 0, "n"] == 12
    assert lines["rows", 0, "more", "k"] == 14
    assert lines["rows", 1] == 15
    assert lines["rows", 1, "quoted key"] == 16
    assert lines["rows", 1, "e", "f"] == 17


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_key_is_documented(name: str) -> None:
    document = Path("docs/campaign-file.md").read_text(encoding="utf-8")
    source = Source((Path("campaigns") / name / "campaign.toml").read_text(encoding="utf-8"))
    assert read_campaign(source, digest="", templates=None, languages=None) is not None
    for key in source.asked:
        # Languages, territories and the names of links stand for many.
        general = re.sub(r"^practical\.(fr|en)", "practical.LANGUAGE", key)
        general = re.sub(r"\.(fr|en)$", "", general)
        general = re.sub(r"\.(hours|fees)\.\d+", r".\1.CODE", general)
        general = re.sub(r"^links\..*", "links.NAME", general)
        if "." not in general or general.split(".")[-1] in {"LANGUAGE", "fees", "CODE", "online"}:
            continue  # tables, which the document has as headings or rows of their own
        assert f"`{general}`" in document, general
