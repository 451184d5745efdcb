"""An event with one seat, over HTTP, while the bot is killed (SIGKILL): offers leave once, lapse, and everybody knows
where they stand.
"""

from __future__ import annotations

from pathlib import Path

from bot.rules.seats import SeatsWanted
from simulator.client import Person
from tests.bots import until
from tests.story import Story, telling
from tests.test_crash import FIRST, START, inviting

OFFERED = "Une place s’est libérée pour vous."


async def offers_to(person: Person) -> int:
    """How many messages offered them a seat, whatever became of the message since.

    Besides their invitation, which stands first: it shows the offer too, as soon as somebody looks at it.
    """
    return sum("Je prends la place" in message.labels for message in (await person.messages())[1:])


async def killed(story: Story) -> None:
    await story.process.kill()
    await story.process.start()
    await story.settled()


async def test_a_seat_goes_from_one_to_the_next_across_kills(tmp_path: Path) -> None:
    one_seat = SeatsWanted(capacity=1)
    async with telling(tmp_path, at=START, killable=True, prepare=inviting(4, one_seat)) as story:
        await story.settled()
        zoe, mia, paul, luc = [await story.simulator.existing_person(FIRST + number) for number in range(4)]
        await zoe.tap("Je viens")
        await zoe.expect("Vous venez")
        for place, person in enumerate((mia, paul), start=1):
            await person.tap("Je viens")
            await person.expect(f"liste d’attente, n° {place}")
        # Who has not answered sees on the invitation that it is full, without a message more.
        await until(lambda: shows(luc, "C’est complet"), "the invitation says that it is full")
        assert len(await luc.messages()) == 1

        await zoe.tap("Je ne peux pas")
        await killed(story)
        await mia.expect(OFFERED)
        await killed(story)
        assert (await offers_to(mia), await offers_to(paul)) == (1, 0)

        # She says nothing: the next day it goes to the next, and her message says so.
        await story.jump("2016-10-31T20:00+01:00")
        await killed(story)
        await paul.expect(OFFERED)
        await until(lambda: shows(mia, "n’avez pas répondu à temps"), "the offer says that it is over")
        assert (await offers_to(mia), await offers_to(paul)) == (0, 1)

        await paul.tap("Je prends la place")
        await paul.expect("Vous venez")
        await killed(story)
        # The invitation of each showed the offer too: it is true again, like every other card of theirs.
        for person in (mia, paul):
            await until(lambda them=person: nowhere(them, OFFERED), "no card promises a seat any more")
        standings = {row["first_name"]: row["answer"] for row in await story.exported("attendance")}
        assert standings == {
            f"P{FIRST}": "no",
            f"P{FIRST + 1}": "lapsed",
            f"P{FIRST + 2}": "yes",
        }


async def nowhere(person: Person, words: str) -> bool:
    return not await shows(person, words)


async def shows(person: Person, words: str) -> bool:
    return any(words in message.text for message in await person.messages())
