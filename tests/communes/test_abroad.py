import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.communes import load
from bot.communes.abroad import countries, country_of, find_country
from bot.communes.consulates import POSTS, home_named, home_of, homes_in, hours_of
from locales.words import words_of
from tests.thorough import examples


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


@settings(max_examples=examples(50), deadline=None)
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


POSTS_KNOWN = [
    line.split(",") for line in POSTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
]


@pytest.mark.parametrize(("country", "zone", "english"), POSTS_KNOWN)
def test_each_post_is_in_a_zone_of_its_country(country: str, zone: str, english: str) -> None:
    french = words_of("fr").places.posts.get(english, english)
    found = country_of(country, "fr")
    assert found is not None
    assert zone in found.zones
    for name in (french, english):
        # GeoNames knows most of these cities, and keeps the same hours there.
        city = load().search(name).abroad
        assert city is None or (city.country, hours_of(city.zone)) == (country, hours_of(zone))
        home = home_named(name, country, "fr")
        assert home is not None
        assert (home.name, home.zone, home.is_post) == (french, zone, True)


def test_whoever_lives_abroad_finds_their_hours() -> None:
    for language in ("fr", "en"):
        for country in countries(language):
            homes = homes_in(country.code, language)
            hours = {hours_of(home.zone) for home in homes}
            assert hours == {hours_of(zone) for zone in country.zones}
            assert len({home.key for home in homes}) == len({home.name for home in homes}) == len(homes)
            for home in homes:
                assert len(f"1:home:{country.code}:{home.key}") <= 64  # a button holds it
                assert home_of(country.code, home.key, language) == home
                zoneinfo.ZoneInfo(home.zone)


@pytest.mark.parametrize(
    ("country", "names"),
    [
        ("BE", ["Bruxelles"]),  # one post, one zone: nothing to choose
        ("AR", ["Buenos Aires"]),  # twelve zones that agree
        ("ES", ["Barcelone", "Madrid", "Îles Canaries"]),
        ("CL", ["Santiago", "Punta Arenas", "Île de Pâques"]),
        ("CD", ["Kinshasa", "Lubumbashi"]),
        ("FR", []),
        ("ZZ", []),
    ],
)
def test_homes(country: str, names: list[str]) -> None:
    assert [home.name for home in homes_in(country, "fr")] == names


@pytest.mark.parametrize(
    ("text", "country", "zone"),
    [
        ("la nouvelle-orléans", "US", "America/Chicago"),
        ("seattle", "US", "America/Los_Angeles"),
        ("Las Palmas", "ES", "Atlantic/Canary"),
        ("honolulu", "US", "Pacific/Honolulu"),
        ("Québec", "CA", "America/Toronto"),
        ("Londres", "US", None),
        ("", "US", None),
        ("x" * 10_000, "US", None),
    ],
)
def test_home_named(text: str, country: str, zone: str | None) -> None:
    home = home_named(text, country, "fr")
    assert (home.zone if home else None) == zone
