"""`btl serve` in a process of its own, as it is run: at an address of its own choice, ended with the test."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.site import app, public
from tests.btl import StartedBtl

# No page of a test is too long because the machine has much else to do.
LIMITS = {"sql_time_limit_ms": 60_000, "facet_time_limit_ms": 60_000}
PATIENT = {"archive.site.app.SETTINGS": app.SETTINGS | LIMITS, "archive.site.public.SETTINGS": public.SETTINGS | LIMITS}


@dataclass
class Site:
    """A site that listens, and its process; once it has ended, what it printed besides its address."""

    address: str
    process: StartedBtl
    first_line: str
    output: str = ""
    errors: str = ""

    def end(self, signal_number: int) -> None:
        self.process.send_signal(signal_number)
        self.output, self.errors = self.process.communicate()


@contextmanager
def served(
    *arguments: object, folder: Path | None = None, environment: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[Site]:
    """Run `btl serve`; nobody has to wait for it, since it listens by the time that it prints its address.

    With port 0 it takes a free one itself: one that a test has looked for may be another's by then.
    """
    command = ("serve", *arguments, "--port", port)
    process = StartedBtl(command, folder or Path.cwd(), environment, constants=PATIENT)
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, (line, process.communicate())
        site = Site(found[0], process, line)
        yield site
    finally:
        if not process.stdout.closed:
            process.terminate()
            process.communicate()
