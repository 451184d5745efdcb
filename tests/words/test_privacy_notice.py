"""/privacy tells what GDPR articles 13 and 14 ask for, from the campaign file, and fits in one message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.campaign.campaign import Campaign, load_campaign
from bot.words.telegram_html import check_html, parse_html
from bot.words.texts import Texts
from locales import LANGUAGES

CAMPAIGNS = {
    name: load_campaign(Path("campaigns") / name, languages=LANGUAGES)
    for name in ("primaire-2016", "presidentielle-2027")
}
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
    "13(2)(b) restriction and objection": ("/stop", "/stop"),
    "13(2)(c) withdrawal": ("/consent", "/consent"),
    "13(2)(d) complaint": ("CNIL", "CNIL"),
    "13(2)(e) no obligation": ("Rien ne vous oblige", "Nothing obliges you"),
    "13(2)(f) no automated decision": ("Aucune décision importante", "No decision that matters"),
    "14(1)(d) which data": ("Ce qui est conservé", "What is kept"),
    "14(2)(f) where it comes from": ("tout le reste vient de vous", "all the rest comes from you"),
}


def notice(campaign: Campaign, language: str) -> str:
    html = Texts({"campaign": campaign}).render("privacy/privacy", language).html
    check_html(html, 4096)
    return parse_html(html)


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
    for days in (3, 11, 4, retention.profile_days, retention.inactive_days):
        assert f" {days} " in told


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
