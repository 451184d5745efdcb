"""The words of a message as its form holds them: read, looked at, and how they will look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from bot.actions import broadcasts
from bot.actions.broadcasts import STAFF_KINDS, BroadcastRefused
from bot.departure.composable import Draft
from bot.departure.looks import looks, require_fit
from bot.errors import PortevoixError
from bot.rules.broadcast_draft import is_compared, is_neutral, leaves_at, others_of, texts_of
from bot.rules.experiments import SHARES, VERSIONS, Outcome
from bot.rules.kinds import Kind
from bot.rules.neutrality import REMINDER, PracticalField
from bot.web.console.forms import (
    TYPED,
    Bubble,
    as_html,
    as_typed,
    bubble,
    bubbles_of,
    keep_typed,
    plain,
    reader_of,
    told,
)
from bot.web.desk import Visit
from bot.web.refusals import BadForm
from bot.words.staff_texts import check_staff_text


def read(visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
    form, campaign = visit.form, visit.author.campaign
    kind = form.get("kind") or data.get("kind")
    if kind is not None and kind not in STAFF_KINDS:
        raise BadForm("There is no such kind.")
    photo = "" if form.get("photo") == "drop" else data.get("photo") or ""
    said: dict[str, Any] = {"kind": kind, "photo": photo, "trial": None, "knowing": None}
    if kind == Kind.CIVIC_NEUTRAL:
        return said | {"fields": [each for each in fields_offered(visit) if form.get(f"shows-{each}")]}
    if not any(name.startswith("text-") for name in form):
        return said  # the page of a neutral reminder asks for no text
    faulty: dict[str, str] = {}
    versions: list[dict[str, str]] = []
    for variant in VERSIONS:
        typed = {code: plain(form.get(f"text-{variant}-{code}", "")) for code in campaign.languages}
        if variant != VERSIONS[0] and not any(typed.values()):
            continue
        letter = VERSIONS[len(versions)]  # the third moves up where the second was emptied
        version: dict[str, str] = {}
        for code, text in typed.items():
            html = as_html(text)
            if text and fault_of(visit, html, code, kind=kind, photo=photo) is not None:
                faulty[f"text-{letter}-{code}"] = text
            elif text or variant == VERSIONS[0]:
                version[code] = html
        versions.append(version)
    fields = [f"text-{variant}-{code}" for variant in VERSIONS for code in campaign.languages]
    texts, *others = versions
    holdout, goal = form.get("holdout", "0"), form.get("goal") or None
    if holdout not in {str(each) for each in (0, *SHARES)} or (goal and goal not in tuple(Outcome)):
        raise BadForm("This was not offered.")
    return {
        **said,
        "texts": texts,
        "others": others,
        "holdout": int(holdout),
        "goal": goal,
        TYPED: keep_typed(data, fields, faulty),
    }


def fault_of(visit: Visit, html: str, language: str, *, kind: str | None, photo: str) -> Markup | None:
    """What is wrong with a text in one language; None where nothing is."""
    try:
        check_staff_text(html)
        wording = Draft(kind=kind or Kind.PERSUASION.value, photo=photo or None)
        require_fit(visit.desk.composer, wording, {language: html}, reader_of(visit), now=visit.now)
    except PortevoixError as fault:
        return told(visit, fault)
    return None


def faults_of(visit: Visit, data: Mapping[str, Any]) -> dict[str, Markup | str]:
    """What is wrong with the words, or missing, by field; where none was said yet, nothing."""
    if "kind" not in data:
        return {}
    faults: dict[str, Markup | str] = {}
    kind, photo = data.get("kind"), data.get("photo") or ""
    for name, typed in (data.get(TYPED) or {}).items():
        if name.startswith("text-"):
            language = name.rsplit("-", 1)[1]
            fault = fault_of(visit, as_html(typed), language, kind=kind, photo=photo)
            if fault is not None:
                faults[name] = fault
    if kind == Kind.CIVIC_NEUTRAL:
        try:
            broadcasts.require_vote_to_come(visit.author.campaign, visit.now)
        except BroadcastRefused as refusal:
            faults["kind"] = told(visit, refusal)
    missing = texts_missing(data, visit.author.campaign.languages)
    if not kind:
        missing.append("kind")
    if is_compared(data) and not data.get("goal"):
        missing.append("goal")
    # What is missing has its own words on the page.
    faults |= {name: "" for name in missing if name not in faults}
    return faults


def bubbles(visit: Visit, data: Mapping[str, Any]) -> list[Bubble]:
    """The message as it looks in each language that it has, each version."""
    if not data.get("kind"):
        return []
    wording = wording_of(visit, data)
    if wording is None:
        return []
    reader, composer = reader_of(visit), visit.desk.composer
    if is_neutral(data):
        languages = composer.campaign.languages
        try:
            calls = looks(composer, wording, {}, reader, now=visit.now)
        except LookupError:
            calls = looks(composer, wording, {}, reader._replace(commune=None, territory=None), now=visit.now)
        return [bubble(call, code) for call, code in zip(calls, languages, strict=True)]
    return bubbles_of(visit, wording, (texts_of(data), *others_of(data)))


def wording_of(visit: Visit, data: Mapping[str, Any]) -> Draft | None:
    if not is_neutral(data):
        return Draft(kind=data["kind"], photo=data.get("photo") or None)
    ballot = visit.author.campaign.next_ballot(leaves_at(data, now=visit.now, zone=visit.zone))
    if ballot is None:
        return None
    fields = data.get("fields") or ()
    return Draft(kind=data["kind"], template=REMINDER, fields=fields, ballot=ballot.number)


def fields_offered(visit: Visit) -> list[str]:
    """The practical fields that there are to show of this campaign."""
    asked = bool(visit.author.campaign.bring)
    return [field.value for field in PracticalField if asked or field is not PracticalField.BRING]


def typed_texts(data: Mapping[str, Any], languages: Sequence[str]) -> dict[str, str]:
    """Every text as it stands in its field, by the field's name."""
    versions = [data.get("texts") or {}, *(data.get("others") or ())]
    shown = {
        f"text-{variant}-{code}": as_typed(version.get(code, ""))
        for variant, version in zip(VERSIONS, versions, strict=False)
        for code in languages
    }
    faulty = {name: text for name, text in (data.get(TYPED) or {}).items() if name.startswith("text-")}
    return {**shown, **faulty}


def texts_missing(data: Mapping[str, Any], languages: Sequence[str]) -> list[str]:
    """The fields of the texts that are still to be written: one at least, and in each version those of the first."""
    if is_neutral(data) or "texts" not in data:
        return []
    written = typed_texts(data, languages)
    first = [code for code in languages if written.get(f"text-{VERSIONS[0]}-{code}")]
    if not first:
        return [f"text-{VERSIONS[0]}-{languages[0]}"]
    others = VERSIONS[1 : 1 + len(data.get("others") or ())]
    names = [f"text-{variant}-{code}" for variant in others for code in first]
    return [name for name in names if not written.get(name)]
