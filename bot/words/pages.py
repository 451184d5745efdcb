"""Web pages: name + language + values -> HTML. A page is one file, `locales/pages/<feature>/<page>.html.j2`.

Pages extend `_layout.html.j2`; they know the filters of messages (dates, numbers, places), and may include a message.
A part of a page that is fetched alone is one of its blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import FileSystemLoader

from bot.words.no_break import bound_page
from bot.words.texts import page_environment
from locales import FOLDER, LANGUAGES

PAGES = FOLDER / "pages"


class Pages:
    """Renders pages in every language. `common` values are seen by every page."""

    def __init__(self, common: Mapping[str, Any]) -> None:
        loader = FileSystemLoader(str(PAGES))
        self._environments = {code: page_environment(code, common, loader) for code in LANGUAGES}

    def render(self, name: str, language: str, **values: Any) -> str:
        """The page `name` (`console/today`) in `language`; a missing value raises UndefinedError."""
        template = self._environments[language].get_template(f"{name}.html.j2")
        return bound_page(template.render(**values), language)

    def block(self, name: str, block: str, language: str, **values: Any) -> str:
        """One block of a page, for whoever has the rest of it already."""
        template = self._environments[language].get_template(f"{name}.html.j2")
        return bound_page("".join(template.blocks[block](template.new_context(values))), language)

    def names(self) -> list[str]:
        """Every page there is."""
        files = (path.relative_to(PAGES).as_posix() for path in sorted(PAGES.rglob("*.html.j2")))
        return [file.removesuffix(".html.j2") for file in files if not file.split("/")[-1].startswith("_")]
