"""A world without a server: calls go straight to its methods, and people act by the functions behind the page."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.errors import BotApiError
from simulator.groups import Group
from simulator.membership import ALL_RIGHTS, found, join, promote
from simulator.methods import METHODS
from simulator.params import Params
from simulator.records import Person
from simulator.server import make_world
from simulator.world import World


class Direct:
    """A world with Ana (1), who has started the bot, and whatever else is asked for."""

    def __init__(self, **options: Any) -> None:
        self.world: World = make_world(**options)
        self.ana = self.person(1, "Ana")

    def person(self, number: int, name: str) -> Person:
        person = self.world.common.add_person(Person(id=number, first_name=name))
        self.world.started.add(number)
        return person

    def group(self, *, forum: bool = False) -> Group:
        """A supergroup of Ana's in which the bot is an administrator with every right."""
        group = found(self.world.common, self.ana, "Team", is_forum=forum)
        join(self.world.common, group, self.world.bot["id"], actor=1)
        promote(self.world.common, group, 1, self.world.bot["id"], ALL_RIGHTS)
        return group

    def call(self, method: str, **params: Any) -> Any:
        """The result of a call; of one that is refused its description."""
        function = METHODS[method.lower()][1]
        try:
            result = function(self.world, Params({"chat_id": 1, **params}))
        except BotApiError as error:
            return error.description
        return orjson.loads(orjson.dumps(result))

    def updates(self, kind: str) -> list[Any]:
        """What the bot was told of one kind."""
        told = [orjson.loads(update.json) for update in self.world.updates.pending]
        return [update[kind] for update in told if kind in update]
