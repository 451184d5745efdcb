"""What plays state machines clears away what they leave running."""

from __future__ import annotations

import asyncio

from hypothesis.stateful import rule

from tests.machines import Machine


class Idle(Machine):
    @rule()
    def wait(self) -> None:
        """A machine has a rule at least."""


def test_what_still_runs_in_its_loop_is_ended_with_the_machine() -> None:
    ended = []

    async def lasts() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("it was ended")

    async def begin() -> asyncio.Task[None]:
        task = asyncio.create_task(lasts())
        await asyncio.sleep(0)
        return task

    machine = Idle()
    task = machine.run(begin())
    machine.teardown()
    assert ended == ["it was ended"]
    assert task.cancelled()
