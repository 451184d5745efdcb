"""A survey as a page shows it whole."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from markupsafe import Markup

from bot.actions import survey_results
from bot.actions.survey_results import Results
from bot.rules.surveys import Form
from bot.web.desk import Visit
from bot.web.remembered import IF_SLOW
from bot.words.shown_html import shown_html
from bot.words.surveys import whole_texts
from db.long_counts import CountsHere


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


async def results(visit: Visit, code: str) -> Results:
    """What was answered, for whoever may read it. Of many answers it is kept for a while: whoever looks next does not
    count them again. Raises NotAllowed, SurveyRefused, CountFirst.
    """
    survey = await survey_results.seen(visit.tx, visit.author, code)
    if not await survey_results.is_long(visit.tx, survey):
        return await survey_results.results_for(visit.tx, visit.author, code)
    reader, counts = visit.author.reader, CountsHere(visit.desk.database)
    kept: Results
    kept, _ = visit.looked_up(
        ("survey", code, reader), lambda: survey_results.results_now(counts, survey, reader), older=IF_SLOW
    )
    return replace(kept, survey=survey)
