"""The table of methods in the documents is the one of the code."""

from simulator.methods import METHODS
from simulator.methods.known import KNOWN
from simulator.mini_apps import PUBLIC_KEY
from tests.methods_table import DOCUMENT, written


def test_the_table_of_methods_is_that_of_the_code() -> None:
    document = DOCUMENT.read_text()
    assert document == written(document), "python -m tests.methods_table writes it anew"


def test_every_simulated_method_is_one_of_telegram() -> None:
    assert {name for name, _ in METHODS.values()} <= KNOWN


def test_the_key_of_mini_apps_is_the_one_of_the_code() -> None:
    assert PUBLIC_KEY in DOCUMENT.read_text()
