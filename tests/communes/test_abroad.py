import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.communes.abroad import countries, country_of, find_country


@pytest.mark.parametrize(
    ("text", "code", "zone"),
    [
        ("Allemagne", "DE", "Europe/Berlin"),
        ("germany", "DE", "Europe/Berlin"),
        ("l’Espagne", "ES", "Europe/Madrid"),
        ("etats unis", "US", "America/New_York"),
        ("USA", "US", "America/New_York"),
        ("Angleterre", "GB", "Europe/London"),
        ("Royaume", "GB", "Europe/London"),
        ("suise", "CH", "Europe/Zurich"),
        ("cote d'ivoire", "CI", "Africa/Abidjan"),
        ("MA", "MA", "Africa/Casablanca"),
        ("Londres", "GB", "Europe/London"),  # a large city leads to its country, its zone first
        ("los angeles", "US", "America/Los_Angeles"),
        ("Vancouver", "CA", "America/Vancouver"),
    ],
)
def test_find_country(text: str, code: str, zone: str) -> None:
    found = find_country(text, "fr")[0]
    assert (found.code, found.zones[0]) == (code, zone)


@pytest.mark.parametrize("text", ["", "zzzzz", "😀", "France", "12345", "a" * 10_000])
def test_nothing_is_found(text: str) -> None:
    assert find_country(text, "fr") == []


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=50))
def test_any_text_gets_an_answer(text: str) -> None:
    assert len(find_country(text, "en")) <= 5


@pytest.mark.parametrize(
    ("language", "name"), [("fr", "Allemagne"), ("en", "Germany"), ("pt-PT", "Alemanha")]
)
def test_names_follow_the_language(language: str, name: str) -> None:
    found = country_of("de", language)
    assert found is not None
    assert found.name == name
    assert country_of("FR", language) is None


def test_every_country_is_found_by_its_names_and_has_real_zones() -> None:
    assert len(countries("fr")) > 200
    for language in ("fr", "en"):
        for country in countries(language):
            assert find_country(country.name, language)[0].code == country.code
            assert country.zones
            for zone in country.zones:
                zoneinfo.ZoneInfo(zone)
