"""An audience typed as people say it, in both languages, and what is said of one that is not understood."""

from __future__ import annotations

import time
from datetime import date

import pytest

from bot.errors import BadAudience
from bot.rules.audience_sentences import Known, sentence_in
from bot.rules.event_names import events_meant
from bot.rules.expressions import EVERYBODY, Expression, leaves_of, text_of
from bot.rules.leaves import read_leaf
from bot.rules.typed import folded
from bot.words.vocabulary import vocabulary

COMMUNES = {"lyon": "69123", "villeurbanne": "69266", "isle-d'abeau": "38193", "saint-etienne": "42218"}
PLACES = {"lyon": "69123", "villeurbanne": "69266", "rhone": "69", "ain": "01", "bretagne": "R53"}
EVENTS = (
    ("ab12", date(2016, 11, 17), ("Réunion publique", "Public meeting")),  # a Thursday
    ("cd34", date(2016, 11, 19), ("Tractage et café", "Leaflets and coffee")),
    ("ef56", date(2016, 9, 15), ("Réunion de rentrée", "First meeting")),  # a Thursday, long ago
)
TODAY = date(2016, 11, 16)
WORDS = vocabulary("fr")


def event(name: str) -> str | None:
    meant = events_meant(name, EVENTS, WORDS.dates, today=TODAY)
    return meant[0] if len(meant) == 1 else None


def place(name: str) -> Expression | None:
    found = PLACES.get(folded(name))
    return read_leaf(f"in:{found}") if found else None


KNOWN = Known(
    commune=lambda name: COMMUNES.get(folded(name)),
    alike=lambda name: [each for each in ("Lyon (69)",) if name == "Lyonn"],
    place=place,
    event=event,
    saved=lambda name: read_leaf("audience:terrain") if folded(name) == "terrain" else None,
    ballot=1,
    ballots=(1, 2),
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (
            "within 20 km of Lyon, who said yes to the meeting of Thursday, minus those who have voted",
            "near:69123:20 and rsvp:ab12:yes and not vote:1:voted",
        ),
        (
            "à 20 km de Lyon, ont dit oui à la réunion de jeudi, sauf ceux qui ont voté",
            "near:69123:20 and rsvp:ab12:yes and not vote:1:voted",
        ),
        ("à moins de 20 km de Lyon", "near:69123:20"),
        ("à 20 km de Lyon", "near:69123:20"),
        ("acceptent que l’équipe les connaisse", "named"),
        ("hésitent à aller voter", "intention:1:unsure"),
        ("Lyon 20 km", "near:69123:20"),
        ("20 km autour de L’Isle-d’Abeau", "near:38193:20"),
        ("dans un rayon de 5 kilomètres autour de Saint-Étienne et bénévoles", "near:42218:5 and volunteer"),
        ("Lyon 20 km, Villeurbanne 5 km", "near:69123:20 or near:69266:5"),
        ("Lyon, Villeurbanne et Ain, bénévoles", "(in:69123 or in:69266 or in:01) and volunteer"),
        ("Rhône ou Ain, sauf les bénévoles", "(in:69 or in:01) and not volunteer"),
        ("Bretagne moins Lyon", "in:R53 and not in:69123"),
        ("bénévoles et à l’étranger ou membres de l’équipe", "(volunteer and in:abroad) or staff"),
        ("ceux qui n’ont pas voté au tour 2", "not vote:2:voted"),
        ("sauf les bénévoles et ceux qui ont voté", "not (volunteer or vote:1:voted)"),
        ("tout le monde sauf ceux qui ont voté", "not vote:1:voted"),
        ("everybody", "in:FR"),
        ("those who attended « Tractage et café »", "rsvp:cd34:attended"),
        ("n’ont pas répondu à Réunion publique", "rsvp:ab12:silent"),
        ("ont dit oui", "rsvp:any:yes"),
        ("terrain sauf Lyon", "audience:terrain and not in:69123"),
        ("people of Lyon who have made a plan for round 2", "in:69123 and plan:2:any"),
        ("volunteers without a plan", "volunteer and plan:1:none"),
        # A condition and a place side by side: neither is left out.
        ("bénévoles de Lyon", "volunteer and in:69123"),
        ("the volunteers in Lyon, who have voted", "volunteer and in:69123 and vote:1:voted"),
        ("volunteers who live in Lyon or Ain", "volunteer and (in:69123 or in:01)"),
        ("ont voté à Lyon", "vote:1:voted and in:69123"),
        ("Ain ou bénévoles de Lyon", "in:01 or (volunteer and in:69123)"),
        ("tout le monde sauf les bénévoles de Lyon", "not (volunteer and in:69123)"),
        ("(bénévoles de Lyon) ou Ain", "(volunteer and in:69123) or in:01"),
        # A place after people of a place is another one for them; other people are others.
        ("bénévoles de Lyon ou Ain ou membres de l’équipe", "(volunteer and (in:69123 or in:01)) or staff"),
        (
            "membres de l’équipe de Lyon ou bénévoles de l’Ain",
            "(staff and in:69123) or (volunteer and in:01)",
        ),
        ("membres de l’équipe ou bénévoles de Lyon ou Ain", "staff or (volunteer and (in:69123 or in:01))"),
        ("volunteers within 20 km of Lyon or staff", "(volunteer and near:69123:20) or staff"),
        (
            "Rhône sauf les bénévoles de Lyon ou Villeurbanne",
            "in:69 and not (volunteer and (in:69123 or in:69266))",
        ),
        ("sauf les bénévoles de Lyon, Villeurbanne", "not (volunteer and (in:69123 or in:69266))"),
        ("n’ont pas voté dans le Rhône", "not vote:1:voted and in:69"),
        ("bénévoles à moins de 20 km de Lyon", "volunteer and near:69123:20"),
        ("volunteers within 20 km of Lyon", "volunteer and near:69123:20"),
        ("people living within 20 km of Lyon", "near:69123:20"),
        ("ceux qui habitent à 20 km de Lyon", "near:69123:20"),
        # Parentheses say what belongs together, where a condition could begin.
        ("volunteers and (Lyon or Ain)", "volunteer and (in:69123 or in:01)"),
        ("(bénévoles ou Lyon) et (ont voté)", "(volunteer or in:69123) and vote:1:voted"),
        ("Lyon, bénévoles de Villeurbanne", "in:69123 or (volunteer and in:69266)"),
        ("Lyon and volunteers of Villeurbanne", "in:69123 or (volunteer and in:69266)"),
        ("Rhône, bénévoles de Lyon", "in:69 and volunteer and in:69123"),
        ("bénévoles sauf (Lyon, Villeurbanne)", "volunteer and not (in:69123 or in:69266)"),
        ("(Lyon ou Ain) qui ont dit oui", "(in:69123 or in:01) and rsvp:any:yes"),
        ("ceux qui ont voté (tour 2), Lyon", "vote:2:voted and in:69123"),
        ("((bénévoles))", "volunteer"),
    ],
)
def test_a_sentence_is_an_expression(typed: str, meant: str) -> None:
    expression, spots = sentence_in(typed, WORDS.audience, KNOWN)
    assert text_of(expression) == meant
    assert set(spots) == set(leaves_of(expression)) or expression == EVERYBODY or "tout le monde" in typed


@pytest.mark.parametrize(
    ("typed", "word", "why"),
    [
        ("à 20 km de Qzxw, bénévoles", "Qzxw", "no_commune"),
        ("Lyon, quelque chose d’autre", "quelque chose d’autre", "not_understood"),
        ("jeunes de Lyon, bénévoles", "jeunes de Lyon", "not_understood"),
        ("retraités à 20 km de Lyon", "retraités", "not_understood"),
        ("Lyon 900 km", "900", "bad_distance"),
        ("à 20 km", "à 20 km", "no_place"),
        ("ont dit oui à la fête du muguet", "fête du muguet", "no_such_event"),
        ("bénévoles sauf", "sauf", "missing_after"),
        ("ont voté au tour 9", "au tour 9", "no_ballot"),
        ("bénévoles et (Lyon", "(", "not_closed"),
        ("bénévoles), Lyon", ")", "closes_nothing"),
        ("bénévoles sauf ()", "()", "not_understood"),
        ("(Lyon ou Ain) bénévoles", "bénévoles", "not_joined"),
        (", ;", ", ;", "not_understood"),
    ],
)
def test_what_is_not_understood_is_pointed_at(typed: str, word: str, why: str) -> None:
    with pytest.raises(BadAudience) as refused:
        sentence_in(typed, WORDS.audience, KNOWN)
    values = refused.value.values
    assert (values["word"], values["why"]) == (word, why)
    assert values["before"] + values["word"] + values["after"] == typed


def test_five_hundred_parentheses_around_a_word_are_refused_where_they_are_too_deep() -> None:
    with pytest.raises(BadAudience) as refused:
        sentence_in("(" * 500 + "bénévoles" + ")" * 500, WORDS.audience, KNOWN)
    assert refused.value.values["why"] == "too_large"
    assert "At character 32" in refused.value.sentence


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("Réunion publique", ["ab12"]),
        ("public meeting", ["ab12"]),
        ("la réunion", ["ab12", "ef56"]),
        ("réunion de jeudi", ["ab12"]),
        ("le rendez-vous de samedi", ["cd34"]),
        ("15/9", ["ef56"]),
        ("réunion du 15/9", ["ef56"]),
        ("le", []),
        ("mercredi", []),
    ],
)
def test_an_event_is_known_by_its_title_or_its_day(said: str, codes: list[str]) -> None:
    assert events_meant(said, EVENTS, WORDS.dates, today=TODAY) == codes


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("Lyonn 5 km", ["Lyon (69)"]),
        ("Lyonn, bénévoles", ["Lyon (69)"]),
        ("bénévoles Lyonn", ["Lyon (69)"]),
        ("volunteers of Lyonn", ["Lyon (69)"]),
        ("Qzxw 5 km", []),
    ],
)
def test_what_is_nearly_a_commune_is_offered_as_one(typed: str, choices: list[str]) -> None:
    with pytest.raises(BadAudience) as refused:
        sentence_in(typed, WORDS.audience, KNOWN)
    assert refused.value.values["choices"] == choices


@pytest.mark.parametrize("typed", ["Lyon 5 km x " + "de " * 1000, "bénévoles x " + "de " * 1000])
def test_words_that_say_nothing_cost_no_time(typed: str) -> None:
    """No message holds others up: each such word was once compared with everything before it, over and over."""
    begun = time.process_time()
    with pytest.raises(BadAudience):
        sentence_in(typed, WORDS.audience, KNOWN)
    assert time.process_time() - begun < 5
