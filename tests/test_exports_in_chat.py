"""Exports as a coordinator of one département lives them: a file in the chat, a link to a large one, a stop list."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import aiohttp
import pytest

from tests.bots import free_port, until
from tests.mission import START, appoint, sign_up_in
from tests.reading import Reader
from tests.story import Story, Teller, telling

READ = Reader("en")


async def rows_of_file(story: Story, coordinator: Teller) -> list[dict[str, str]]:
    async def came() -> bool:
        return (await coordinator.last()).document is not None

    await until(came, "the file is there")
    document = (await coordinator.last()).document
    assert document is not None
    content = await story.simulator.file(document["file_id"])
    return list(csv.DictReader(content.decode().splitlines()))


async def ordered(coordinator: Teller, table: str) -> None:
    await coordinator.send("/export")
    await coordinator.expect(READ.says("What would you like a file of?"))
    await coordinator.tap(READ.label(table))
    await coordinator.tap("CSV")


async def test_a_coordinators_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    web = {"PORTEVOIX_WEB": f"127.0.0.1:{port}"}
    async with telling(tmp_path, at=START, more=web) as story, aiohttp.ClientSession() as session:
        zoe, paul = [await story.person(name, language="en") for name in ("Zoé", "Paul")]
        await sign_up_in(zoe, READ, "villeurbanne", "69266")
        await sign_up_in(paul, READ, "bordeaux", "33063")
        karim = await appoint(story, "Karim", "coordinator", "69", READ)

        # A supporter and an outsider get nothing.
        for other in (paul, await story.person("Eve", language="en")):
            await other.send("/export")
            await other.expect(re.compile("for the campaign team"))

        # A file in the chat: nobody of Bordeaux.
        await ordered(karim, "Supporters")
        (row,) = await rows_of_file(story, karim)
        assert (row["first_name"], row["department"]) == ("Zoé", "69")

        # A link to what is too large, which the web part serves once.
        monkeypatch.setattr("handlers.exports.CHAT_ROWS", 2)
        await ordered(karim, "Answers")
        told = await karim.expect(READ.says("The file is too large for this chat."))
        found = re.search(rf"http://127\.0\.0\.1:{port}/download/\S+", told.text)
        assert found is not None
        async with session.get(found[0]) as answer:
            assert "Download" in await answer.text()
        async with session.post(found[0]) as answer:
            rows = list(csv.DictReader((await answer.read()).decode().splitlines()))
        assert len(rows) > 2
        assert {row["first_name"] for row in rows if row["supporter"]} == {zoe.first_name}
        async with session.post(found[0]) as answer:
            assert answer.status == 410

        # Zoé wrote to the campaign by post that she wants to hear nothing.
        file = tmp_path / "stop.txt"
        file.write_text(f"{zoe.id}\n999\n", encoding="utf-8")
        done = await story.command("opt-outs", "import", str(file), "--yes")
        assert (done.status, done.err) == (0, "")
        assert re.search(r"1  supporters? (was|were) stopped at once", done.out)
        # Nobody is left there whom the team may know, nor enough to be counted.
        await ordered(karim, "Supporters")
        await karim.expect(READ.says("There is nothing to export here yet."))
        assert (await story.command("audit", "verify")).status == 0
        log = await story.exported("audit")
        noted = [entry["action"] for entry in log]
        assert noted.count("export_responses") == 2  # ordered, then downloaded
        assert noted.count("export_supporters") == 1
        assert noted.count("import_opt_outs") == 1
