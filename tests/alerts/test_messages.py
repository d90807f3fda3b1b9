"""Messages to a local web server, through the real apprise."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec

import pytest

from tuimon.alerts.messages import message_work
from tuimon.core.errors import UsageError
from tuimon.output.document import Json

needs_apprise = pytest.mark.skipif(find_spec("apprise") is None, reason="apprise is not installed")
# Its plug-ins import what Python will drop.
loads_apprise = pytest.mark.filterwarnings("ignore::DeprecationWarning")
DOCUMENT: dict[str, Json] = {
    "event": "finding",
    "message": "alpha: critical nan_inf",
    "finding": {"severity": "critical"},
}


class Hook(HTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.received: list[dict[str, object]] = []
        self.answer = 200


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Hook)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(self.server.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def address(hook: Hook) -> str:
    return f"json://127.0.0.1:{hook.server_port}/secret-path"


@needs_apprise
@loads_apprise
def test_a_webhook_gets_the_message(hook: Hook) -> None:
    assert message_work(address(hook))(dict(DOCUMENT)) is None
    (received,) = hook.received
    assert received["title"] == "tuimon: finding"
    assert received["message"] == "alpha: critical nan_inf"
    assert received["type"] == "failure"


@needs_apprise
@loads_apprise
def test_everybody_is_told_and_a_complaint_repeats_no_secret(hook: Hook) -> None:
    hook.answer = 500
    said = message_work(f"{address(hook)} nonsense://token@host")(dict(DOCUMENT))
    assert said == "no message could be sent to json://, nonsense://"
    assert len(hook.received) == 1


@needs_apprise
def test_what_apprise_logs_does_not_end_up_on_the_screen() -> None:
    program = (
        "import logging; logging.basicConfig()\n"
        "from tuimon.alerts.messages import message_work\n"
        "print(message_work('nonsense://token@host')({'event': 'done', 'message': 'x', 'finding': None}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("no message could be sent to nonsense://\n", "")


@needs_apprise
def test_an_address_without_a_scheme_is_refused_without_repeating_it() -> None:
    with pytest.raises(UsageError, match="address 2 has no scheme") as refused:
        message_work("json://host token-of-mine")
    assert "token-of-mine" not in str(refused.value)


def test_without_apprise_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimon.alerts.messages.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"tuimon\[alerts\]"):
        message_work("json://host")


def test_nothing_heavy_is_loaded_before_a_message_is_sent() -> None:
    program = (
        "import sys, tuimon.cli.events, tuimon.alerts.herald, tuimon.alerts.commands, tuimon.alerts.messages;"
        "print({'apprise', 'requests', 'textual', 'asyncio', 'psutil'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
