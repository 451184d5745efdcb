"""`scripts/words`: extracts, updates and checks, on a copy of `locales/` with a language more.

That all templates are read is checked by `scripts/check`; here a few of them are, as it takes long.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.commanding import run_here
from tests.skeleton import CODE, add_skeleton

KEPT = "toasts"


@pytest.fixture
def checkout(tmp_path: Path) -> dict[str, str]:
    """A language more, in a copy of `locales/` that the command may write to, with the shortest templates alone."""
    environment = dict(add_skeleton(tmp_path))
    (tmp_path / "pyproject.toml").write_bytes(Path("pyproject.toml").read_bytes())
    for folder in ("templates", "pages"):
        for other in (tmp_path / "locales" / folder).iterdir():
            if other.is_dir() and other.name != KEPT:
                shutil.rmtree(other)
            elif other.is_file():
                other.unlink()
    words(environment)
    return environment


def count_of(out: str) -> int:
    """How many messages the skeleton has, as the command says."""
    found = re.search(rf"{CODE}: (\d+) messages", out)
    assert found is not None, out
    return int(found[1])


def words(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    ended = run_here(*arguments, module="locales.catalogues", environment=environment)
    assert not ended.stderr, ended.stderr
    return ended.returncode, ended.stdout


def test_a_new_language_gets_its_catalogue(tmp_path: Path, checkout: dict[str, str]) -> None:
    catalogue = tmp_path / "locales" / CODE / "LC_MESSAGES" / "portevoix.po"
    count = count_of(words(checkout, "--check")[1])
    assert count > 10
    catalogue.unlink()
    status, out = words(checkout)
    assert status == 1
    assert f"{CODE}: {count} messages, {count} to mend:\n  not translated: " in out
    assert f"… and {count - 10} more" in out
    assert catalogue.read_text(encoding="utf-8").count('msgid "') == count + 1  # and the header


def test_what_is_said_anew_is_added_and_what_is_not_said_goes(
    tmp_path: Path, checkout: dict[str, str]
) -> None:
    """What was translated before is kept as it was; a check alone writes nothing."""
    status, out = words(checkout)
    count = count_of(out)
    assert f"{CODE}: {count} messages, all is well." in out
    catalogue = tmp_path / "locales" / CODE / "LC_MESSAGES" / "portevoix.po"
    before = catalogue.read_text(encoding="utf-8")
    template = tmp_path / "locales" / "templates" / "toasts" / "noted_down.html.j2"
    template.write_text("{{ _('Noted down.') }}", encoding="utf-8")
    status, out = words(checkout, "--check")
    assert status == 1
    assert "not in the catalogue: Noted down." in out
    assert catalogue.read_text(encoding="utf-8") == before

    status, out = words(checkout)
    assert status == 1
    assert f"{CODE}: {count + 1} messages, 1 to mend:\n  not translated: Noted down.\n" in out
    after = catalogue.read_text(encoding="utf-8")
    assert after.replace('msgid "Noted down."\nmsgstr ""\n\n', "") == before
    catalogue.write_text(after.replace('"Noted down."\nmsgstr ""', '"Noted down."\nmsgstr "Notite."'))
    template.unlink()
    assert f"{CODE}: {count} messages, all is well." in words(checkout)[1]
    assert "Notite" not in catalogue.read_text(encoding="utf-8")


WRONG = {
    '#, fuzzy\nmsgid "Noted."': "marked fuzzy: Noted.",
    '#, python-format\nmsgid "Noted %(what)s."': "other placeholders than the source: Notite 1.",
    'msgid "<b>Noted.</b>"': "other tags than the source: Notite 2.",
}


def test_each_translation_that_is_wrong_is_named(tmp_path: Path, checkout: dict[str, str]) -> None:
    catalogue = tmp_path / "locales" / CODE / "LC_MESSAGES" / "portevoix.po"
    for number, wrong in enumerate(WRONG):
        source = wrong.partition('msgid "')[2].rstrip('"')
        (tmp_path / "locales" / "templates" / "toasts" / f"wrong_{number}.html.j2").write_text(
            f"{{% trans what=1 %}}{source.replace('%(what)s', '{{ what }}')}{{% endtrans %}}",
            encoding="utf-8",
        )
        with catalogue.open("a", encoding="utf-8") as file:
            file.write(f'\n{wrong}\nmsgstr "Notite {number}."\n')
    status, out = words(checkout, "--check")
    assert status == 1
    assert f" messages, {len(WRONG)} to mend:" in out
    assert [said for said in WRONG.values() if said not in out] == [], out
