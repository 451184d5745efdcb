"""A survey as a page shows it whole."""

from __future__ import annotations

from functools import partial

from markupsafe import Markup

from bot.rules.surveys import Form
from bot.web.desk import Visit
from bot.words.shown_html import shown_html
from bot.words.surveys import whole_texts


def whole(visit: Visit, form: Form) -> list[tuple[str, Markup]]:
    """Everything that a survey of several questions asks, in each language of the campaign; of one alone there is
    nothing beside the message that asks it.
    """
    shown = []
    for code in visit.author.campaign.languages:
        texts = whole_texts(partial(visit.rendered_in, code), form, code)
        if texts:
            shown.append((code, Markup("\n\n").join(shown_html(text.html) for text in texts)))
    return shown
