"""What others post to the running app: its hooks are open to all the world and believe a signature only."""

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
from browsing import WORKBENCH, environment, free_port
from test_typeform_hook import SECRET, bodies, body_of, signed
from tiny import settings

from workbench.ledger import ledger_of
from workbench.surveys.webhooks import LARGEST_BODY


@dataclass(frozen=True)
class Door:
    """A served HOME, reached through somebody's relay."""

    home: Path
    port: int

    def post(self, body: bytes, signature: str | None = None, path: str = "/hooks/typeform") -> int:
        """The status of a body that is posted there."""
        headers = {"X-Forwarded-For": "203.0.113.9", "Host": "workbench.example"}
        headers |= {"Typeform-Signature": signature} if signature else {}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status

    def kept(self) -> list[bytes]:
        """The bodies in the ledger."""
        with closing(ledger_of(settings(self.home))) as ledger:
            return [raw for raw, *_ in bodies(ledger)]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The app without a build: hooks need none."""
    folder, port = tmp_path_factory.mktemp("hooks"), free_port()
    with serving_door(environment(folder / "home", WORKBENCH_TYPEFORM_SECRET=SECRET), folder, port):
        yield Door(folder / "home", port)


@contextmanager
def serving_door(env: dict[str, str], folder: Path, port: int) -> Iterator[None]:
    """The app, until the end of the block."""
    command = [WORKBENCH, "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert str(port) in server.stdout.readline()
            yield
        finally:
            server.terminate()


def test_a_signed_body_is_kept_once_however_often_it_comes(door: Door) -> None:
    """Typeform delivers at least once, and takes any answer but 200 as a failure."""
    body = body_of(1)
    assert [door.post(body, signed(body)), door.post(body, signed(body))] == [200, 200]
    assert door.kept().count(body) == 1


def test_an_unsigned_body_and_one_signed_for_another_are_refused(door: Door) -> None:
    """The hook is open to everybody, so the signature is all there is; nothing of theirs is kept."""
    body = body_of(2)
    assert [door.post(body), door.post(body, signed(body_of(3)))] == [401, 401]
    assert body not in door.kept()


def test_a_body_too_large_is_read_no_further(door: Door) -> None:
    """Nobody fills the disk through the hook, not even with a good signature."""
    body = b" " * (LARGEST_BODY + 1)
    assert door.post(body, signed(body)) == 413


def test_only_the_hooks_are_open(door: Door) -> None:
    """Whoever comes through a relay is nobody elsewhere."""
    assert door.post(b"", path="/users") == 403
