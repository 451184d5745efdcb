"""What the import contracts cannot say: every rule runs."""

from __future__ import annotations

import ast

from tests.callers import Code, Name

RULES = "bot.rules"
PRODUCT = ("bot", "handlers", "db", "locales", "campaigns")


def is_a_rule(name: Name) -> bool:
    return name[0].startswith(f"{RULES}.") and not name[1].startswith("_")


def idle_rules(code: Code) -> list[str]:
    """The public names of the rules that nothing outside of them leads to."""
    outside = [
        name
        for module, tree in code.modules.items()
        if not module.startswith(RULES)
        for name in code.uses(module, tree)
    ]
    reached = code.reached_from(outside)
    return sorted(".".join(name) for name in code.definitions if is_a_rule(name) and name not in reached)


def test_every_rule_has_a_caller_in_the_product() -> None:
    """A rule that only tests call says what the product does not do: it is called by who decides so, or goes."""
    assert idle_rules(Code.of(*PRODUCT)) == []


def test_a_rule_that_only_another_idle_rule_calls_is_found() -> None:
    modules = {
        "bot.rules.votes": "def may_vote():\n    return _of_age()\n\n\ndef may_both():\n    return may_vote()\n\n\n"
        "def _of_age():\n    return True\n\n\ndef is_open():\n    return True\n",
        "bot.rules.people": "from bot.rules.votes import is_open\n\nLEAST = 17\n",
        "bot.actions.votes": "import bot.rules.votes as votes\nfrom bot.rules.people import is_open\n\n"
        "def vote():\n    return is_open()\n",
    }
    code = Code({name: ast.parse(text) for name, text in modules.items()})
    assert idle_rules(code) == [
        "bot.rules.people.LEAST",
        "bot.rules.votes.may_both",
        "bot.rules.votes.may_vote",
    ]
