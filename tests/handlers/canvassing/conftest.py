"""A coordinator with a station to walk in, and a walker on the one walk that is offered."""

from __future__ import annotations

import pytest

from tests.campaigning import staff
from tests.conversation import Conversation, Talker
from tests.ground import STATION, plant

GROUND = "1:ground:station:"


@pytest.fixture
async def olga(conversation: Conversation) -> Talker:
    """The coordinator of the Rhône, where there is a station."""
    await plant(conversation.database, now=conversation.clock.now())
    member = await staff(conversation, 20, "coordinator", "69")
    await member.send("/canvass")
    return member


@pytest.fixture
async def zoe(conversation: Conversation, olga: Talker) -> Talker:
    """A walker, on the one walk that is offered."""
    person = conversation.person(7)
    await person.sign_up()
    await olga.tap_data(f"{GROUND}{STATION}")
    await olga.tap("Offer all free walks")
    await person.send("/walks")
    await person.tap("Rue A")
    await person.tap("I’ll take this walk")
    return person
