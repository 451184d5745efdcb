"""The campaign file: what it says, and every fault with its line and remedy."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.campaign.campaign import check_campaign, find_campaign_file, load_campaign, parse_campaign
from bot.campaign.reading import read_campaign
from bot.campaign.toml import Source, find_lines
from bot.errors import CampaignError
from bot.rules.backups import BackupPlan
from bot.rules.courtesy import Caps, CourtesyHours
from bot.rules.kinds import Kind
from bot.rules.retention import Retention
from tests.frozen import FROZEN, SHIPPED

EXAMPLES = ["primaire-2016", "presidentielle-2027", "municipales-2026", "assemblee-generale"]
PRIMARY_FILE = FROZEN / "campaign.toml"
PRIMARY = PRIMARY_FILE.read_text(encoding="utf-8")
SATURDAY_VOTERS = ["971", "972", "973", "975", "977", "978", "987", "987-marquises", "987-gambier"]


def changed(old: str, new: str) -> str:
    """The file of 2016 with its first `old` replaced."""
    assert old in PRIMARY
    return PRIMARY.replace(old, new, 1)


def line_of(text: str, sought: str) -> int:
    """The number of the first line that holds a text."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if sought in line)


def faults_of(text: str, **checks: frozenset[str]) -> list[str]:
    campaign, faults = parse_campaign(text, **checks)
    assert campaign is None
    return [str(fault) for fault in faults if not fault.warning]


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


FAULTS = [
    # what is changed, into what, the line that is to be named, what is said
    ("day = 2016-11-20", 'day = "2016-11-20"', "day = ", "write a date without quotes"),
    ("day = 2016-11-20", "", "[[ballots]]", "ballots.day is missing"),
    ("day = 2016-11-27", "day = 2016-11-20", "day = 2016-11-20", "begins before ballot 1 is over"),
    ('profile = "fr-primary-2016"', 'profile = "fr-1985"', "profile =", "fr-L49-2020"),
    ('day_before = ["971",', 'day_before = ["970",', "day_before =", "“970”"),
    ('opens = "08:00"', 'opens = "8h"', "opens =", 'such as "08:00"'),
    ('opens = "08:00"', 'opens = "25:00"', "opens =", 'such as "08:00"'),
    ('closes = "19:00"', 'closes = "07:00"', "closes =", "not after they open"),
    (
        "opens = 2016-11-19T19:00:00",
        "opens = 2016-11-21T19:00:00",
        "closes = 2016-11-20T19",
        "closes before it opens",
    ),
    (
        "closes = 2016-11-20T19:00:00",
        "closes = 2016-11-20T19:00:00Z",
        "closes = 2016-11-20T19",
        "has an offset",
    ),
    (
        "closes = 2016-11-20T19:00:00",
        "closes = 2016-11-25T19:00:00",
        "closes = 2016-11-25",
        "does not end with",
    ),
    ('when = "D-21 18:00"', 'when = "three weeks"', "when =", "D-21 18:00"),
    ('until = "D-8 18:00"', 'until = "D-22 18:00"', "until =", "useless before it leaves"),
    ('kind = "gotv"', 'kind = "spam"', "kind =", "event_invite"),
    ("ballots = [1]", "ballots = [3]", "ballots = [3]", "there is no ballot 3"),
    ('asks = "pledge"', 'asks = "money"', "asks =", "turnout"),
    ('follows = "go"', 'follows = "gone"', "follows =", "no earlier step"),
    ('name = "where"', 'name = "pledge"', "", "two steps are named “pledge”"),
    ('name = "where"', 'name = "Where to go"', 'name = "Where', "small letters"),
    ('starts = "10:00"', "", "[[slots]]", "has no start"),
    ('name = "midday"', 'name = "morning"', 'name = "morning"', "two slots"),
    ('default_slot = "midday"', 'default_slot = "noon"', "default_slot", "last_hour"),
    ('languages = ["fr", "en"]', "languages = []", "languages", "languages is empty"),
    ('languages = ["fr", "en"]', 'languages = ["French"]', "languages", "French"),
    ('languages = ["fr", "en"]', 'languages = ["de"]', "fr =", "name.fr is not known"),
    ('slug = "primaire-2016"', 'slug = "Primaire 2016"', "slug", "small letters"),
    ('privacy_contact = "donnees@exemple.fr"', 'privacy_contact = "us"', "privacy_contact", "e-mail"),
    ('address = "1 rue', 'adress = "1 rue', "adress", "did you mean address"),
    ('name = "Équipe Camille Durand"', 'name = ""', 'name = ""', "sender.name is blank"),
    ('name = "Équipe Camille Durand"', "name = 7", "name = 7", "sender.name is 7"),
    ('"988" = "200 F CFP', '"999" = "200 F CFP', '"999"', "“999” is not a territory"),
    ("[practical.fr]\n", '[bring]\nfee = "2 €"\n\n[practical.fr]\n', "fee =", "such as 2 EUR"),
    ("[practical.fr]\n", '[bring]\nthings = ["cake"]\n\n[practical.fr]\n', "things =", "voter_card"),
    (
        "[practical.fr]\n",
        '[bring.fees]\n"999" = "2 EUR"\n\n[practical.fr]\n',
        '"999" = "2 EUR"',
        "“999” is not a territory",
    ),
    ("[practical.en]", "[practical.de]", "[practical.de]", "is in no language"),
    ("per_day = 1", "per_day = 100", "per_day", "from 1 to 3"),
    ("per_day = 1", "per_day = true", "per_day", "per_day is True"),
    ("unfinished_days = 7", "unfinished_days = 70", "unfinished_days", "from 1 to 7"),
    ('opens = "09:00"', 'opens = "21:00"', 'closes = "20:30"', "do not follow one another"),
    ('website = "https', 'website = "ftp', "website", "https address"),
    ("holdout_percent = 0", "holdout_percent = 80", "holdout_percent", "from 0 to 50"),
    ("civic_neutral = true", 'also_block = ["service"]', "also_block", "persuasion"),
    ("civic_neutral = true", 'embargo = "19:30"', "embargo", "cannot end before 20:30"),
]


@pytest.mark.parametrize(("old", "new", "line", "said"), FAULTS)
def test_a_fault_is_named_with_its_line_and_remedy(old: str, new: str, line: str, said: str) -> None:
    text = changed(old, new)
    faults = faults_of(text)
    matching = [fault for fault in faults if said in fault]
    assert matching, faults
    match = re.match(r"line (\d+): .+: .+\.$", matching[0])
    assert match is not None, matching[0]
    if line:
        named = text.splitlines()[int(match[1]) - 1]
        assert line in named


def test_all_faults_are_told_at_once_in_order() -> None:
    text = changed("per_day = 1", "per_day = 100").replace('profile = "fr-primary-2016"', 'profile = "x"', 1)
    text = text.replace('kind = "persuasion"', 'kind = "spam"', 1)
    faults = faults_of(text)
    assert len(faults) == 3
    lines = [int(fault.split()[1].rstrip(":")) for fault in faults]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("day = 2016-11-20", "day = 2016-11-31", "write a date that exists"),
        ('slug = "primaire-2016"', 'slug = "primaire-2016', "not TOML"),
        ("[law]", "[law", "not TOML"),
        ("[courtesy]", "[law]", "[law] is there twice: keep one of them"),
        ('slug = "primaire-2016"', 'slug = "a"\nslug = "b"', "slug is there twice, on line 4 too: keep one"),
        ('closes = "19:00"', "closes = 19:00", 'closes is written without quotes: write closes = "19:00".'),
        ('slug = "primaire-2016"', "slug = primaire 2016", 'write slug = "primaire 2016".'),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(changed(old, new), encoding="utf-8")
    with pytest.raises(CampaignError, match=r"line \d+") as refused:
        load_campaign(file)
    assert said in refused.value.sentence
    assert str(file) in refused.value.sentence


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


def test_an_unknown_area_or_territory_of_exceptions_is_a_fault() -> None:
    text = changed(
        "[ballots.online]",
        '[ballots.days]\n"999" = 2016-11-19\n[ballots.hours]\n"Lyon" = { closes = "20:00" }\n'
        "[ballots.online]",
    )
    faults = faults_of(text)
    assert [fault.split(":")[0] for fault in faults] == [
        f"line {line_of(text, chr(34) + '999')}",
        f"line {line_of(text, chr(34) + 'Lyon')}",
    ]


def test_templates_and_languages_are_checked_when_they_are_known() -> None:
    templates = frozenset({"pledge", "where", "plan", "echo", "go", "last"})
    (fault,) = faults_of(PRIMARY, templates=templates)
    assert "step “thanks” has no template “thanks”" in fault
    (fault,) = faults_of(PRIMARY, languages=frozenset({"fr", "de"}))
    assert "no words in “en”" in fault


def test_a_profile_that_asks_for_a_label_gets_one() -> None:
    (fault,) = [f for f in faults_of(changed("fr-primary-2016", "fr-L49-2020")) if "label" in f]
    assert "sponsor" in fault


def test_a_missing_file_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="PORTEVOIX_CAMPAIGN"):
        load_campaign(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_bytes(b"# one\n# Pr\xe9sidentielle\n")
    said = re.escape("cannot be read, line 2: this is not UTF-8 (the byte 0xe9): save the file as UTF-8.")
    with pytest.raises(CampaignError, match=said):
        check_campaign(file)


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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "day = 2016-11-20",
            'day = "20 novembre"',
            "ballots.day is “20 novembre”: write a date without quotes",
        ),
        ("[sender", "[sendr", "sendr is not known: did you mean sender"),
        ("[law]", "[lwa]", "lwa is not known: did you mean law"),
        ("languages =", "langages =", "langages is not known: did you mean languages"),
    ],
)
def test_what_follows_from_a_fault_is_none(old: str, new: str, said: str) -> None:
    assert old in PRIMARY
    (fault,) = faults_of(PRIMARY.replace(old, new), languages=frozenset({"fr", "en"}))
    assert said in fault


def test_the_examples_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_campaign_file(Path("campaigns/primaire-2016")) == SHIPPED / "campaign.toml"


def test_an_empty_file_has_faults_and_no_traceback() -> None:
    said = " ".join(faults_of(""))
    for key in ("slug", "languages", "name", "sender", "controller", "law", "ballots"):
        assert key in said


def test_a_campaign_may_keep_things_for_less_time() -> None:
    campaign, _ = parse_campaign(changed("profile_days = 30", "profile_days = 5"))
    assert campaign is not None
    assert campaign.retention == replace(Retention(), profile_days=5)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('hour = "03:30"', "backup.folder"),
        ('folder = "backups"', "write an absolute path"),
        ('folder = "/b"\nhour = "3h"', "backup.hour"),
        ('folder = "/b"\nkeep = 0', "backup.keep"),
        ('folder = "/b"\nhours = "03:30"', "backup.hours"),
        ('folder = "/b"\ncommand = "cp"', "backup.command"),
        ('folder = "/b"\ncommand = ["cp", "-a"]', "write the absolute path of a program"),
        ('folder = "/b"\ncommand = ["/bin/cp", 1]', "backup.command has what is no text"),
    ],
)
def test_faults_of_a_plan_of_backups(table: str, said: str) -> None:
    assert said in " ".join(faults_of(f"{PRIMARY}\n[backup]\n{table}\n"))


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


# -- what a neutral reminder may take from the file --

GO = 'name = "go"\nwhen = "slot-1h"'


@pytest.mark.parametrize("template", ["echo", "thanks", "turnout", "reminder", "my_own"])
def test_a_neutral_step_has_no_template_but_the_programs_neutral_ones(template: str) -> None:
    text = changed(GO, f'{GO}\ntemplate = "{template}"')
    (fault,) = faults_of(text)
    assert f"line {line_of(text, f'template = {chr(34)}{template}')}" in fault
    assert f"is civic_neutral and has the template “{template}”, which is not neutral" in fault
    assert "use one of go, last" in fault


def test_no_other_step_has_a_neutral_template() -> None:
    """It would tell neither who writes nor how to stop news."""
    (fault,) = faults_of(changed('name = "echo"', 'name = "echo"\ntemplate = "go"'))
    assert "write kind = “civic_neutral”" in fault


@pytest.mark.parametrize(
    "address",
    [
        "https://camille-durand.fr/bureaux",
        "https://durand2017.fr/bureaux",
        "https://exemple.org/CAMILLE_DURAND",
        "https://exemple.org/?q=equipe-camille-durand",
        "https://primaire-de-la-droite-et-du-centre-2016.fr",
    ],
)
def test_the_one_link_of_neutral_reminders_bears_no_name_of_the_campaign(address: str) -> None:
    text = changed("https://bureaux-de-vote.exemple.org", address)
    (fault,) = faults_of(text)
    assert fault.startswith(f"line {line_of(text, 'polling_place')}")
    assert "bears a name of the campaign" in fault


def test_the_campaigns_own_site_is_warned_of_as_their_link() -> None:
    campaign, faults = parse_campaign(changed("https://bureaux-de-vote.exemple.org", "https://exemple.fr/ou"))
    assert campaign is not None
    assert ["on the campaign’s own site" in fault.problem for fault in faults] == [True]
