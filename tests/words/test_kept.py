"""What macros made is kept: for the same values, and in the same language."""

from __future__ import annotations

from jinja2 import DictLoader
from markupsafe import Markup

from bot.words.texts import page_environment

PAGE = (
    "{% macro said(who, number) %}{{ _('link') }}:{{ who }}{{ number }};{% endmacro %}"
    "{{ kept(said, who, 1) }}{{ kept.joined(said, [(who, 1), ('<', none)]) }}"
)


def test_what_a_macro_made_is_kept_for_the_same_values_alone() -> None:
    pages = page_environment("en", {}, DictLoader({"kept.html.j2": PAGE})).get_template("kept.html.j2")
    assert pages.render(who="Inès") == "link:Inès1;link:Inès1;link:&lt;None;"
    assert pages.render(who=Markup("<b>")) == "link:<b>1;link:<b>1;link:&lt;None;"
    assert pages.render(who="<b>") == "link:&lt;b&gt;1;link:&lt;b&gt;1;link:&lt;None;"


def test_each_language_keeps_its_own() -> None:
    pages = page_environment("fr", {}, DictLoader({"kept.html.j2": PAGE})).get_template("kept.html.j2")
    assert pages.render(who="Inès") == "lien:Inès1;lien:Inès1;lien:&lt;None;"
