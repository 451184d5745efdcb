"""Every fault of a campaign file is told with its line and remedy: all at once, and none that follows from another."""

import re
from pathlib import Path

import pytest

from bot.campaign.campaign import check_campaign, load_campaign, parse_campaign
from bot.errors import CampaignError
from tests.changing import PRIMARY, changed, faults_of, line_of

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


def test_an_empty_file_has_faults_and_no_traceback() -> None:
    said = " ".join(faults_of(""))
    for key in ("slug", "languages", "name", "sender", "controller", "law", "ballots"):
        assert key in said


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
