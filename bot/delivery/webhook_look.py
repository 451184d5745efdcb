"""Where updates come by webhook: whether Telegram still calls us, and gets through, asked of it now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from bot.clock import RealClock
from bot.delivery.intake import Intake
from bot.delivery.outcomes import Done, InDoubt, Outcome
from bot.delivery.transport import Transport

LOOK_SECONDS = 30.0
FAILED_LATELY = timedelta(minutes=10)
"""So long Telegram's last failure counts while updates wait: it calls again ever less often."""
_CLOCK = RealClock()  # Telegram's seconds, also where the application's clock is moved


async def look_after_webhook(transport: Transport, intake: Intake, address: str) -> None:
    """Has `intake` know how the webhook at `address` is, until cancelled."""
    received = intake.received
    while True:
        outcome = await transport.post("getWebhookInfo")
        came, received = intake.received > received, intake.received
        if isinstance(outcome, Done) and isinstance(outcome.result, Mapping):
            info = outcome.result
            if info.get("url") != address:
                intake.lost_webhook()
            elif came or not _fails(info):
                intake.note_reception(None)
            else:
                intake.note_reception(InDoubt(reason="the webhook is not reached"))
        else:
            intake.note_reception(_unknown(outcome))
        await asyncio.sleep(LOOK_SECONDS)


def _fails(info: Mapping[str, object]) -> bool:
    """Whether updates wait that Telegram could not bring."""
    waiting, at = info.get("pending_update_count"), info.get("last_error_date")
    if not isinstance(waiting, int) or not isinstance(at, int):
        return False
    return waiting > 0 and _CLOCK.now().timestamp() - at < FAILED_LATELY.total_seconds()


def _unknown(outcome: Outcome) -> Outcome | None:
    """An answer that is none of a Bot API server tells nothing bad of the webhook."""
    return None if isinstance(outcome, Done) else outcome
