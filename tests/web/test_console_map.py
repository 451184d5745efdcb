"""The map: each level with its outlines, small numbers hidden, and a table that says the same."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta

import pytest

import db.statistics
from bot.rules.areas import COLLECTIVITIES, DEPARTMENTS
from bot.web import remembered
from bot.web.console.map import POINTS
from bot.web.site import STATIC
from db.engine import Database
from tests.campaigning import staff, supporter, supporters
from tests.conversation import Conversation, paris
from tests.web.browsing import signed_in, web_of

MAP = STATIC / "map"
OUTLINED = sorted(DEPARTMENTS.keys() - COLLECTIVITIES)


def test_every_department_has_its_outlines_small_and_whole(conversation: Conversation) -> None:
    """What communes have none was made anew since they were surveyed."""
    gazetteer = conversation.services.gazetteer
    drawn: set[str] = set()
    for department in OUTLINED:
        file = MAP / "communes" / f"{department}.svg"
        content = file.read_bytes()
        assert len(gzip.compress(content, 1)) <= 80_000, department  # as fast as it can be
        drawn |= set(re.findall(r'id="a([0-9AB]+)"', content.decode()))
    missing = {
        code
        for code in gazetteer.codes()
        if (commune := gazetteer.by_code(code)) is not None
        and commune.department in OUTLINED
        and (commune.parent is None) is (commune.department != "75")
        and code not in drawn
    }
    assert len(missing) <= 6, sorted(missing)
    assert set(POINTS) == COLLECTIVITIES - {"984", "989"}


async def test_an_organizer_reads_no_number_under_ten_and_an_admin_every_one(
    conversation: Conversation,
) -> None:
    await supporters(conversation, range(100, 112), "69123", consent_team=False)
    await supporters(conversation, range(200, 203), "69266", consent_team=False)
    olga = await signed_in(await staff(conversation, 11, "organizer", "69"))
    await olga.open("/console/map")
    assert "Lyon" in olga.text
    assert "10–19" in olga.text
    assert re.search(r'hidden-count" fill="url\(#hatch\)" href="[^"]*#a69266"', olga.page.text)
    assert "fewer than 10, or none" in olga.text
    # Where three are is told as where nobody is: no row, no share of its own, no word that differs.
    for layer in ("supporters", "volunteers"):
        for by in ("number", "share"):
            page = (await olga.open(f"/console/map/69?layer={layer}&by={by}")).text
            few, nobody = (
                re.sub(r"Villeurbanne|Bron", "", " ".join(line for line in page.splitlines() if code in line))
                for code in ("69266", "69029")
            )
            assert few.replace("69266", "") == nobody.replace("69029", ""), (layer, by)
    await olga.open("/console/map/69?by=share")
    assert re.search(r"Lyon 10–19 0\.\d+–0\.\d+", olga.text)
    for wider in ("R84", "FR", "75"):
        assert (await olga.open(f"/console/map/{wider}")).status_code == 403
    karim = await signed_in(await staff(conversation, 12, "admin", "FR"))
    shown = {}
    for area, inside in (
        ("FR", "R84"),
        ("R84", "69"),
        ("69", "69266"),
        ("69123", ""),
        ("988", ""),
        ("abroad", ""),
    ):
        answer = await karim.open(f"/console/map/{area}?by=share")
        assert answer.status_code == 200, area
        assert len(answer.content) < 150_000, area
        assert not inside or f"/console/map/{inside}?" in answer.text
        shown[area] = karim.text
    assert "15" in shown["FR"]
    await karim.open("/console/map/FR?sort=name")
    table = karim.text.partition("The same as a table")[2]
    order = [table.index(name) for name in ("Auvergne-Rhône-Alpes", "Bretagne", "Guadeloupe", "Abroad 0")]
    assert order == sorted(order)
    assert "Villeurbanne 3" in shown["69"]
    assert "No outlines" in shown["988"]
    for layer in ("volunteers", "events", "places"):
        assert (await karim.open(f"/console/map/69?layer={layer}")).status_code == 200
    assert (await karim.open("/console/map/nowhere")).status_code == 404
    assert (await karim.open("/console/map/69?layer=x")).status_code == 404


async def test_what_is_kept_for_a_minute_is_kept_for_whoever_reads_counts_alike(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in ("LONG", "NOTICED"):
        monkeypatch.setattr(remembered, seconds, 600.0)  # on a busy machine too
    await supporters(conversation, range(200, 203), "69266", consent_team=False)
    web = web_of(conversation)
    karim = await signed_in(await staff(conversation, 12, "admin", "FR"), web=web)
    olga = await signed_in(await staff(conversation, 11, "organizer", "69"), web=web)
    for _ in range(2):
        await karim.open("/console/map/69")
        assert "Villeurbanne 3" in karim.text
        await olga.open("/console/map/69")
        assert "Villeurbanne" not in olga.text.partition("The same as a table")[2]
        assert (await olga.open("/console/map/R84")).status_code == 403
    await supporter(conversation, 300, "69266", consent_team=False)
    await karim.open("/console/map/69")
    assert "Villeurbanne 3" in karim.text
    assert "As of 10:00" in karim.text
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=1))
    await karim.open("/console/map/69")
    assert "Villeurbanne 4" in karim.text


async def test_who_joined_stands_under_the_day_that_it_was_where_the_reader_is(database: Database) -> None:
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    for number, at in enumerate(
        ("2016-11-14T23:59", "2016-11-15T00:00", "2016-11-15T12:00", "2016-11-16T09:59")
    ):
        await supporter(conversation, number + 1, "69123", registered_at=paris(at))
    await supporter(conversation, 9, "13055", registered_at=paris("2016-11-15T12:00"))
    bounds = [paris(f"2016-11-{day}T00:00") for day in (14, 15, 16, 17)]
    for area, counts in {"FR": [1, 3, 1], "69": [1, 2, 1], "R93": [0, 1, 0], "abroad": [0, 0, 0]}.items():
        async with database.read() as tx:
            found = await db.statistics.joined(tx, area, bounds, None)
        assert [each.total for each in found] == counts, area
