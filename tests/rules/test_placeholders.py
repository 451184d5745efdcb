"""Placeholders: the few that staff may write."""

import pytest

from bot.errors import BadPlaceholder
from bot.rules.placeholders import PLACEHOLDERS, allowed_placeholders, placeholders_in


def test_a_text_names_its_placeholders() -> None:
    assert placeholders_in("Bonjour {{ first_name }} de {{commune}}, {{ first_name }} !") == {
        "first_name",
        "commune",
    }
    assert placeholders_in("Sans rien, 100 % {sûr} et {ouvert") == frozenset()
    assert placeholders_in("{{ event_title }}", about_event=True) == {"event_title"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{{ nom }}", "nom"),
        ("{{ event_title }}", "event_title"),  # this message is on no event
        ("{{ first_name.upper() }}", "first_name.upper()"),
        ("{{ first_name|safe }}", "first_name|safe"),
        ("{{ first_name\n if x }}", "first_name\n if x"),
        ("{{ }}", ""),
        ("{% if commune %}x{% endif %}", "{%"),
        ("{# comment #}", "{#"),
        ("{{ first_name", "{{"),
        ("first_name }}", "}}"),
        ("{{ ''.__class__ }}", "''.__class__"),
    ],
)
def test_anything_else_is_refused_and_named(text: str, named: str) -> None:
    with pytest.raises(BadPlaceholder) as refused:
        placeholders_in(text)
    assert refused.value.values["name"] == named
    assert "first_name, commune" in refused.value.sentence


def test_every_placeholder_has_an_example_for_previews() -> None:
    assert all(placeholder.example for placeholder in PLACEHOLDERS.values())
    assert set(allowed_placeholders(about_event=True)) == set(PLACEHOLDERS)
