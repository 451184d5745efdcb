"""What only tests call says what the product does not do: it is called by who decides so, or goes."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.callers import Code

PRODUCT = ("bot", "handlers", "db", "locales", "campaigns")
ASKED_BY_TESTS = {
    "db.deliveries.lease",  # the sender takes them with the end of its transaction: `lease_at_last`
    "db.upgrade.downgrade",  # whoever goes back takes the copy of before; the stairs are held to lead down all the same
}


# All of it is read once, by one worker.
pytestmark = pytest.mark.xdist_group("callers")


@cache
def product() -> Code:
    return Code.of(*PRODUCT)


def test_every_rule_has_a_caller_in_the_product() -> None:
    assert product().idle("bot.rules") == []


def test_every_action_and_every_question_to_the_database_has_one_too() -> None:
    def is_a_function(name: str) -> bool:
        module, _, defined = name.rpartition(".")
        return isinstance(product().definitions[module, defined], ast.FunctionDef | ast.AsyncFunctionDef)

    idle = [*product().idle("bot.actions"), *product().idle("db")]
    revisions = "db.migrations.versions."  # called by Alembic
    found = {name for name in idle if is_a_function(name) and not name.startswith(revisions)}
    assert found == ASKED_BY_TESTS


def test_a_rule_that_only_another_idle_rule_calls_is_found() -> None:
    modules = {
        "bot.rules.votes": "def may_vote():\n    return _of_age()\n\n\ndef may_both():\n    return may_vote()\n\n\n"
        "def _of_age():\n    return True\n\n\ndef is_open():\n    return True\n",
        "bot.rules.people": "from bot.rules.votes import is_open\n\nLEAST = 17\n",
        "bot.actions.votes": "import bot.rules.votes as votes\nfrom bot.rules.people import is_open\n\n"
        "def vote():\n    return is_open()\n",
    }
    code = Code({name: ast.parse(text) for name, text in modules.items()})
    assert code.idle("bot.rules") == [
        "bot.rules.people.LEAST",
        "bot.rules.votes.may_both",
        "bot.rules.votes.may_vote",
    ]
