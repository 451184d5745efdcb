"""The papers of data protection, filled from the campaign file and from the code: the register, the impact assessment,
the processor clauses, the label and policy of EU 2024/900.

Each is a template a language, `locales/templates/documents/<language>/<document>.md.j2`: legal prose is written whole
in each language, not sentence by sentence. What only the controller can know is a question, marked `MARK`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.actions.retention import UPDATES_KEPT
from bot.actions.staff_links import LINK_LIFE
from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.rules.consent import AGE_GATE, Purpose
from bot.rules.permissions import ACTIONS, STAFF_ROLES
from bot.rules.small_counts import LEAST
from bot.words.no_break import bound
from bot.words.telegram_html import parse_html
from bot.words.texts import Texts, markdown_environment
from db.inventory import HOLDINGS, DataSubject
from locales import LANGUAGES, TEMPLATES

MARK = "✎"
"""Stands before each question that the controller has to answer."""


class Document(Frozen):
    """One paper; `of_label`: only for campaigns that carry the label of EU 2024/900."""

    name: str
    of_label: bool = False


DOCUMENTS = (
    Document(name="register"),
    Document(name="dpia"),
    Document(name="processors"),
    Document(name="political-advertising", of_label=True),
)

# Each right of GDPR chapter III, its article, and what exercises it in the chat.
RIGHTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "information": ("13, 14", ("privacy", "why")),
    "access": ("15", ("mydata",)),
    "rectification": ("16", ("settings",)),
    "erasure": ("17", ("delete",)),
    "restriction": ("18", ("restrict",)),
    "portability": ("20", ("mydata",)),
    "objection": ("21", ("stop",)),
    "withdrawal": ("7(3)", ("consent", "stop")),
}


class Storage(Frozen):
    """How the data are stored by the settings: the engine, and whether the key comes from the environment."""

    engine: str
    key_from_environment: bool


def languages() -> tuple[str, ...]:
    """The languages in which the documents exist."""
    return tuple(code for code in LANGUAGES if (TEMPLATES / "documents" / code).is_dir())


def written(
    document: Document, language: str, *, campaign: Campaign, storage: Storage, today: date, version: str
) -> str:
    """The Markdown of a document."""
    common = _values(campaign, language) | {"storage": storage, "version": version}
    environment = markdown_environment(language, common)
    environment.filters["cell"] = _cell
    template = environment.get_template(f"documents/{language}/{document.name}.md.j2")
    markdown = re.sub(r"\n{3,}", "\n\n", template.render(today=today)).strip()
    return bound(markdown, language) + "\n"


def questions(markdown: str) -> int:
    """How many things are left to be completed."""
    return markdown.count(MARK)


def _cell(text: object) -> str:
    """A text that stays in its cell of a table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def _values(campaign: Campaign, language: str) -> dict[str, Any]:
    retention = campaign.retention
    values: dict[str, Any] = {
        "campaign": campaign,
        "pencil": MARK,
        "holdings": HOLDINGS,
        "subjects": DataSubject,
        "rights": RIGHTS,
        "purposes": [each for each in Purpose if campaign.chooses_by_commune or each is not Purpose.COMMUNE],
        "roles": {role: [action for action in ACTIONS if role in ACTIONS[action]] for role in STAFF_ROLES},
        "retention": retention,
        "updates_days": UPDATES_KEPT.days,
        "link_hours": int(LINK_LIFE.total_seconds() // 3600),
        "least": LEAST,
        "age_gate": AGE_GATE,
        "label_text": "",
    }
    if campaign.label is not None:
        texts = Texts({"campaign": campaign})
        values["label_text"] = parse_html(texts.render("broadcasts/signature", language, mute="news").html)
    return values
