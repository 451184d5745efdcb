"""Where links to large exports lead: to people, over https; nowhere rather than to the wrong place."""

from __future__ import annotations

import pytest

from bot.app import links_to
from bot.settings import Settings

REAL = {"PORTEVOIX_TOKEN": "123456:" + "A" * 35}
SIMULATED = {"PORTEVOIX_TOKEN": "1:demo", "PORTEVOIX_API_BASE": "http://127.0.0.1:8081"}
WEB = {"PORTEVOIX_WEB": "127.0.0.1:8080"}

CASES = {
    "the web part is off": ({**REAL, "PORTEVOIX_WEB_URL": "https://a.org"}, None, None),
    "an address of its own": (
        {**REAL, **WEB, "PORTEVOIX_WEB_URL": "https://a.org/"},
        None,
        "https://a.org",
    ),
    "the webhook's": ({**REAL, **WEB}, "https://b.org", "https://b.org"),
    "its own before the webhook's": (
        {**REAL, **WEB, "PORTEVOIX_WEB_URL": "https://a.org"},
        "https://b.org",
        "https://a.org",
    ),
    "nobody's telephone reaches this machine so": ({**REAL, **WEB}, None, None),
    "a rehearsal": ({**SIMULATED, **WEB}, None, "http://127.0.0.1:8080"),
    "a rehearsal over IPv6": ({**SIMULATED, "PORTEVOIX_WEB": "[::1]:8080"}, None, "http://[::1]:8080"),
    "a rehearsal for everybody": ({**SIMULATED, "PORTEVOIX_WEB": "0.0.0.0:8080"}, None, None),
}


@pytest.mark.parametrize("name", CASES)
def test_links_lead_where_people_reach_them_safely(name: str) -> None:
    environment, webhook, address = CASES[name]
    assert links_to(Settings.from_environment(environment), webhook) == address
