"""The map: each level with its outlines, small numbers hidden, and a table that says the same."""

from __future__ import annotations

import gzip
import re

from bot.rules.areas import COLLECTIVITIES, DEPARTMENTS
from bot.web.console.map import POINTS
from bot.web.site import STATIC
from tests.campaigning import staff, supporter
from tests.conversation import Conversation
from tests.web.browsing import signed_in

MAP = STATIC / "map"
OUTLINED = sorted(DEPARTMENTS.keys() - COLLECTIVITIES)


def test_every_department_has_its_outlines_small_and_whole(conversation: Conversation) -> None:
    """What communes have none was made anew since they were surveyed."""
    gazetteer = conversation.services.gazetteer
    drawn: set[str] = set()
    for department in OUTLINED:
        file = MAP / "communes" / f"{department}.svg"
        content = file.read_bytes()
        assert len(gzip.compress(content)) <= 80_000, department
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
    for number in range(12):
        await supporter(conversation, 100 + number, "69123", consent_team=False)
    for number in range(3):
        await supporter(conversation, 200 + number, "69266", consent_team=False)
    olga = await signed_in(await staff(conversation, 11, "organizer", "69"))
    await olga.open("/console/map")
    assert "Lyon" in olga.text
    assert "10–19" in olga.text
    assert re.search(r'hidden-count" href="[^"]*#a69266"', olga.page.text)
    assert "fewer than 10, or none" in olga.text
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
    assert "Villeurbanne 3" in shown["69"]
    assert "No outlines" in shown["988"]
    for layer in ("volunteers", "events", "places"):
        assert (await karim.open(f"/console/map/69?layer={layer}")).status_code == 200
    assert (await karim.open("/console/map/nowhere")).status_code == 404
    assert (await karim.open("/console/map/69?layer=x")).status_code == 404
