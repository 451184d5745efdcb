"""`python -m simulator`: what it refuses, in one sentence and with status 2."""

import socket

import pytest

from simulator.__main__ import main


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    sentence = f"Port {port} is in use: stop what uses it or choose another with --port.\n"
    assert capsys.readouterr().err == sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--token", "nonsense"], "“nonsense” is not a bot token"),
        (["--clock", "yesterday"], "“yesterday” is not a date and time"),
        (["--mark", "Eve=soon"], "“soon” is not a date and time"),
    ],
)
def test_wrong_options(capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str) -> None:
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err
