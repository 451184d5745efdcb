"""A survey as a page shows it whole."""

from __future__ import annotations

from markupsafe import Markup

from bot.rules.surveys import Form
from bot.web.desk import Visit


def whole(visit: Visit, form: Form) -> list[tuple[str, Markup]]:
    """Everything that a survey asks, in each language of the campaign."""
    return [
        (code, visit.told_in(code, "surveys/whole", form=form, questions=form.questions, first=0))
        for code in visit.author.campaign.languages
    ]
