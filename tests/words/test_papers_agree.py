"""The papers contradict neither each other nor the product: all are read, in both languages, on both engines."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.cli import parser
from bot.documents import DOCUMENTS, MARK, RIGHTS, Storage, languages, written
from bot.words.texts import Texts
from handlers import COMMANDS
from locales import LANGUAGES
from simulator.reading import as_read
from tests.notice import whole_notice
from tests.test_docs import commands

CAMPAIGN = load_campaign(Path("campaigns/presidentielle-2027"), languages=LANGUAGES)
ENGINES = ("sqlite", "postgresql")
NOTICE = "notice"
ALL = (NOTICE, *(document.name for document in DOCUMENTS))


@cache
def paper(name: str, language: str, engine: str = "sqlite") -> str:
    """A paper of data protection, or the notice of the chat, as it is read."""
    if name == NOTICE:
        return as_read(whole_notice(CAMPAIGN, language))
    (document,) = [each for each in DOCUMENTS if each.name == name]
    storage = Storage(engine=engine, key_from_environment=False)
    made = written(
        document, language, campaign=CAMPAIGN, storage=storage, today=date(2026, 11, 24), version="1"
    )
    return as_read(made)


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s|\n|\|", text)


# -- encrypted, where it is true --

ENCRYPTED = re.compile(r"encrypt|chiffr|SQLCipher", re.IGNORECASE)
NOT_THE_DATABASE = re.compile(
    r"end-to-end|de bout en bout|Encryption in transit|Chiffrement en transit"
    r"|does not encrypt|ne la chiffre pas|encrypts nothing|ne chiffre rien"
    r"|the host’s|l’hébergeur|host of PostgreSQL|terms for bot developers|conditions de Telegram"
    r"|The processor applies|Le sous-traitant met en œuvre|PostgreSQL accepts encrypted|PostgreSQL n’accepte"
    r"|`portevoix backup` (makes a copy that is encrypted|fait une copie chiffrée)"
    r"|^- \*\*(Encryption at rest|Chiffrement au repos)\.\*\*$"
)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", ALL)
def test_nothing_is_called_encrypted_that_is_not(name: str, language: str) -> None:
    """On PostgreSQL, Portevoix encrypts nothing: every sentence that speaks of it says whose part that is, or asks."""
    claims = [
        sentence
        for sentence in sentences(paper(name, language, "postgresql"))
        if ENCRYPTED.search(sentence) and MARK not in sentence and not NOT_THE_DATABASE.search(sentence)
    ]
    assert claims == []


@pytest.mark.parametrize("language", languages())
def test_the_database_of_one_machine_is_encrypted_and_said_to_be(language: str) -> None:
    for name in ("register", "dpia", "processors"):
        if name != "processors":
            assert "SQLCipher" in paper(name, language)
        assert "SQLCipher" not in paper(name, language, "postgresql")


# -- one thing said everywhere --

TELLERS = ("register", "dpia", NOTICE)
SAID = {
    "restriction": (TELLERS, r"/restrict", r"/restrict"),
    "restriction by name": (TELLERS, r"[Ll]imitation", r"[Rr]estriction"),
    "objection": (TELLERS, r"/stop", r"/stop"),
    "consent": (TELLERS, r"9, paragraphe 2, point a", r"9\(2\)\(a\)"),
    "the team’s own opinion": (("register", "dpia"), r"9, paragraphe 2, point d", r"9\(2\)\(d\)"),
    "where Telegram is": (
        (*TELLERS, "processors"),
        r"îles Vierges britanniques.*Émirats arabes unis",
        r"British Virgin Islands.*United Arab Emirates",
    ),
    "on what ground it gets it": (
        (*TELLERS, "processors"),
        r"article 49, paragraphe 1, point a",
        r"article 49\(1\)\(a\)",
    ),
    "no adequacy": ((*TELLERS, "processors"), r"décision d’adéquation", r"adequacy decision"),
    "Telegram can read": (
        (*TELLERS, "processors"),
        r"pas chiffrées? de bout en bout",
        r"not end-to-end encrypted",
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fact", SAID)
def test_each_says_it(fact: str, engine: str) -> None:
    tellers, *words = SAID[fact]
    for language, pattern in zip(("fr", "en"), words, strict=True):
        for name in tellers:
            assert re.search(pattern, paper(name, language, engine)), (name, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_question_says_what_the_transfer_rests_on(language: str) -> None:
    """An explicit consent to a transfer is one only where the risk was told with the question."""
    texts = Texts({"campaign": CAMPAIGN})
    for name in ("registration/first", "privacy/choice"):
        told = as_read(texts.render(name, language, purpose="contact", friend="", is_over=False).plain)
        assert "Telegram" in told
        assert re.search("hors de l’UE|outside the EU", told)
        assert re.search("pourrait les lire|could read them", told)
        assert re.search("[Cc]ommunication politique|political communication", told)


# -- as the product does it --

NO_LONGER_TRUE = (
    # Files of an area have rows only of who agreed; neutral reminders may bear the link to find one's polling place.
    r"everybody else stands there under their pseudonym|n’y figurent que sous leur pseudonyme",
    r"no candidate, slogan or link|ni slogan, ni lien",
    r"pseudonym, even after|pseudonyme, même après",
)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", ALL)
def test_nothing_is_said_that_the_product_no_longer_does(name: str, language: str) -> None:
    for engine in ENGINES:
        assert not re.search("|".join(NO_LONGER_TRUE), paper(name, language, engine))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", ALL)
def test_every_command_that_a_paper_names_exists(name: str, language: str) -> None:
    text = paper(name, language)
    in_the_chat = {command.name for command in COMMANDS}
    named = re.findall(r"`/(\w+)`" if name != NOTICE else r"(?<![\w/.])/([a-z]+)\b", text)
    assert set(named) <= in_the_chat
    on_the_machine = {path for path, _ in commands(parser())}
    for typed in re.findall(r"`(portevoix [a-z]+(?: [a-z]+)?)[^`]*`", text):
        assert any(typed.startswith(path) or path.startswith(typed) for path in on_the_machine), typed


@pytest.mark.parametrize("language", languages())
def test_every_right_stands_in_register_and_assessment_with_its_command(language: str) -> None:
    for name in ("register", "dpia"):
        rows = [line for line in paper(name, language).splitlines() if line.startswith("|")]
        for _, exercised in RIGHTS.values():
            cell = ", ".join(f"`/{command}`" for command in exercised)
            assert any(cell in row for row in rows), cell


# -- the faults that were found --

LEVELS = {
    "fr": ("négligeable", "limitée", "importante", "maximale"),
    "en": ("negligible", "limited", "significant", "maximum"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("language", languages())
def test_each_fault_is_weighed_before_and_after_its_measure(language: str, engine: str) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in paper("dpia", language, engine).splitlines()
        if line.count(" → ") == 2 and not line.startswith(("| Risk |", "| Risque |"))
    ]
    assert len(rows) >= 12
    levels = LEVELS[language]
    for _, severity, likelihood, measure in rows:
        for weighed in (severity, likelihood):
            before, after = weighed.split(" → ")
            assert levels.index(after) <= levels.index(before)
        assert len(measure) > 20
    improved = [row for row in rows if len(set(row[2].split(" → "))) == 2]
    # On PostgreSQL a stolen disk is as likely to be read as its host lets it be.
    assert len(improved) == len(rows) - (engine == "postgresql")


def test_both_languages_weigh_the_same() -> None:
    weighed = {
        language: [
            [LEVELS[language].index(level) for level in re.findall("|".join(LEVELS[language]), line)]
            for line in paper("dpia", language).splitlines()
            if line.count(" → ") == 2 and not line.startswith(("| Risk |", "| Risque |"))
        ]
        for language in languages()
    }
    assert weighed["fr"] == weighed["en"]
