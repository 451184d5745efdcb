"""Door to door on the console: where to go first, what is offered, what was learnt; no more power than in the chat."""

from __future__ import annotations

import re

from tests.campaigning import staff, supporter
from tests.conversation import Conversation
from tests.ground import OTHER, STATION, plant
from tests.web.browsing import signed_in


async def test_a_coordinator_cuts_offers_and_reads_what_was_learnt(conversation: Conversation) -> None:
    await plant(conversation.database, now=conversation.clock.now(), cut=False)
    olga = await staff(conversation, 20, "coordinator", "69")
    visitor = await signed_in(olga)
    await visitor.open("/console/ground")
    assert "Lyon 0101 1,050 46% 38%" in visitor.text
    assert "Toulon" not in visitor.text
    assert visitor.page.text.count("<circle") == 1
    assert re.search(r'communes/69\.svg[^"]*#a69(381|123)" transform="matrix\(', visitor.page.text)
    for path in (f"/console/ground/{OTHER}", "/console/ground?area=83", "/console/ground?area=FR"):
        assert (await visitor.open(path)).status_code == 403, path
    assert (await visitor.open("/console/ground?area=nowhere")).status_code == 404
    address = f"/console/ground/{STATION}"
    await visitor.open(address)
    assert "Not cut into walks yet" in visitor.text
    assert (await visitor.send(f"{address}/cut")).status_code == 200
    assert "Walk 1 not offered 14 doors" in visitor.text
    assert visitor.page.text.count("<polyline") == 1
    for at, told in (("2016-11-19T14:00", "silence"), ("2016-11-17T22:00", "between"), ("soon", "date")):
        await visitor.open(address)
        answer = await visitor.send(f"{address}/offer", at=at, where="town hall")
        assert answer.status_code in (403, 409), at
        assert told in visitor.text, at
    await visitor.open(address)
    await visitor.send(f"{address}/offer", at="2016-11-17T14:00", where="in front of <the> town hall")
    assert "Meeting: Thursday 17 November" in visitor.text
    assert "in front of &lt;the&gt; town hall" in visitor.page.text
    # Two of them knock at some doors.
    for number in (7, 8):
        await supporter(conversation, number, "69123", language="en")
        walker = conversation.person(number)
        await walker.tap_data("1:walk:take:1")
    await walker.tap_data("1:leg:1:1:d")
    for outcome in ("Opened", "Come back", "Nobody there"):
        await walker.tap(outcome)
    await visitor.open(address)
    assert "It is a first walk for both" in visitor.text
    assert "doors: 3, opened: 67%, to revisit: 1" in visitor.text
    assert "Rue A 3 2 67% 1" in visitor.text
    assert "Wednesday 16 November 3 2 67% 1" in visitor.text
    await olga.tap_data(f"1:ground:station:{STATION}")
    await olga.tap("By street and day")
    assert "Rue A – doors: 3, opened: 67%, to revisit: 1" in olga.last.text
    assert "1 under way" in (await olga.send("/stats")).text
    for layer in ("stations", "walks"):
        await visitor.open(f"/console/map/69?layer={layer}")
        assert "Lyon 1" in visitor.text, layer
    for act in ("sign_out", "free"):
        assert (await visitor.send(f"{address}/walk", walk="1", act=act)).status_code == 200
    assert "offered" in visitor.text
    assert (await visitor.send(f"{address}/walk", walk="1", act="withdraw")).status_code == 200
    assert "not offered" in visitor.text
    for fields in ({"walk": "1", "act": "fly"}, {"walk": "x", "act": "free"}):
        await visitor.open(address)
        assert (await visitor.send(f"{address}/walk", **fields)).status_code == 403
    organizer = await signed_in(await staff(conversation, 21, "organizer", "69"))
    assert (await organizer.open("/console/ground")).status_code in (403, 404)
