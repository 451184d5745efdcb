"""From the tables of a campaign file to a Campaign: one function a table, each noting what is wrong."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import time, timedelta
from pathlib import PurePath
from types import MappingProxyType

from bot.campaign.ballots import check_ballots, read_ballots
from bot.campaign.bringing import read_bring
from bot.campaign.electorate import check_electorate, read_kind, read_reveals
from bot.campaign.model import Campaign, CampaignSender, Controller, Label, Practical
from bot.campaign.neutrality import check_neutrality
from bot.campaign.steps import check_steps, read_slots, read_steps
from bot.campaign.toml import Source, TomlTable
from bot.errors import CampaignError
from bot.rules.backups import BackupPlan
from bot.rules.canvass.visits import WalkingHours
from bot.rules.conversations import Claims
from bot.rules.courtesy import Caps, CourtesyHours
from bot.rules.kinds import Kind
from bot.rules.quiet import PROFILES, LawProfile, Narrowing, narrowed
from bot.rules.retention import LEAST_AUDIT_DAYS, Retention
from bot.rules.territories import TERRITORIES

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
KEPT_BACKUPS = 7
_EMAIL_OR_URL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|https://\S+")


def read_campaign(
    source: Source,
    *,
    digest: str,
    templates: Collection[str] | None,
    languages: Collection[str] | None,
) -> Campaign | None:
    """The campaign, or None when the source has noted a fault that is not a warning."""
    root = source.root
    spoken = _read_languages(root, languages)
    law = _read_law(root.table("law", required=True))
    kind = read_kind(root)
    ballots = read_ballots(root, spoken, kind)
    practical = _read_practical(root.table("practical"), spoken)
    courtesy, caps = _read_courtesy(root.table("courtesy"))
    slots, default_slot = read_slots(root)
    steps = read_steps(root, ballots=[*ballots.names], templates=templates)
    broadcasts = root.table("broadcasts")
    log = root.table("audit")
    web = root.table("web")
    campaign = Campaign(
        slug=_read_slug(root),
        name=root.words("name", spoken),
        languages=spoken,
        sender=_read_sender(root.table("sender", required=True), spoken),
        controller=_read_controller(root.table("controller", required=True)),
        label=_read_label(root, law, spoken),
        law=law,
        kind=kind,
        reveals=read_reveals(root, kind),
        areas=ballots.areas,
        ballots=ballots.held,
        ballot_names=ballots.names,
        practical=practical,
        bring=read_bring(root, practical, kind),
        slots=slots,
        default_slot=default_slot,
        steps=steps,
        courtesy=courtesy,
        walking=_read_walking(root.table("canvass")),
        caps=caps,
        retention=_read_retention(root.table("retention")),
        links=_read_links(root.table("links")),
        approval_above=broadcasts.number("approval_above", least=1, most=10_000_000),
        holdout_percent=broadcasts.number("holdout_percent", least=0, most=50, default=0) or 0,
        paid_broadcasts=_read_paid(broadcasts),
        tells_log=log.flag("daily_line", default=True),
        out_after=root.number("out_after", least=1, most=max(1, len(ballots.names))),
        warnings=(),
        digest=digest,
        backups=_read_backups(root),
        claims=_read_claims(root.table("conversations")),
        shows_events=web.flag("events"),
    )
    broadcasts.done()
    log.done()
    web.done()
    root.done()
    check_ballots(source, ballots.held, kind)
    check_electorate(source, kind, law, len(ballots.names))
    if not _is_broken(source):
        check_steps(source, campaign)
        check_neutrality(source, campaign)
    return None if _is_broken(source) else _with_warnings(campaign, source)


def _is_broken(source: Source) -> bool:
    return any(not fault.warning for fault in source.faults)


def _read_paid(broadcasts: TomlTable) -> bool:
    """Whether messages may leave faster than Telegram lets for nothing; never by mistake, for it costs money."""
    paid = broadcasts.flag("paid")
    if paid:
        broadcasts.fault(
            "paid",
            "each message above 30 a second, reminders included, costs 0.1 Telegram Star of the bot’s balance",
            "have 10,000 Stars and 10,000 users a month, and set PORTEVOIX_RATE above 30",
            warning=True,
        )
    return paid


def _with_warnings(campaign: Campaign, source: Source) -> Campaign:
    return replace(campaign, warnings=tuple(sorted(source.faults, key=lambda fault: fault.line)))


def _read_slug(root: TomlTable) -> str:
    slug = root.text("slug", "a short name of small letters, digits and hyphens")
    if slug and not _SLUG.fullmatch(slug):
        root.fault(
            "slug", f"slug is “{slug}”", "use small letters, digits and hyphens, such as primaire-2016"
        )
    return slug


def _read_languages(root: TomlTable, known: Collection[str] | None) -> tuple[str, ...]:
    """The campaign's languages, the fallback first."""
    expected = 'a list of language codes, the fallback first, such as ["fr", "en"]'
    languages: list[str] = []
    for code in root.take("languages", (list,), expected, required=True) or ():
        if not isinstance(code, str) or not _LANGUAGE.fullmatch(code):
            root.fault("languages", f"languages has “{code}”", f"write {expected}")
            continue
        if known is not None and code not in known:
            listed = ", ".join(sorted(known))
            root.fault("languages", f"there are no words in “{code}”", f"use {listed}, or add the language")
        if code not in languages:
            languages.append(code)
    if not languages and root.data.get("languages") == []:
        root.fault("languages", "languages is empty", f"write {expected}")
    # Where the key cannot be read every language may be used, or each text would be a fault too.
    return tuple(languages) or tuple(known or ()) or ("fr",)


def _read_sender(table: TomlTable, languages: tuple[str, ...]) -> CampaignSender:
    sender = CampaignSender(
        name=table.text("name", "the name that signs every message"),
        candidate=table.text("candidate", "the candidate’s name", required=False) or None,
        statement=table.words("statement", languages),
    )
    table.done()
    return sender


def _read_controller(table: TomlTable) -> Controller:
    controller = Controller(
        name=table.text("name", "who answers for the data: an association, a party, a person"),
        address=table.text("address", "the postal address of who answers for the data"),
        privacy_contact=_read_contact(table, "privacy_contact"),
        officer=_read_contact(table, "officer", required=False) or None,
        host=table.text("host", "who runs the machine, and in which country", required=False) or None,
    )
    table.done()
    return controller


def _read_contact(table: TomlTable, key: str, *, required: bool = True) -> str:
    expected = "an e-mail address or an https address"
    contact = table.text(key, expected, required=required)
    if contact and not _EMAIL_OR_URL.fullmatch(contact):
        table.fault(key, f"{table.name_of(key)} is “{contact}”", f"write {expected}")
    return contact


def _read_law(table: TomlTable) -> LawProfile:
    """The profile as the campaign narrows it; after a fault, the strictest that can be read."""
    code = table.one_of("profile", tuple(PROFILES))
    profile = PROFILES[code] if code else replace(PROFILES["fr-L49-2020"], label_required=False)
    also = table.some_of("also_block", [kind for kind in Kind if kind is not Kind.SERVICE])
    narrowing = Narrowing(
        civic_neutral=table.flag("civic_neutral"),
        also_block=frozenset(map(Kind, also)),
        starts_days_earlier=table.number("starts_days_earlier", least=0, most=30, default=0) or 0,
        ends_later=timedelta(minutes=table.number("ends_minutes_later", least=0, most=2880, default=0) or 0),
        embargo=table.clock_time("embargo", default=profile.embargo),
    )
    table.done()
    try:
        return narrowed(profile, narrowing)
    except CampaignError as fault:
        problem, _, remedy = fault.sentence.rstrip(".").partition(": ")
        table.fault("embargo", problem, remedy or "write a later time, or remove it")
        return profile


def _read_label(root: TomlTable, law: LawProfile, languages: tuple[str, ...]) -> Label | None:
    if "label" not in root.data:
        if law.label_required:
            root.missing(
                "label",
                f"[label] is missing, which {law.code} asks for",
                "write a table [label] with sponsor, controlled_by, election, period and funding",
            )
        return None
    table = root.table("label")
    label = Label(
        sponsor=table.text("sponsor", "who pays for the messages"),
        controlled_by=table.text("controlled_by", "who controls the sponsor in the end"),
        election=table.words("election", languages),
        period=table.words("period", languages),
        funding=table.words("funding", languages),
        notice=_read_address(table, "notice") or None,
    )
    table.done()
    return label


def _read_practical(table: TomlTable, languages: tuple[str, ...]) -> MappingProxyType[str, Practical]:
    """Practical information for voters, by language."""
    practical = {}
    for language in table.codes():
        if language not in languages:
            if languages:  # else that is the fault
                table.fault(
                    language,
                    f"[practical.{language}] is in no language of the campaign",
                    f"use {', '.join(languages)}, or add it to languages",
                )
            continue
        told = table.table(language)
        fees = told.table("fees")
        for code in fees.codes():
            if code not in TERRITORIES:
                fees.fault(code, f"“{code}” is not a territory", f"use one of {', '.join(TERRITORIES)}")
        practical[language] = Practical(
            fee=told.text("fee", "the fee", required=False),
            fees=MappingProxyType({code: fees.text(code, "a fee") for code in fees.codes()}),
            who=told.text("who", "who may vote", required=False),
            identity=told.text("identity", "which documents to bring", required=False),
            sentence=told.text("sentence", "the sentence to sign", required=False),
            sentence_means=told.text("sentence_means", "what the sentence means", required=False),
            no_proxy=told.text("no_proxy", "the rule on proxies", required=False),
            abroad=told.text("abroad", "how people abroad vote", required=False),
            place=told.text("place", "where everybody votes", required=False),
        )
        told.done()
    return MappingProxyType(practical)


def _read_courtesy(table: TomlTable) -> tuple[CourtesyHours, Caps]:
    default_hours, default_caps = CourtesyHours(), Caps()
    hours = CourtesyHours(
        opens=table.clock_time("opens", default=default_hours.opens),
        closes=table.clock_time("closes", default=default_hours.closes),
        evening_closes=table.clock_time("evening_closes", default=default_hours.evening_closes),
    )
    if not hours.opens < hours.closes <= hours.evening_closes:
        table.fault(
            "closes",
            f"courtesy hours {hours.opens:%H:%M}, {hours.closes:%H:%M} and {hours.evening_closes:%H:%M} do "
            "not follow one another",
            "write opens before closes, and closes not after evening_closes",
        )
    caps = Caps(
        per_day=table.number("per_day", least=1, most=3, default=default_caps.per_day) or 1,
        per_week=table.number("per_week", least=1, most=10, default=default_caps.per_week) or 1,
        per_week_when_silent=table.number(
            "per_week_when_silent", least=1, most=10, default=default_caps.per_week_when_silent
        )
        or 1,
        silent_after=table.number("silent_after", least=1, most=10, default=default_caps.silent_after) or 1,
    )
    table.done()
    return hours, caps


def _read_walking(table: TomlTable) -> WalkingHours:
    default = WalkingHours()
    hours = WalkingHours(
        opens=table.clock_time("opens", default=default.opens),
        closes=table.clock_time("closes", default=default.closes),
    )
    if not time(8) <= hours.opens < hours.closes <= time(21):
        table.fault(
            "closes",
            f"doors would be knocked at from {hours.opens:%H:%M} to {hours.closes:%H:%M}",
            "write hours of the day, between 08:00 and 21:00",
        )
    table.done()
    return hours


def _read_retention(table: TomlTable) -> Retention:
    """Days; a campaign may keep things for less time than the defaults, not longer."""
    default = Retention()
    values = {}
    for key, most in vars(default).items():
        least = LEAST_AUDIT_DAYS if key == "audit_days" else 1
        values[key] = table.number(key, least=least, most=most, default=most) or most
    table.done()
    return Retention(**values)


def _read_claims(table: TomlTable) -> Claims:
    """How long a conversation rests with whoever took it, and how long its author waits before coordinators know."""
    idle = table.number("claim_minutes", least=10, most=1_440, default=120) or 120
    escalation = table.number("escalate_hours", least=1, most=168, default=24) or 24
    table.done()
    return Claims(idle=timedelta(minutes=idle), escalation=timedelta(hours=escalation))


def _read_backups(root: TomlTable) -> BackupPlan | None:
    """The plan of `[backup]`; None where there is none."""
    if "backup" not in root.data:
        return None
    table = root.table("backup")
    folder = table.text("folder", "the absolute path of a folder that is there")
    if folder and not PurePath(folder).is_absolute():
        table.fault(
            "folder", f"backup.folder is “{folder}”", "write an absolute path, such as /var/backups/portevoix"
        )
    keep = table.number("keep", least=1, most=365, default=KEPT_BACKUPS) or KEPT_BACKUPS
    if keep > KEPT_BACKUPS:
        table.fault(
            "keep",
            f"backups of {keep} days still hold people who were erased since",
            "keep them no longer than the shortest of your [retention]",
            warning=True,
        )
    command = table.texts("command", 'the words of a command, such as ["/usr/local/bin/keep-elsewhere"]')
    if command and not PurePath(command[0]).is_absolute():
        table.fault(
            "command", f"backup.command begins with “{command[0]}”", "write the absolute path of a program"
        )
    plan = BackupPlan(
        hour=table.clock_time("hour", default=time(3, 30)), folder=folder, keep=keep, command=command
    )
    table.done()
    return plan


def _read_links(table: TomlTable) -> MappingProxyType[str, str]:
    return MappingProxyType({name: _read_address(table, name) for name in table.codes()})


def _read_address(table: TomlTable, key: str) -> str:
    address = table.text(key, "an https address", required=False)
    if address and not address.startswith("https://"):
        table.fault(key, f"{table.name_of(key)} is “{address}”", "write an https address")
    return address
