"""Territories: where a commune votes, and what its clock shows."""

from datetime import UTC, date, datetime, time

import pytest

from bot.errors import UnknownTerritory, UnknownZone
from bot.rules.territories import TERRITORIES, at_local, territories_in, territory_of, zone, zone_of


def test_the_table_holds_the_fifteen_territories_of_the_contract() -> None:
    overseas = ["971", "972", "973", "974", "975", "976", "977", "978", "986"]
    pacific = ["987", "987-marquises", "987-gambier", "988"]
    assert list(TERRITORIES) == ["FR", *overseas, *pacific, "abroad"]


@pytest.mark.parametrize(
    ("commune", "territory"),
    [
        ("69123", "FR"),  # Lyon
        ("75115", "FR"),  # Paris 15e arrondissement
        ("01001", "FR"),  # the first code of all
        ("95690", "FR"),  # the last one of metropolitan France
        ("2A004", "FR"),  # Ajaccio
        ("2B033", "FR"),  # Bastia
        ("97105", "971"),  # Basse-Terre
        ("97209", "972"),  # Fort-de-France
        ("97302", "973"),  # Cayenne
        ("97411", "974"),  # Saint-Denis
        ("97502", "975"),  # Saint-Pierre
        ("97608", "976"),  # Mamoudzou
        ("97701", "977"),  # Saint-Barthélemy
        ("97801", "978"),  # Saint-Martin
        ("98613", "986"),  # Uvea
        ("98735", "987"),  # Papeete
        ("98718", "987-marquises"),  # Fatu-Hiva
        ("98723", "987-marquises"),  # Hiva-Oa
        ("98731", "987-marquises"),  # Nuku-Hiva
        ("98746", "987-marquises"),  # Tahuata
        ("98756", "987-marquises"),  # Ua-Huka
        ("98757", "987-marquises"),  # Ua-Pou
        ("98719", "987-gambier"),  # Gambier
        ("98742", "987"),  # Reao, which belongs to the Tuamotu and keeps Tahiti's time
        ("98818", "988"),  # Nouméa
    ],
)
def test_a_commune_votes_in_its_territory(commune: str, territory: str) -> None:
    assert territory_of(commune) == territory


@pytest.mark.parametrize(
    "code", ["", "69", "6912", "691234", "ABCDE", "20004", "98411", "98901", "99999", "00001"]
)
def test_what_is_no_inhabited_commune_has_no_territory(code: str) -> None:
    # 984 (southern lands) and 989 (Clipperton) have codes and no voters; 20xxx became 2A and 2B in 1976.
    with pytest.raises(UnknownTerritory, match="INSEE"):
        territory_of(code)


@pytest.mark.parametrize(
    ("territory", "hours"),
    # Offsets from UTC on 20 November 2016.
    [
        ("FR", 1),
        ("971", -4),
        ("972", -4),
        ("973", -3),
        ("974", 4),
        ("975", -3),
        ("976", 3),
        ("977", -4),
        ("978", -4),
        ("986", 12),
        ("987", -10),
        ("987-marquises", -9.5),
        ("987-gambier", -9),
        ("988", 11),
        ("abroad", 1),
    ],
)
def test_each_territory_has_its_offset(territory: str, hours: float) -> None:
    offset = datetime(2016, 11, 20, 12, tzinfo=zone_of(territory)).utcoffset()
    assert offset is not None
    assert offset.total_seconds() == hours * 3600


def test_an_area_reaches_into_its_territories() -> None:
    assert territories_in("FR") == frozenset(TERRITORIES)
    assert territories_in("R84") == {"FR"}
    assert territories_in("R02") == {"972"}  # the region of Martinique; département 02 is the Aisne
    assert territories_in("02") == {"FR"}
    assert territories_in("987") == {"987", "987-marquises", "987-gambier"}
    assert territories_in("98731") == {"987-marquises"}
    assert territories_in("abroad") == {"abroad"}


def test_a_time_that_does_not_exist_is_the_instant_just_after_the_jump() -> None:
    # In Paris the clock jumped from 2:00 to 3:00 on 27 March 2016, at 1:00 UTC.
    jumped = at_local(date(2016, 3, 27), time(2, 30), zone("Europe/Paris"))
    assert jumped.isoformat() == "2016-03-27T03:30:00+02:00"


def test_a_time_that_comes_twice_is_its_first_occurrence() -> None:
    # In Paris 2:30 came twice on 30 October 2016: first in summer time, at 0:30 UTC.
    twice = at_local(date(2016, 10, 30), time(2, 30), zone("Europe/Paris"))
    assert twice.astimezone(UTC) == datetime(2016, 10, 30, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Europe/Lutetia", "America", "../etc/passwd", ""])
def test_an_unknown_zone_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(UnknownZone, match="Europe/Paris"):
        zone(name)
