"""The papers of data protection: complete, filled from the campaign file and the code, in every language."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jinja2 import UndefinedError

import bot.documents
from bot.campaign.campaign import Campaign, load_campaign
from bot.cli import main
from bot.documents import DOCUMENTS, MARK, RIGHTS, Document, Storage, languages, questions, written
from bot.rules.ballot_kinds import Reveals
from db.inventory import HOLDINGS, DataSubject, Erased, KeptFor, TableHolding
from db.schema import metadata
from handlers import COMMANDS
from locales import LANGUAGES, TEMPLATES
from simulator.reading import as_read
from tests.spaces import may_break

CAMPAIGNS = {
    name: load_campaign(Path("campaigns") / name, languages=LANGUAGES)
    for name in ("primaire-2016", "presidentielle-2027")
}
PRIMARY, PRESIDENTIAL = CAMPAIGNS.values()
ENCRYPTED = Storage(engine="sqlite", key_from_environment=False)
REGISTER, DPIA = DOCUMENTS[:2]


def paper(
    document: Document, language: str, campaign: Campaign = PRESIDENTIAL, storage: Storage = ENCRYPTED
) -> str:
    made = written(
        document, language, campaign=campaign, storage=storage, today=date(2026, 11, 24), version="0.1.0"
    )
    assert may_break(re.sub(r"`[^`]*`", "", made), language) == []
    return as_read(made)


# -- every table and every column is told --


def test_every_table_and_column_is_described() -> None:
    """A column of personal data that is added has to be described before it is released."""
    described = sorted(f"{holding.table}.{column}" for holding in HOLDINGS for column in holding.columns)
    kept = {str(column) for table in metadata.tables.values() for column in table.c}
    assert kept - set(described) == set(), "say in db/inventory what these hold and when that goes"
    assert described == sorted(kept), "db/inventory describes what is not kept, or twice"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("document", [REGISTER, DPIA], ids=lambda document: document.name)
def test_every_personal_table_stands_in_the_table_of_data(document: Document, language: str) -> None:
    rows = [line for line in paper(document, language).splitlines() if line.startswith("| ")]
    for holding in HOLDINGS:
        if holding.data:
            (row,) = [line for line in rows if f"(`{holding.table}`)" in line]
            assert len(re.split("; | ; ", row.split("|")[3])) >= len(holding.data)


@pytest.mark.parametrize("language", languages())
def test_a_datum_without_words_is_an_error(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unheard_of = TableHolding(
        table="people",
        subject=DataSubject.SUPPORTERS,
        kept=KeptFor.PROFILE,
        erased=Erased.DELETED,
        data={"shoe_size": ("shoe_size",)},
    )
    monkeypatch.setattr(bot.documents, "HOLDINGS", (unheard_of,))
    with pytest.raises(UndefinedError):
        paper(REGISTER, language)


# -- in every language, for every campaign --


def test_there_are_documents_in_every_language() -> None:
    assert set(languages()) == set(LANGUAGES)
    for language in languages():
        names = {file.name for file in (TEMPLATES / "documents" / language).iterdir()}
        assert names == {"_words.md.j2", *(f"{document.name}.md.j2" for document in DOCUMENTS)}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", CAMPAIGNS)
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_each_is_whole(document: Document, language: str, name: str, engine: str) -> None:
    campaign = CAMPAIGNS[name]
    if document.of_label and campaign.label is None:
        pytest.skip("without a label there is nothing to publish")
    text = paper(document, language, campaign, Storage(engine=engine, key_from_environment=False))
    assert campaign.text(campaign.name, language) in text
    assert campaign.controller.privacy_contact in text
    assert questions(text) > 5
    for left in ("None", "{{", "{%", "<i>", "<blockquote"):
        assert left not in text
    assert ("conseil juridique" if language == "fr" else "not legal advice") in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(cells) == 1, block


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_both_languages_ask_the_same(document: Document, language: str) -> None:
    assert questions(paper(document, language)) == questions(paper(document, "fr"))
    headings = [line.split()[0] for line in paper(document, language).splitlines() if line.startswith("#")]
    assert headings == [
        line.split()[0] for line in paper(document, "fr").splitlines() if line.startswith("#")
    ]


def test_french_keeps_its_punctuation_with_its_word() -> None:
    for file in (TEMPLATES / "documents" / "fr").iterdir():
        words = re.sub(r"\{%.*?%\}|\{#.*?#\}|`[^`]*`", "", file.read_text(encoding="utf-8"))
        for line in words.splitlines():
            assert not re.search(r"[ \u00a0][?!;»]|«[^\u202f]|\w'\w|[ \u00a0]:(?! \")", line), line


# -- the facts are those of the campaign and of the code --


@pytest.mark.parametrize("language", languages())
def test_periods_come_from_the_campaign_file(language: str) -> None:
    retention = replace(
        PRESIDENTIAL.retention,
        unfinished_days=3,
        event_answers_days=19,
        vote_days=4,
        profile_days=23,
        inactive_days=111,
    )
    text = paper(REGISTER, language, replace(PRESIDENTIAL, retention=retention))
    unit = "jours" if language == "fr" else "days"
    for days in (3, 19, 4, 23, 111):
        assert re.search(rf"\b{days}\s{unit}", text)


@pytest.mark.parametrize("language", languages())
def test_what_the_campaign_file_does_not_say_is_asked(language: str) -> None:
    known, unknown = paper(REGISTER, language), paper(REGISTER, language, PRIMARY)
    assert PRESIDENTIAL.controller.host is not None
    assert PRESIDENTIAL.controller.host in known
    assert "controller.host" in unknown
    assert "controller.officer" in unknown
    assert questions(unknown) == questions(known) + 2


@pytest.mark.parametrize("language", languages())
def test_encryption_is_told_as_it_is(language: str) -> None:
    assert "SQLCipher" in paper(DPIA, language)
    on_postgresql = paper(DPIA, language, storage=Storage(engine="postgresql", key_from_environment=False))
    assert "SQLCipher" not in on_postgresql
    assert questions(on_postgresql) > questions(paper(DPIA, language))


def test_each_right_has_a_command_that_exists() -> None:
    names = {command.name for command in COMMANDS}
    for _, commands in RIGHTS.values():
        assert set(commands) <= names


# -- the command --


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An empty data folder, and none of the settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("PORTEVOIX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTEVOIX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", "campaigns/primaire-2016")
    return monkeypatch


def test_the_command_writes_them(
    tmp_path: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("PORTEVOIX_CAMPAIGN", "campaigns/presidentielle-2027")
    assert main(["documents", str(tmp_path / "papers")]) == 0
    said = capsys.readouterr().out
    made = {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / "papers").iterdir()}
    assert set(made) == {
        f"{document.name}-{language}.md" for document in DOCUMENTS for language in ("fr", "en")
    }
    for name, text in made.items():
        assert f"{name}: {text.count(MARK)} things" in said
    assert not (tmp_path / "data").exists(), "Nothing is opened or made for it."


def test_the_command_replaces_nothing(
    tmp_path: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dpia-en.md").write_text("answers")
    assert main(["documents", str(tmp_path), "--language", "en"]) == 2
    assert "dpia-en.md exists already" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["dpia-en.md"]


def test_without_a_label_there_is_nothing_to_publish(
    tmp_path: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["documents", str(tmp_path), "--language", "en"]) == 0
    assert "no [label]" in capsys.readouterr().out
    made = sorted(file.name for file in tmp_path.iterdir())
    assert made == ["dpia-en.md", "processors-en.md", "register-en.md"]


# -- what taking part reveals --

MEMBERS = load_campaign(Path("campaigns/assemblee-generale"), languages=LANGUAGES)
ARTICLE_9 = {"fr": "9, paragraphe 2", "en": "9(2)"}
SAID = {
    Reveals.POLITICAL_OPINION: {"fr": "politique", "en": "political"},
    Reveals.UNION_MEMBERSHIP: {"fr": "appartenance syndicale", "en": "trade-union membership"},
    Reveals.BELIEFS: {"fr": "convictions religieuses", "en": "religious or philosophical beliefs"},
}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("reveals", Reveals)
@pytest.mark.parametrize("document", DOCUMENTS[:3], ids=lambda document: document.name)
def test_the_papers_of_members_say_what_their_file_says(
    document: Document, reveals: Reveals, language: str
) -> None:
    said = paper(document, language, replace(MEMBERS, reveals=reveals))
    if reveals is Reveals.NOTHING:
        assert ARTICLE_9[language] not in said
    else:
        assert SAID[reveals][language] in said
    if reveals is not Reveals.POLITICAL_OPINION:
        plain = said.replace("political, philosophical", "").replace("politique, philosophique", "")
        assert not re.search(r"politi(cal|que)|électoral|electoral|procuration|proxy", plain)
    assert not re.search("dernier tour|last round", said), "There is one vote."


@pytest.mark.parametrize("language", languages())
def test_a_choice_that_is_not_offered_stands_in_no_paper(language: str) -> None:
    for campaign in (MEMBERS, load_campaign(Path("campaigns/municipales-2026"))):
        said = paper(REGISTER, language, campaign)
        assert {"fr": "« messages selon la commune »", "en": "“messages by commune”"}[language] not in said
