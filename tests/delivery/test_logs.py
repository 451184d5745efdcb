"""What the logs say when things go wrong: which line, never a name, a text or a number of a person."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from bot.delivery.outcomes import Rejected
from bot.logs import configure_logs

WRITTEN = 'Zénobie\n{"event": "forged"}\n\x1b[31mERROR'


async def test_a_failure_does_not_log_what_somebody_wrote(
    bench: Any, helpers: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error's own text repeats it; the log names the class and the line."""

    def fail(update: dict[str, Any]) -> None:
        raise ValueError(f"cannot read {update['message']['text']}")

    configure_logs()
    bench.app.process_hook = fail
    bench.telegram.judge = lambda _method, _payload: Rejected(code=400, description="Bad Request")
    async with bench.running(poll=False) as engine:
        await engine.intake.store(orjson.dumps(helpers.message(1, 7_482_913_650, WRITTEN)))
        await bench.idle(engine)
    said = capsys.readouterr().err
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert "update_failed" in events
    assert "forged" not in events
    for hidden in ("Zénobie", "Z\\u00e9nobie", "7482913650", "\x1b"):
        assert hidden not in said
