"""The whole mission over HTTP: a local Telegram whose clock is moved, and the bot as it really runs.

    async with telling(folder, at="2016-10-29T10:00+01:00") as story:
        claire = await story.person("Claire")
        await claire.start()
        await claire.tell("oui, écrivez-moi", "consent", "yes", about="contact")
        await story.jump("2016-10-30T18:00+01:00")

A person `tell`s what answers a question, and the story keeps it: `story.told` is what `portevoix export responses`
must hold, no more, no less. `killable=True` runs the bot as `portevoix run`, which can be killed with SIGKILL.
"""

from __future__ import annotations

import asyncio
import csv
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import db.experiments
from bot.settings import Settings
from bot.startup import opened
from simulator.client import Person, Simulator
from simulator.clock import Clock
from simulator.reading import as_read
from simulator.seen import Message, Tap, described
from simulator.server import DEFAULT_TOKEN, make_world, running
from tests.bots import DEADLINE, Bot, BotHere, BotProcess, until
from tests.forking import begin, child_environment
from tests.frozen import FROZEN
from tests.reading import ABOUT

BOT = "portevoix_bot"
PARIS = ZoneInfo("Europe/Paris")
Preparation = Callable[[Settings, Simulator], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, order=True)
class Answer:
    """An answer as `portevoix export responses` tells it; `about` is the event's code, the round, the purpose."""

    telegram_id: int
    question: str
    about: str
    answer: str

    def unnamed(self) -> Answer:
        """As the export tells it while the person is not known to the team: no number, and a département at most."""
        answer = self.answer[:2] if self.question == "commune" else self.answer
        return replace(self, telegram_id=0, answer=answer)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A command that ended."""

    status: int
    out: str
    err: str


class Story:
    """A local Telegram, the bot, the clock they share, and everything that people answered."""

    def __init__(
        self, simulator: Simulator, bot: Bot, environment: Mapping[str, str], *, unhurried: bool = False
    ) -> None:
        self.simulator, self.bot, self.environment = simulator, bot, environment
        self._unhurried = unhurried
        self.told: list[Answer] = []

    @property
    def process(self) -> BotProcess:
        """The bot of a story that is `killable`."""
        assert isinstance(self.bot, BotProcess), "This story was not begun with killable=True."
        return self.bot

    async def person(self, first_name: str, *, language: str = "fr", started: bool = False) -> Teller:
        """Somebody who has Telegram; `started`: who wrote to the bot once."""
        added = await self.simulator.person(first_name, language=language, started=started)
        return Teller(self, added.id, first_name)

    def unname(self, person: Person) -> None:
        """Somebody is no longer known to the team, or not yet."""
        self.told = [each.unnamed() if each.telegram_id == person.id else each for each in self.told]

    async def settled(self) -> None:
        """Returns once every update is answered, and what is due by the clock was planned and sent."""
        await until(self._is_settled, "everything due was sent and answered")

    async def _is_settled(self) -> bool:
        now = await self.simulator.now()
        if (await self.simulator.state())["pending_updates"]:
            return False
        return await self.bot.settled_for() == now

    async def before_an_act(self) -> None:
        """People who are not in a hurry read everything that they are told before they go on."""
        if self._unhurried:
            await until(self._is_answered, "everything was answered")

    async def _is_answered(self) -> bool:
        return not (await self.simulator.state())["pending_updates"] and await self.bot.is_idle()

    async def jump(self, instant: str) -> None:
        """Lets what is due leave, moves the clock to `2016-11-20T11:00+01:00`, and lets leave what is due then."""
        await self.settled()
        await self.simulator.set_clock(datetime.fromisoformat(instant))
        await self.settled()

    async def command(self, *arguments: str) -> Finished:
        """`portevoix …` on the same data, in a process of its own."""
        return await command(self.environment, *arguments)

    async def exported(self, table: str, *arguments: str) -> list[dict[str, str]]:
        """The rows of `portevoix export`."""
        finished = await self.command("export", table, "--out", "-", *arguments)
        assert finished.status == 0, finished.err
        return list(csv.DictReader(finished.out.splitlines()))

    async def exported_answers(self) -> list[Answer]:
        """What the bot logged, sorted; `told`, sorted, is what it should be."""
        return sorted(answer_of(row) for row in await self.exported("responses"))


def answer_of(row: Mapping[str, str]) -> Answer:
    """A row of the export of answers. Who did not agree to be known to the team has no number there: 0."""
    return Answer(
        telegram_id=int(row["telegram_id"] or 0),
        question=row["question"],
        about=row["subject"],
        answer=row["answer"],
    )


class Teller(Person):
    """A person of the story, whose answers it keeps."""

    patience = DEADLINE

    def __init__(self, story: Story, person_id: int, first_name: str) -> None:
        super().__init__(story.simulator, person_id, first_name)
        self._story = story
        self._lived: list[str] = []
        self._seen = 0
        self._asked = 0
        self._read: dict[int, str] = {}

    async def _act(self, act: str, content: dict[str, Any]) -> dict[str, Any]:
        """Every act is kept in the transcript, after what was read before it."""
        await self._story.before_an_act()
        await self._live_through()
        if act != "forge":
            self._lived.append(f"**{self.first_name}:** {_acted(act, content)}")
        return await super()._act(act, content)

    async def _live_through(self) -> None:
        """Keeps every message of the bot that is new or edited, as it stands now; not that it lost its buttons."""
        fresh = [m for m in await self.messages() if m.sender == "bot" and m.event > self._seen]
        # In their order in the chat: which of two is edited first depends on the moment.
        for message in sorted(fresh, key=lambda message: message.message_id):
            if message.keyboard or self._read.get(message.message_id) != message.text:
                self._lived.append(_shown(message))
            self._read[message.message_id] = message.text
            self._seen = max(self._seen, message.event)

    async def lived(self) -> str:
        """The chat as it was lived, each state of a message where it was read; what is random is masked."""
        await self._live_through()
        return masked("\n\n".join(self._lived) + "\n")

    async def asked(self, wanted: re.Pattern[str]) -> Message:
        """Returns once a new message asks this. One that was edited, to lose its buttons, asks nothing any more."""

        async def asks() -> bool:
            newest = await self.last()
            return newest.message_id > self._asked and wanted.search(as_read(newest.text)) is not None

        await until(asks, f"{self.first_name} is asked {wanted.pattern}")
        question = await self.last()
        self._asked = question.message_id
        return question

    async def has(self, *wanted: re.Pattern[str]) -> None:
        """Returns once the chat holds each of these, in whatever order they came."""

        async def holds_all() -> bool:
            texts = [as_read(message.text) for message in await self.messages() if message.sender == "bot"]
            return all(any(pattern.search(text) for text in texts) for pattern in wanted)

        await until(holds_all, f"{self.first_name} has read {[each.pattern for each in wanted]}")

    async def tell(
        self, label: str, question: str, answer: str, *, about: str = "", message: Message | None = None
    ) -> Tap:
        """Taps what answers a question."""
        self.note(question, answer, about=about)
        return await self.tap(label, message=message)

    async def write(self, text: str, question: str, answer: str, *, about: str = "") -> None:
        """Types what answers a question."""
        self.note(question, answer, about=about)
        await self.send(text)

    async def cheat(self, data: str) -> Tap:
        """Sends what no button offers, and keeps in the transcript what came of it."""
        await self._live_through()
        self._lived.append(f"**{self.first_name}:** *(`{data}`)*")
        return self.heard(await self.forge(data))

    def heard(self, tap: Tap) -> Tap:
        """Keeps the toast of a tap in the transcript."""
        if said := tap.alert or tap.toast:
            self._lived.append(f"> *{said}*")
        return tap

    def note(self, question: str, answer: str, *, about: str = "") -> None:
        """Keeps an answer given in another way."""
        self._story.told.append(Answer(telegram_id=self.id, question=question, about=about, answer=answer))


_RANDOM = re.compile(
    r"(?<=ev_)[0-9a-f]{8}\b|(?<=r_)[0-9a-f]{16}\b|\b[0-9a-f]{8}(?=\.ics)|(?<=/start s_)\S+|(?<=start=s_)[\w-]+"
    r"|\b[0-9a-f]{64}\b"
)
_RECEIPT = re.compile(r"\b[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}\b")


def masked(text: str) -> str:
    """The same without what differs from one play to the next."""
    # How many of those who got a message are known by then depends on the moment.
    text = re.sub(r"\b[12]–1[01]\b", "1–10", text)
    # What is blurred is drawn by a key of its own in each play: the campaigns of stories have a handful of people.
    text = re.sub(rf"{ABOUT}\b", "≈ 10", text)
    return _RANDOM.sub(lambda found: "0" * len(found[0]), _RECEIPT.sub("0000-0000-0000", text))


def _acted(act: str, content: Mapping[str, Any]) -> str:
    if act == "tap":
        return f"`[ {content['label']} ]`"
    if act == "location":
        return f"*({content['latitude']}, {content['longitude']})*"
    if act == "start":
        return f"/start {content['payload']}".strip()
    return str(content.get("text", f"*({act})*"))


def _shown(message: Message) -> str:
    """A message as a quotation, its buttons below."""
    when = datetime.fromisoformat(message.date).astimezone(PARIS)
    lines = [
        f"**Bot** ({when:%Y-%m-%d %H:%M}{', edited' if message.edits else ''}):",
        *described(message).splitlines(),
    ]
    lines += [" ".join(f"`[ {button.label} ]`" for button in row) for row in message.keyboard]
    return "\n".join(f"> {line}  ".rstrip() if not line else f"> {line}  " for line in lines)


@asynccontextmanager
async def telling(
    folder: Path,
    *,
    at: str,
    killable: bool = False,
    rate: float = 1000,
    prepare: Preparation | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
    paced: bool = False,
    unhurried: bool = False,
) -> AsyncIterator[Story]:
    """A story that begins at an instant with its offset, on data in `folder`. The clock stands still between jumps.

    `prepare` fills the database and the local Telegram before the bot is started; `more` are further settings. Unless
    it is `paced`, the pauses that are made for readers are left out: its people read at once. `unhurried` ones act once
    all that they are told has come: only so is a transcript the same each time.
    """
    clock = Clock(datetime.fromisoformat(at), 0)
    world = make_world(clock=clock, bot_name="Portevoix", bot_username=BOT)
    async with running(world) as served, Simulator(served.base_url) as simulator:
        environment = {**environment_of(served.base_url, folder, rate=rate), **more}
        if unhurried:
            await _draw_alike(Settings.from_environment(environment))
        if prepare is not None:
            await prepare(Settings.from_environment(environment), simulator)
        bot: Bot = BotHere(environment, paced=paced)
        if killable:
            bot = BotProcess(environment, folder / "bot.log", module="bot.cli" if paced else "tests.unpaced")
        await bot.start()
        try:
            yield Story(simulator, bot, environment, unhurried=unhurried)
        finally:
            await bot.stop()


async def _draw_alike(settings: Settings) -> None:
    """What is blurred has the same noise in each play: one in eight times a few would read as more than ten."""
    async with opened(settings) as database, database.write() as tx:
        await db.experiments.keep_key(tx, "story")


def environment_of(base_url: str, folder: Path, *, rate: float = 1000) -> dict[str, str]:
    """The settings of a bot that talks to the local Telegram and follows its clock."""
    return {
        "PORTEVOIX_TOKEN": DEFAULT_TOKEN,
        "PORTEVOIX_API_BASE": base_url,
        "PORTEVOIX_CAMPAIGN": str(FROZEN),
        "PORTEVOIX_DATA": str(folder / "data"),
        "PORTEVOIX_CLOCK": f"{base_url}/sim/clock",
        "PORTEVOIX_RATE": str(rate),
    }


async def command(environment: Mapping[str, str], *arguments: str) -> Finished:
    """`portevoix …` to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = begin("bot.cli", *arguments, environment=child_environment(environment), out=out, err=err)
        status = await asyncio.wait_for(process.wait(), DEADLINE)
        for file in (out, err):
            file.seek(0)
        return Finished(status=status, out=out.read().decode(), err=err.read().decode())


__all__ = ["Answer", "Finished", "Story", "Teller", "masked", "telling"]
