"""`portevoix demo`: the bot, a local Telegram in a process of its own, a chat page, and two thousand supporters."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

import db.demo
import db.people
import db.staff
from bot.actions.announcing import NewEvent, announce
from bot.actions.authority import author_of
from bot.actions.planning import plan
from bot.app import read_campaign, started
from bot.campaign.campaign import Campaign, load_campaign
from bot.communes import Gazetteer
from bot.communes import load as load_gazetteer
from bot.demo.ground import plant
from bot.demo.people import DemoPerson, as_supporter, invent, registration_instants
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.ballots import Ballot
from bot.rules.leaves import read_leaf
from bot.rules.permissions import Role
from bot.rules.territories import METROPOLE, at_local
from bot.setting_values import Address
from bot.settings import Settings
from bot.startup import opened
from bot.words.texts import Texts
from db.engine import Database
from db.events import EventText

BOT_ID = 1000000001
READY_SECONDS = 15.0
LOOK_SECONDS = 0.1
# Just before the step "plan" of the first round leaves in metropolitan France.
BEFORE_THE_PLAN = timedelta(seconds=30)
# The step before it left some days ago.
SINCE_THE_LAST_STEP = timedelta(days=4)

NEWCOMER: dict[str, Any] = {"id": 1001, "first_name": "Camille", "last_name": "Martin", "language_code": "fr"}
ORGANIZER: dict[str, Any] = {"id": 1002, "first_name": "Sophie", "last_name": "Leroy", "language_code": "fr"}
COORDINATOR: dict[str, Any] = {
    "id": 1004,
    "first_name": "Karim",
    "last_name": "Haddad",
    "language_code": "fr",
}
ENGLISH: dict[str, Any] = {"id": 1003, "first_name": "Emily", "last_name": "Baker", "language_code": "en"}
# In the order of their ids, which is that of the page.
PLAYED = {"newcomer": NEWCOMER, "organizer": ORGANIZER, "supporter": ENGLISH, "coordinator": COORDINATOR}
"""Who is played, by what they are to the campaign."""
LYON, PARIS_15 = "69123", "75115"
MORNING, EVENING = time(8), time(20, 25)
EVENT_AT, EVENT_HOURS = time(19), 2


class DemoError(PortevoixError):
    """The demonstration cannot start."""


class DemoOptions(Frozen):
    """Everything that the command line may change."""

    port: int = 8081
    supporters: int = 2_000
    browser: bool = True


async def demo(settings: Settings, options: DemoOptions) -> None:
    """Runs until interrupted or ended. What it writes goes to a temporary folder."""
    playing = asyncio.ensure_future(play(settings, options))
    # Else the local Telegram would outlive us and keep the port.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    await asyncio.wait([playing])
    if not playing.cancelled():
        playing.result()


async def play(settings: Settings, options: DemoOptions) -> None:
    """The local Telegram, its people and the bot, until cancelled."""
    campaign = load_campaign(settings.campaign)
    start = opening_instant(campaign)
    base = f"http://127.0.0.1:{options.port}"
    # Another at each start: no page can have learned it from an earlier one.
    token = f"{BOT_ID}:{secrets.token_urlsafe(26)}"
    with tempfile.TemporaryDirectory(prefix="portevoix-demo-") as folder:
        own = replace(
            settings,
            token=token,
            api_base=base,
            named_campaign=settings.campaign,
            data=Path(folder),
            database=None,
            database_key=None,
            named_suppression_key_file=None,
            named_audit_anchor=Path(folder) / "audit.anchors",
            database_key_file=Path(folder) / "key" / "database.key",
            clock=f"{base}/sim/clock",
            web=settings.web or Address(host="127.0.0.1", port=free_port()),
            web_url=None,
        )
        async with local_telegram(options.port, token, campaign, start):
            await seed(own, base, start, options.supporters)
            played = replace(read_campaign(own), backups=None)  # invented people are nothing to keep
            async with started(own, campaign=played) as app:
                print(f"The chat page is open at {base}/ – stop with Ctrl+C.", flush=True)
                await ask_for_the_console(base)
                if options.browser:
                    await asyncio.to_thread(webbrowser.open, f"{base}/")
                await app.ended()


async def ask_for_the_console(base: str) -> None:
    """Sophie and Karim write /console, so that their chats open with the way in."""
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        for account in (ORGANIZER, COORDINATOR):
            await session.post(f"{base}/sim/people/{account['id']}/send", json={"text": "/console"})


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def opening_instant(campaign: Campaign) -> datetime:
    """Just before the first reminder of the last week, so that something happens within a minute."""
    ballot = campaign.ballots[0]
    dues = [
        occurrence.at_utc
        for step in campaign.steps
        for occurrence in campaign.occurrences(ballot, step, METROPOLE)
        if occurrence.at_utc >= _last_week(ballot)
    ]
    return min(dues).astimezone(UTC) - BEFORE_THE_PLAN


def _zone(ballot: Ballot) -> ZoneInfo:
    return ballot.polling(METROPOLE).zone


def _last_week(ballot: Ballot) -> datetime:
    return at_local(ballot.polling(METROPOLE).day - timedelta(days=4), MORNING, _zone(ballot))


@asynccontextmanager
async def local_telegram(port: int, token: str, campaign: Campaign, start: datetime) -> AsyncIterator[None]:
    """The simulator in a process of its own: the bot reaches it only through HTTP."""
    refuse_used_port(port)
    marks = [argument for mark in bookmarks(campaign) for argument in ("--mark", mark)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "--port", str(port), "--token", token, "--clock", start.isoformat()),
        *("--name", "Portevoix", "--username", "portevoix_bot", *marks),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await _ready(process, f"http://127.0.0.1:{port}/sim/clock")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def refuse_used_port(port: int) -> None:
    """Raises DemoError where something listens already: its answers would be taken for those of our Telegram."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise DemoError(
                f"Port {port} is in use, perhaps by another demonstration: stop it, or add --port {port + 1}."
            ) from None


async def _ready(process: asyncio.subprocess.Process, url: str) -> None:
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
        while True:
            if process.returncode is not None:
                raise DemoError("The local Telegram did not start; its own message above says why.")
            try:
                async with session.get(url) as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(LOOK_SECONDS)


def bookmarks(campaign: Campaign) -> list[str]:
    """Where the page's clock can jump to, as `label=instant`: each round's eve, opening and evening."""
    texts = Texts({"campaign": campaign})
    language = campaign.languages[0]
    found = []
    for ballot in campaign.ballots:
        day, zone = ballot.polling(METROPOLE).day, _zone(ballot)
        name = campaign.text(campaign.ballot_names.get(ballot.number, {}), language)
        for what, moment in (
            ("eve", at_local(day - timedelta(days=1), MORNING, zone)),
            ("day", at_local(day, MORNING, zone)),
            ("evening", at_local(day, EVENING, zone)),
        ):
            found.append(f"{texts.plain('demo/mark', language, what=what, ballot=name)}={moment.isoformat()}")
    return found


async def seed(settings: Settings, base: str, start: datetime, supporters: int) -> None:
    """People in the local Telegram; supporters, staff, an event and the doors of a town in the bot's own database."""
    gazetteer, campaign = load_gazetteer(), load_campaign(settings.campaign)
    people = invent(gazetteer, supporters)
    personas = [_persona(ENGLISH, PARIS_15, gazetteer), _persona(ORGANIZER, LYON, gazetteer)]
    accounts = [account_of(person) for person in people]
    texts, language = Texts({"campaign": campaign}), campaign.languages[0]
    accounts += [
        {**account, "note": texts.plain("demo/who", language, who=who), "started": account is not NEWCOMER}
        for who, account in PLAYED.items()
    ]
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.post(f"{base}/sim/people/bulk", json={"people": accounts}),
    ):
        pass  # what it answers is of no use here
    instants = registration_instants(len(people) + len(personas), start)
    rows = [
        as_supporter(person, registered_at=instant, pseudonym=secrets.token_hex(8))
        for person, instant in zip([*personas, *people], instants, strict=True)
    ]
    async with opened(settings) as database:
        await seed_database(database, campaign, gazetteer, rows, start)
        await plant(database, gazetteer, start)


def account_of(person: DemoPerson) -> dict[str, Any]:
    """The person as the simulator's HTTP interface takes them: someone who wrote to the bot once."""
    return {
        "id": person.telegram_id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "language_code": person.language,
        "started": True,
    }


def _persona(account: dict[str, Any], commune: str, gazetteer: Gazetteer) -> DemoPerson:
    place = gazetteer.by_code(commune)
    assert place is not None  # a constant of this module
    return DemoPerson(
        telegram_id=account["id"],
        first_name=account["first_name"],
        last_name=account["last_name"],
        language=account["language_code"],
        commune=place,
    )


async def seed_database(
    database: Database, campaign: Campaign, gazetteer: Gazetteer, rows: list[dict[str, Any]], start: datetime
) -> None:
    """Supporters, an organizer, a coordinator who is also admin, and an event whose invitation is leaving."""
    async with database.write() as tx:
        await db.people.add_many(tx, rows)
        await plan(tx, campaign, start)
        await db.demo.as_if_sent(tx, start - SINCE_THE_LAST_STEP)
        for account, role in ((ORGANIZER, Role.ORGANIZER), (COORDINATOR, Role.ADMIN)):
            await db.staff.add(
                tx, telegram_id=account["id"], role=role, area=EVERYWHERE, added_by=None, now=start
            )
        person = await db.people.find(tx, ORGANIZER["id"])
        assert person is not None  # added a moment ago
        author = await author_of(tx, person, campaign=campaign, gazetteer=gazetteer, now=start)
        await announce(tx, author, demo_event(campaign, gazetteer, start))


def demo_event(campaign: Campaign, gazetteer: Gazetteer, start: datetime) -> NewEvent:
    """A public meeting in Lyon the next evening, for those who vote within 30 km."""
    lyon = gazetteer.by_code(LYON)
    assert lyon is not None  # a constant of this module
    zone = ZoneInfo(lyon.zone)
    texts = Texts({"campaign": campaign})
    return NewEvent(
        texts={
            language: EventText(
                title=texts.typed("demo/event_title", language),
                description=texts.typed("demo/event_description", language),
            )
            for language in campaign.languages
        },
        commune=lyon,
        address=texts.typed("demo/event_address", campaign.languages[0]),
        pin=(45.7606, 4.8372),
        starts_at=at_local(start.astimezone(zone).date() + timedelta(days=1), EVENT_AT, zone),
        duration=timedelta(hours=EVENT_HOURS),
        audience=read_leaf(f"near:{LYON}:30"),
    )
