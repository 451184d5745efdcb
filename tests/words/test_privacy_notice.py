"""/privacy tells what GDPR articles 13 and 14 ask for, from the campaign file, and fits in one message."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.documents import DOCUMENTS, Storage, written
from bot.rules.retention import Retention
from bot.words.texts import Texts
from locales import LANGUAGES
from tests.notice import MESSAGES, whole_notice
from tests.reading import as_read

CAMPAIGNS = {
    name: load_campaign(Path("campaigns") / name, languages=LANGUAGES)
    for name in ("primaire-2016", "presidentielle-2027")
}
FIRST_LAYER = 125
"""The words of /privacy, at most; its buttons tell the rest."""
# What the articles ask for, by the words that tell it in each language.
TOLD = {
    "13(1)(a) who is responsible": ("Responsable du traitement", "Who is responsible"),
    "13(1)(c) what for": ("À quoi elles servent", "What it is for"),
    "13(1)(c) basis of an opinion": ("article 9, paragraphe 2, point a", "9(2)(a)"),
    "13(1)(c) basis": ("article 6, paragraphe 1, point a", "6(1)(a)"),
    "13(1)(e) recipients": ("Qui les voit", "Who sees it"),
    "13(1)(f) outside the Union": ("hors de l’Union européenne", "outside the European Union"),
    "13(2)(a) how long": ("Combien de temps", "How long"),
    "13(2)(b) access and portability": ("/mydata", "/mydata"),
    "13(2)(b) rectification": ("/settings", "/settings"),
    "13(2)(b) erasure": ("/delete", "/delete"),
    "13(2)(b) restriction": ("(limitation)", "(restriction): /restrict"),
    "13(2)(b) objection": ("/stop", "/stop"),
    "13(2)(c) withdrawal": ("/consent", "/consent"),
    "13(2)(d) complaint": ("CNIL", "CNIL"),
    "13(2)(e) no obligation": ("Rien ne vous oblige", "Nothing obliges you"),
    "13(2)(f) no automated decision": ("Aucune décision importante", "No decision that matters"),
    "14(1)(d) which data": ("Ce qui est conservé", "What is kept"),
    "14(2)(f) where it comes from": ("tout le reste vient de vous", "all the rest comes from you"),
}


notice = whole_notice


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_layer_is_short(language: str) -> None:
    html = Texts({"campaign": CAMPAIGNS["primaire-2016"]}).render("privacy/privacy", language).html
    words = [word for word in re.sub(r"<[^>]+>", "", as_read(html)).split() if re.search(r"\w", word)]
    assert len(words) <= FIRST_LAYER, len(words)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("proof_days", [0, 365])
def test_each_point_of_the_first_layer_begins_a_line(language: str, rounds: int, proof_days: int) -> None:
    whole = CAMPAIGNS["primaire-2016"]
    kept = replace(whole.retention, proof_days=proof_days)
    campaign = replace(whole, ballots=whole.ballots[:rounds], retention=kept)
    lines = Texts({"campaign": campaign}).render("privacy/privacy", language).html.splitlines()
    assert [line[0] for line in lines if "•" in line] == ["•"] * 5


@pytest.mark.parametrize("name", CAMPAIGNS)
@pytest.mark.parametrize("article", TOLD)
def test_every_point_of_the_law_is_told(article: str, name: str) -> None:
    for language, words in zip(("fr", "en"), TOLD[article], strict=True):
        assert words in notice(CAMPAIGNS[name], language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_campaign_file_fills_it(language: str) -> None:
    campaign = CAMPAIGNS["presidentielle-2027"]
    retention = replace(campaign.retention, unfinished_days=3, event_answers_days=11, vote_days=4)
    told = notice(replace(campaign, retention=retention), language)
    controller = campaign.controller
    assert controller.officer is not None
    assert controller.host is not None
    for value in (controller.name, controller.address, controller.privacy_contact, controller.officer):
        assert value in told
    assert controller.host in told
    periods = Texts({"campaign": campaign})._environments[language].filters["period"]
    for days in vars(retention).values():
        assert periods(days) in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_there_is_not_told(language: str) -> None:
    told = notice(CAMPAIGNS["primaire-2016"], language)
    assert "None" not in told
    assert not any(words in told for words in ("Délégué", "officer", "exploité", "is run"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_names_still_fit_in_one_message(language: str) -> None:
    campaign = CAMPAIGNS["presidentielle-2027"]
    long = replace(
        campaign.controller,
        name="Association de financement " * 4,
        address="1 rue de la République " * 4,
        host="Hébergeur " * 10,
        privacy_contact=f"{'protection' * 4}@exemple.fr",
        officer=f"{'protection' * 4}@exemple.fr",
    )
    statement = {language: "Nous vous écrivons. " * 15}
    sender = replace(campaign.sender, statement=statement)
    notice(replace(campaign, controller=long, sender=sender, languages=(language,)), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_notice_and_register_tell_the_periods_of_the_campaign_file(language: str) -> None:
    """Each period is another here: whichever is left out, or contradicts the file, is noticed."""
    campaign = CAMPAIGNS["presidentielle-2027"]
    names = [field.name for field in fields(Retention)]
    retention = Retention(**{name: 40 + number for number, name in enumerate(names)})
    campaign = replace(campaign, retention=retention)
    storage = Storage(engine="postgresql", key_from_environment=False)
    register, dpia = (
        written(document, language, campaign=campaign, storage=storage, today=date(2026, 11, 24), version="1")
        for document in DOCUMENTS[:2]
    )
    unit = "jours" if language == "fr" else "days"
    for text in (notice(campaign, language), register, dpia):
        assert {name for name in names if f"{getattr(retention, name)}\u00a0{unit}" not in text} == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", [*MESSAGES, "privacy/choice", "registration/first"])
def test_nobody_is_promised_encryption_that_the_host_may_not_give(template: str, language: str) -> None:
    """PostgreSQL is encrypted by its host or not at all. That Telegram's chats are not is told."""
    texts = Texts({"campaign": CAMPAIGNS["primaire-2016"]})
    told = texts.render(template, language, purpose="contact", friend="", is_over=False).plain
    told = told.replace("not end-to-end encrypted", "").replace("n’est pas chiffrée de bout en bout", "")
    assert not re.search("encrypted|chiffré", told)
