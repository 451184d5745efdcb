"""The shipped gazetteer, asked as people ask: every commune is there and is found."""

import zoneinfo
from collections.abc import Callable
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.communes import SHIPPED, Commune, load
from bot.communes.store import read_table
from bot.rules.communes.text import fold, key_of, words_of
from tests.thorough import examples, one_in_many

GAZETTEER = load()
CITIES = frozenset({"75056", "69123", "13055"})
TRIED = one_in_many(GAZETTEER.codes())
"""They change with the shipped file alone, and are searched for one after the other."""
codes = st.sampled_from(GAZETTEER.codes())
spellings = st.sampled_from(
    (
        lambda name: name,
        str.lower,
        str.upper,
        fold,
        lambda name: name.replace("-", " ").replace("'", "’"),
        lambda name: name.replace("-", "").replace("'", " ").swapcase(),
        lambda name: f"  {name.replace('-', ' - ')} ",
        lambda name: name.replace("Saint-", "St ").replace("Sainte-", "Ste ").replace("-sur-", " s/ "),
    )
)
departments = st.sampled_from(("{} {}", "{} ({})", "{}, {}", "{},{}", "{} - {}", "{1} {0}"))


@cache
def commune(code: str) -> Commune:
    found = GAZETTEER.by_code(code)
    assert found is not None
    return found


def search(text: str) -> list[str]:
    return [found.code for found in GAZETTEER.search(text).results]


def test_everything_is_there() -> None:
    assert len(GAZETTEER) == 34_969 + 45
    arrondissements = [code for code in GAZETTEER.codes() if commune(code).parent]
    assert len(arrondissements) == 45
    assert {commune(code).parent for code in arrondissements} == CITIES


def test_every_commune_has_a_territory_a_zone_and_a_centre() -> None:
    zones = {found.zone for found in map(commune, GAZETTEER.codes())}
    for zone in zones:
        zoneinfo.ZoneInfo(zone)
    for code in GAZETTEER.codes():
        found = commune(code)
        assert (found.territory == "FR") == (found.zone == "Europe/Paris")
        assert (found.latitude, found.longitude) != (0, 0)
        assert found.department_name
        assert found.region_name


@pytest.mark.parametrize(
    ("code", "department", "territory", "zone"),
    [
        ("75056", "75", "FR", "Europe/Paris"),
        ("2A004", "2A", "FR", "Europe/Paris"),
        ("97105", "971", "971", "America/Guadeloupe"),
        ("97209", "972", "972", "America/Martinique"),
        ("97302", "973", "973", "America/Cayenne"),
        ("97411", "974", "974", "Indian/Reunion"),
        ("97502", "975", "975", "America/Miquelon"),
        ("97611", "976", "976", "Indian/Mayotte"),
        ("97701", "977", "977", "America/St_Barthelemy"),
        ("97801", "978", "978", "America/Marigot"),
        ("98613", "986", "986", "Pacific/Wallis"),
        ("98735", "987", "987", "Pacific/Tahiti"),
        ("98731", "987", "987-marquises", "Pacific/Marquesas"),
        ("98719", "987", "987-gambier", "Pacific/Gambier"),
        ("98818", "988", "988", "Pacific/Noumea"),
    ],
)
def test_territories(code: str, department: str, territory: str, zone: str) -> None:
    found = commune(code)
    assert (found.department, found.territory, found.zone) == (department, territory, zone)


def test_every_commune_is_first_by_its_name_and_departement() -> None:
    missed = [
        code
        for code in TRIED
        if (found := commune(code)).parent is None
        and search(f"{found.name} {found.department}")[:1] != [code]
    ]
    assert missed == []


def test_every_commune_is_first_by_its_name_and_postcode() -> None:
    missed = [
        (code, postcode)
        for code in TRIED
        if code not in CITIES  # With a postcode, a part of Paris, Lyon or Marseille is meant.
        for postcode in commune(code).postcodes
        if search(f"{postcode} {commune(code).name}")[:1] != [code]
    ]
    assert missed == []


@settings(max_examples=examples(400), deadline=None)
@given(codes, spellings, departments, st.booleans())
def test_name_and_departement_however_written(
    code: str, spell: Callable[[str], str], form: str, by_name: bool
) -> None:
    found = commune(code)
    if found.parent:
        return
    form = "{} {}" if by_name else form
    text = form.format(spell(found.name), found.department_name if by_name else found.department)
    result = GAZETTEER.search(text)
    assert result.results[0].code == code, text
    # `Marseille 13` may be the arrondissement, `Champigny Marne` Champigny-sur-Marne: the bot asks.
    assert result.confident or code == "13055" or (by_name and len(result.results) > 1)


@settings(max_examples=examples(400), deadline=None)
@given(codes, spellings, st.sampled_from(("{} {}", "{1} {0}", "{} ({})", "{1}, {0}")), st.randoms())
def test_name_and_postcode_however_written(
    code: str, spell: Callable[[str], str], form: str, rng: Random
) -> None:
    found = commune(code)
    if not found.postcodes or code in CITIES:
        return  # With a postcode, a part of Paris, Lyon or Marseille is meant.
    text = form.format(spell(found.name), rng.choice(found.postcodes))
    assert search(text)[0] == code, text


@settings(max_examples=examples(300), deadline=None)
@given(codes, spellings)
def test_bare_name_gives_a_namesake_and_is_sure_only_if_there_is_none(
    code: str, spell: Callable[[str], str]
) -> None:
    found = commune(code)
    result = GAZETTEER.search(spell(found.name))
    key = key_of(words_of(found.name))
    assert key_of(words_of(result.results[0].name)) == key
    namesakes = [other for other in result.results if key_of(words_of(other.name)) == key]
    assert [other.population for other in namesakes] == sorted(
        (other.population for other in namesakes), reverse=True
    )
    assert not (result.confident and len(namesakes) > 1)


@pytest.mark.parametrize(
    "typed", ["24/11/2016", "25/11 20h", "12/12/1990", "12-11", "25.11 à 20h30", "01/02/03"]
)
def test_a_date_is_no_commune(typed: str) -> None:
    """`24/11/2016` was Andelain, surely: its year was the postcode 02016."""
    found = GAZETTEER.search(typed)
    assert (found.results, found.confident) == ((), False)


def test_every_commune_is_found_by_its_code() -> None:
    """First and surely by a code that is nothing else. One that is other communes' postcode means these alone, unless
    it is said to be an INSEE code.
    """
    covered: dict[str, set[str]] = {}
    for code in GAZETTEER.codes():
        for postcode in commune(code).postcodes:
            covered.setdefault(postcode, set()).add(code)
    ambiguous = 0
    for code in TRIED:
        others = covered.get(code, set()) - {code}
        result = GAZETTEER.search(code.lower())
        found = [other.code for other in result.results]
        if code in covered.get(code, set()):
            assert found[0] == code  # both readings lead to it
            assert result.confident == (not others or bool(commune(code).parent)), code
        elif others:
            ambiguous += 1
            assert found
            assert set(found) <= others
        elif code.startswith(("97", "98")):  # or the postcode of boxes, which many have for an address there
            assert found[0] == code
            assert len(found) == 1 or {each[:3] for each in found} == {code[:3]}
            assert result.confident == (len(found) == 1)  # a box of the only commune is in it
        elif code[2] == "0":  # or the number of boxes (CEDEX) of the town that the département is run from
            assert found[0] == code
            assert len(found) in (1, 2)
            assert result.confident == (len(found) == 1)
            assert {commune(each).department for each in found} == {commune(code).department}
        else:
            assert found == [code]
            assert result.confident
        result = GAZETTEER.search(f"INSEE {code}")
        assert (result.results[0].code, result.confident) == (code, True)
    assert 0 < ambiguous < 0.09 * len(TRIED)


@settings(max_examples=examples(100), deadline=None)
@given(codes, st.sampled_from(("insee {}", "code INSEE {}", "{} (code commune)", "COG {}")))
def test_a_code_that_is_said_to_be_one(code: str, form: str) -> None:
    result = GAZETTEER.search(form.format(code))
    assert (result.results[0].code, result.confident) == (code, True)
    assert GAZETTEER.by_code(code.lower()) == commune(code)


@settings(max_examples=examples(100), deadline=None)
@given(codes, st.sampled_from(("code postal {}", "CP {}", "{} code postal")))
def test_a_postcode_that_is_said_to_be_one(code: str, form: str) -> None:
    for postcode in commune(code).postcodes:
        result = GAZETTEER.search(form.format(postcode), limit=100)
        assert all(postcode in found.postcodes for found in result.results)
        assert result.confident == (len(result.results) == 1)


@settings(max_examples=examples(200), deadline=None)
@given(codes)
def test_postcode(code: str) -> None:
    for postcode in commune(code).postcodes:
        covered = GAZETTEER.search(postcode, limit=60).results
        assert postcode in covered[0].postcodes
        # The arrondissement stands for its city.
        assert code in {found.code for found in covered} or code in CITIES


@pytest.mark.parametrize(
    ("text", "code", "confident"),
    [
        ("Paris 15", "75115", True),
        ("paris 1er", "75101", True),
        ("PARIS XVIe arrondissement", "75116", True),
        ("paris 15 eme", "75115", True),
        ("75116", "75116", True),
        ("75015", "75115", True),
        ("75000", "75056", False),  # no postcode, but typed by many
        ("69000", "69123", False),
        ("13008", "13208", True),  # Belcodène's INSEE code, which nobody means
        ("INSEE 13008", "13008", True),
        ("lyon 3e", "69383", True),
        ("69003 Lyon Cedex 03", "69383", True),
        ("Marseille 13008", "13208", True),
        ("marseile 8eme", "13208", True),
        ("Marseille 13", "13055", False),  # the département, or the 13th arrondissement
        ("Lyon 69", "69123", True),
        ("paris", "75056", True),
        ("saint denis 93", "93066", True),
        ("Sainte-Colombe (Gironde)", "33390", True),
        ("saint denis de la reunion", "97411", True),
        ("Havre", "76351", True),
        ("chalons s/ saone", "71076", True),
        ("boulogne mer", "62160", True),
        ("st germain laye", "78551", True),
        ("je vote à toulouse", "31555", True),
        ("ajaccio 20", "2A004", True),
        ("bourg en bresse 1000", "01053", True),
        ("12 rue de la paix 75002 paris", "75102", True),
        ("cergy pontoise", "95127", False),
        ("toulose", "31555", True),
        ("montpelier 34", "34172", True),
        ("evry", "89162", False),  # the exact name is a village, but a city's name goes on
        ("lyo", "69123", False),
        ("corse", "2A004", False),
        ("13", "13055", False),  # a département: its largest communes
        ("1er arrondissement de Paris", "75101", True),
        ("75015paris", "75115", True),
        ("saintdenis93", "93066", True),
        ("code postal 31500", "31555", True),
        ("INSEE 31500", "31500", True),
        ("31500", "31555", True),
        # Of offices, and the code of a village elsewhere.
        ("31060 Toulouse Cedex 9", "31555", True),
        ("69288 Lyon cedex 02", "69123", True),
        ("BP 12, 69300 Caluire CEDEX", "69034", True),
        ("BP 40016 69641 Caluire CEDEX", "69034", True),  # a postcode of boxes, which covers no place
        ("69641 Caluire", "69034", False),
        ("Caluire CEDEX", "69034", True),
        ("69641 Saint CEDEX", "69290", False),
        ("cedex 31060", "31555", False),
        ("31060", "31060", False),  # of offices in Toulouse, or the code of Bélesta-en-Lauragais: it is asked
        ("INSEE 31060", "31060", True),
        ("33063", "33063", True),  # the code of Bordeaux, and a number of its boxes
        ("98713", "98713", False),  # Papeete’s boxes, or the code of Arutua
        ("INSEE 98713", "98713", True),
        ("97701", "97701", True),  # whatever it is: there is one commune
        # A place in a sentence.
        ("je vote a marseille dans le 8e", "13208", True),
        ("dans le 13eme à marseille", "13213", True),
        ("à la mairie du 8e de Lyon", "69388", True),
        ("I live in Paris, 15th", "75115", True),
        ("paris dans le 15", "75115", True),
        ("3 rue de Lyon à Dijon", "69123", False),
        ("j'habite lyon mais je vote a paris", "75056", True),
        ("moi c'est Rennes", "35238", True),
        ("on habite a cote de tours depuis 2 ans", "37261", False),
        ("saint etiene du bois", "01350", False),
        # The only name that begins so wins over look-alikes.
        ("Tassin", "69244", True),
        ("j'habite à Tassin", "69244", True),
        ("levallois", "92044", True),
        # Territories, as they are called.
        ("marquises", "98731", False),
        ("îles Marquises", "98731", False),
        ("wallis", "98613", False),
        ("futuna", "98613", False),
        ("nouvelle calédonie", "98818", False),
        ("je vote en Nouvelle-Calédonie", "98818", False),
        ("polynésie", "98715", False),
        ("département 93", "93066", False),
        ("dpt 2b", "2B033", False),
        ("15e arrondissement", "75115", False),  # or Marseille's
        ("mairie du 20e", "75120", False),
        ("villefranche", "69264", False),  # a village of that name is part of another today
        ("boulogne", "92012", False),
        ("chalons sur marne", "51108", True),
        ("st barth", "97701", True),
        ("mata utu", "98613", True),
        ("paname", "75056", True),
        ("Champigny Marne", "51118", False),  # or Champigny-sur-Marne
        ("Beaulieu Loire", "45029", True),
        ("Y", "80829", None),
        ("sainte colombe 99", "69189", False),  # no such département: the largest
    ],
)
def test_as_people_type(text: str, code: str, confident: bool | None) -> None:
    result = GAZETTEER.search(text)
    assert result.results[0].code == code
    assert confident is None or result.confident is confident


def test_former_commune_leads_to_the_one_of_today() -> None:
    result = GAZETTEER.search("Arbignieu")
    assert (result.results[0].code, result.results[0].matched_name) == ("01015", "Arbignieu")
    assert commune("01015").matched_name is None


def test_every_former_name_leads_to_its_commune() -> None:
    table = read_table(SHIPPED)
    former = table.names[len(table.codes) :]
    assert len(former) > 2_400
    missed = []
    for name, owner in zip(former, table.owners, strict=True):
        code = table.codes[owner]
        found = GAZETTEER.search(f"{name} {commune(code).department}", limit=10).results
        if code not in {other.code for other in found}:
            missed.append(name)
    assert missed == []


@pytest.mark.parametrize(
    ("text", "city", "country", "zone"),
    [
        ("Londres", "London", "GB", "Europe/London"),
        ("new york", "New York City", "US", "America/New_York"),
        ("Allemagne", "", "DE", "Europe/Berlin"),
        ("Switzerland", "", "CH", "Europe/Zurich"),
        ("USA", "", "US", "America/New_York"),
        ("angleterre", "", "GB", "Europe/London"),
    ],
)
def test_places_abroad_are_no_misspelt_communes(text: str, city: str, country: str, zone: str) -> None:
    result = GAZETTEER.search(text)
    assert result.results == ()
    assert not result.confident
    assert result.abroad is not None
    assert (result.abroad.city, result.abroad.country, result.abroad.zone) == (city, country, zone)


def test_a_name_of_both_asks() -> None:
    result = GAZETTEER.search("Montréal")  # four villages, and a metropolis in Canada
    assert {found.name for found in result.results} == {"Montréal"}
    assert result.abroad is not None
    assert not result.confident
    assert GAZETTEER.search("Brest").abroad is None  # also a city of Belarus, but nobody means it here


def test_areas() -> None:
    assert GAZETTEER.departments()["33"].name == "Gironde"
    assert GAZETTEER.regions()[GAZETTEER.departments()["33"].region].name == "Nouvelle-Aquitaine"
    assert {commune(code).department for code in GAZETTEER.codes()} <= GAZETTEER.departments().keys()


def test_names_are_printed_with_their_apostrophe_and_compared_as_they_are_written_officially() -> None:
    gazetteer = load()
    (found,) = gazetteer.search("l'hay les roses").results[:1]
    assert (found.name, found.official_name) == ("L’Haÿ-les-Roses", "L'Haÿ-les-Roses")
    assert gazetteer.search("L’Haÿ-les-Roses").confident
    names = [each.name for each in (*gazetteer.departments().values(), *gazetteer.regions().values())]
    assert "Côte-d’Or" in names
    assert not [each for each in names if "'" in each]
