"""Readers of a site, many at once, each on new connections or on one that it keeps: for all that measures pages."""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile

READERS = 100
LONGEST_START_S = 120
LONGEST_ANSWER_S = 60
LONGEST_S = 60
BUFFER = 1 << 20
END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """`size` is in bytes as they came over the wire; `status` 0 where there was no answer."""

    status: int
    seconds: float
    size: int


class Reader:
    """Asks for one page after the other. `kept` is whether its connection lasts longer than a page; `headers` go with
    every request."""

    def __init__(self, port: int, *, kept: bool = False, headers: str = "") -> None:
        self.port, self.kept = port, kept
        more = headers if kept else headers + "Connection: close\r\n"
        self._after = f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> Answer:
        """Never raises for what a server does."""
        began = time.perf_counter()
        try:
            status, size = await asyncio.wait_for(self._ask(path), LONGEST_ANSWER_S)
        except (OSError, EOFError, TimeoutError, ValueError, IndexError, asyncio.LimitOverrunError):
            status, size = 0, 0
            self.close()
        return Answer(status, time.perf_counter() - began, size)

    async def _ask(self, path: str) -> tuple[int, int]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, limit=BUFFER)
        reader, writer = self._streams
        writer.write(f"GET {path}{self._after}".encode())
        head = (await reader.readuntil(END)).lower()
        size = await _body(reader, head)
        if not self.kept or b"\r\nconnection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), len(head) + size

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _body(reader: asyncio.StreamReader, head: bytes) -> int:
    """Reads an answer to its end, by its length, by its chunks or to the end of the connection."""
    if b"\r\ncontent-length:" in head:
        size = int(head.split(b"\r\ncontent-length:", 1)[1].split(b"\r\n", 1)[0])
        await reader.readexactly(size)
        return size
    if b"\r\ntransfer-encoding: chunked" not in head:
        return len(await reader.read(-1))
    whole = 0
    while size := int((await reader.readline()).split(b";")[0], 16):
        await reader.readexactly(size + 2)
        whole += size
    await reader.readline()
    return whole


async def load(
    port: int, paths: Sequence[str], requests: int, *, kept: bool = False, headers: str = "", readers: int = READERS
) -> dict[str, float]:
    """Asks for the paths in turn, by so many readers at once; rate, times in ms, and answers other than 200. Nobody
    asks any more after LONGEST_S."""
    todo = takewhile(lambda _: time.perf_counter() - began < LONGEST_S, range(requests))
    answers: list[Answer] = []

    async def work(reader: Reader) -> None:
        answers.extend([await reader.get(paths[number % len(paths)]) for number in todo])
        reader.close()

    began = time.perf_counter()
    await asyncio.gather(*(work(Reader(port, kept=kept, headers=headers)) for _ in range(readers)))
    return figures(answers, time.perf_counter() - began)


def figures(answers: Sequence[Answer], seconds: float) -> dict[str, float]:
    """Answers of `seconds` in numbers; one for each status other than 200, where there were such."""
    times = sorted(answer.seconds * 1000 for answer in answers)
    bad = Counter(answer.status for answer in answers if answer.status != 200)
    return {
        "requests": len(times),
        "requests_per_s": round(len(times) / seconds, 1),
        "p50_ms": round(times[len(times) // 2]),
        "p95_ms": round(times[int(len(times) * 0.95)]),
        "kb": round(sum(answer.size for answer in answers) / len(answers) / 1000, 1),
        "errors": bad.total(),
    } | {f"status_{status}": count for status, count in sorted(bad.items())}


@contextmanager
def serving(*arguments: str) -> Iterator[int]:
    """`btl serve` with these arguments on a free port, until the end of the block. Raises RuntimeError where
    it does not start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "archive.cli", "serve", *arguments, "--port", str(port)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        try:
            if not _answers(process, port):
                said.seek(0)
                raise RuntimeError(f"the site did not start: {said.read().decode()[-500:]}")
            yield port
        finally:
            process.terminate()
            process.wait()


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the process comes to answer."""
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < LONGEST_START_S:
        if asyncio.run(Reader(port).get("/")).status:
            return True
        time.sleep(0.1)
    return False
