"""In which order tests run, and which worker takes the next: hooks of pytest that tests/conftest.py takes over."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

LONGEST = (
    "tests/rehearsal/test_rehearsal.py",
    "tests/rehearsal/test_every_campaign.py",
    "tests/test_trust.py",
    "tests/web/test_console_browser.py",
    "tests/test_mission.py",
    "tests/test_proof.py",
    "tests/actions/test_restriction.py",
    "tests/db/test_migrations.py",
    "tests/test_crash.py",
    "tests/test_recall.py",
    "tests/test_hostile_crowd.py",
    "tests/test_candidate_out.py",
    "tests/test_control.py",
    "tests/test_bad_servers.py",
    "tests/test_bad_input.py",
    "tests/test_doubts.py",
    "tests/test_exports_in_chat.py",
    "tests/test_health.py",
    "tests/delivery/test_crash.py",
    "tests/demo/test_demo.py",
    "tests/locales/test_skeleton.py",
    "tests/upgrading/test_from_0_1_0.py",
    "tests/handlers/test_door_batches.py",
    "tests/handlers/test_batches.py",
    "tests/actions/test_who_is_meant.py",
    "tests/actions/test_planning.py",
    "tests/handlers/test_hostile.py",
    "tests/db/test_converting.py",
    "tests/departure/test_quiet_windows.py",
    "tests/web/test_console_matrix.py",
    "tests/web/test_console_at_once.py",
    "tests/test_hosts.py",
    "tests/test_conversations.py",
    "tests/test_ground.py",
    "tests/test_waitlist.py",
    "tests/test_event_story.py",
    "tests/test_surveys.py",
    "tests/test_shift_crash.py",
    "tests/test_endless_servers.py",
    "tests/apart/test_process.py",
    "tests/delivery/test_flood.py",
    "tests/db/test_engine.py",
    "tests/communes/test_gazetteer.py",
)
"""The modules whose tests take seconds each: they come first, so that no worker begins one when the others end."""


class _Forgetting(LoadGroupScheduling):
    """At each result all that its worker was ever given is counted: what is done is forgotten instead."""

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        given = self.assigned_work[node]
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(given[scope].values()):
            del given[scope]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return _Forgetting(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {module: rank for rank, module in enumerate(LONGEST)}
    taken: Counter[str] = Counter()
    last = len(items), 0

    def turn(item: pytest.Item) -> tuple[int, int]:
        """One of each in turn: those of a module wait for the same, and where all workers wait nobody works."""
        module = item.nodeid.partition("::")[0]
        if module not in ranks:
            return last
        taken[module] += 1
        return taken[module], ranks[module]

    items.sort(key=turn)
