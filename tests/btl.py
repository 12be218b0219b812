"""`btl` in a process of its own, as its users run it; what it imports is loaded once a test process."""

import atexit
import ctypes
import multiprocessing
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

PATIENCE_S = 600  # for what hangs: a loaded machine may take a hundred times as long as an idle one
PIPE_BYTES = 64_000
# A new interpreter spends 5 seconds on imports and lexicons, a fork of one that has them none.
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.preloaded"])
_forks.set_forkserver_preload = lambda _: None  # type: ignore[method-assign]  # what `btl` would load is among it
OF_OUR_OWN = ("spawn", "forkserver")
_statuses = threading.Lock()


def plain_environment() -> dict[str, str]:
    """Return it without settings of the machine that would change what is tested, or compile everything each time."""
    return {k: v for k, v in os.environ.items() if not k.startswith("BTL_") and k != "PYTHONDONTWRITEBYTECODE"}


class Fork(ForkServerProcess):
    """A process whose exit status several threads may ask for.

    It can be read once only, and each start of a process reads those of all others: who comes second is told 255.
    """

    def start(self) -> None:
        with _statuses:
            super().start()

    def ended(self, timeout: float = 0) -> int | None:
        """Wait for its end at most so many seconds; return its exit status, None while it runs."""
        wait([self.sentinel], timeout)
        with _statuses:
            return self.exitcode


_forks.Process = Fork  # of pools, too


@dataclass(frozen=True)
class Limits:
    """What a command may not do: write files of more than `file_bytes`; `plain_user`: overrule modes, as root does."""

    file_bytes: int | None = None
    plain_user: bool = False

    def apply(self) -> None:
        if self.file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_bytes, self.file_bytes))
        if self.plain_user and os.geteuid() == 0:
            _drop_capabilities()


NO_LIMITS = Limits()


def _drop_capabilities() -> None:
    """Stay root without its capabilities: modes then hold for it as for everybody."""
    drop_from_bounding_set, version_3, no_process = 24, 0x20080522, 0
    header, data = struct.pack("=Ii", version_3, no_process), bytes(24)
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1):
        libc.prctl(drop_from_bounding_set, capability, 0, 0, 0)  # else a new program has them again
    if libc.syscall({"x86_64": 126, "aarch64": 91}[os.uname().machine], header, data):
        raise OSError(ctypes.get_errno(), "capset")


def run_btl(
    arguments: Sequence[object],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    stdin: str | bytes = "",
    limits: Limits = NO_LIMITS,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in this folder and environment."""
    words = [str(argument) for argument in arguments]
    given = stdin if isinstance(stdin, bytes) else stdin.encode()
    assert len(given) < PIPE_BYTES
    reader, writer = _forks.Pipe(duplex=False)
    os.write(writer.fileno(), given)
    writer.close()
    with tempfile.TemporaryDirectory() as outputs, closing(reader):
        files = [Path(outputs, name) for name in ("stdout", "stderr")]
        process = Fork(target=_main, args=(words, folder, _environment(environment), reader, files, limits))
        process.start()
        status = process.ended(PATIENCE_S)
        if status is None:
            assert process.pid is not None
            os.killpg(process.pid, signal.SIGKILL)  # with its workers
            raise subprocess.TimeoutExpired(["btl", *words], PATIENCE_S, files[0].read_bytes(), files[1].read_bytes())
        stdout, stderr = (file.read_text(encoding="utf-8") for file in files)
        process.close()
    return subprocess.CompletedProcess(["btl", *words], status, stdout, stderr)


class StartedBtl:
    """A command that was started in a process group of its own and runs on; much like a Popen with pipes for texts."""

    def __init__(
        self,
        arguments: Sequence[object],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        limits: Limits = NO_LIMITS,
        *,
        stdout: int | None = None,
        stderr: int | None = None,
        fork_pools: bool = True,
        constants: Mapping[str, object] | None = None,
    ) -> None:
        """Start it; `constants` are set before it begins, such as {"archive.importers.run.BATCH_THREADS": 10}.

        `stdout` and `stderr` are files to write to instead of pipes. Without `fork_pools` its pools are those of its users,
        which take seconds to start.
        """
        self.args = ["btl", *map(str, arguments)]
        pipes = [_forks.Pipe(duplex=False) for _ in range(2)]
        ends = [end for _, end in pipes]
        for number, given in enumerate((stdout, stderr)):
            if given is not None:
                ends[number].close()
                ends[number] = Connection(os.dup(given), readable=False)
        target = (self.args[1:], folder, _environment(environment), ends, limits, fork_pools, dict(constants or {}))
        self._process = Fork(target=_lead_group, args=target)
        self._process.start()
        for end in ends:
            end.close()
        self.stdout, self.stderr = (os.fdopen(os.dup(pipe.fileno()), encoding="utf-8") for pipe, _ in pipes)
        for pipe, _ in pipes:
            pipe.close()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.ended()

    def poll(self) -> int | None:
        return self._process.ended()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill_group(self) -> None:
        """Kill it with its workers; alone where it has not come to leading a group yet."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = PATIENCE_S) -> tuple[str, str]:
        """Return what it still writes until its end."""
        with ThreadPoolExecutor(2) as readers:
            stdout, stderr = readers.submit(self.stdout.read), readers.submit(self.stderr.read)
            if self._process.ended(timeout) is None:
                self.kill_group()
                raise subprocess.TimeoutExpired(self.args, timeout, stdout.result(), stderr.result())
            output = stdout.result(), stderr.result()
        self.stdout.close()
        self.stderr.close()
        return output


def _die_with_parent(number: int = signal.SIGTERM) -> None:
    """Be sent a signal when the parent ends: that of `btl` is the server of forks, which ends with the tests."""
    set_parent_death_signal = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(set_parent_death_signal, number, 0, 0, 0)


def _environment(given: Mapping[str, str] | None) -> dict[str, str]:
    return plain_environment() if given is None else dict(given)


def _lead_group(
    words: list[str],
    folder: Path,
    environment: dict[str, str],
    ends: Sequence[Any],
    limits: Limits,
    fork_pools: bool,
    constants: dict[str, object],
) -> None:
    os.setsid()
    _die_with_parent()
    # As in a terminal: a shell has what it starts in the background ignore Ctrl-C, tests and all.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked while a pool started the server of forks
    for name, value in constants.items():
        module, _, constant = name.rpartition(".")
        assert hasattr(import_module(module), constant), name
        setattr(import_module(module), constant, value)
    nothing = os.open(os.devnull, os.O_RDONLY)
    _become_btl(words, folder, environment, [nothing, *(end.fileno() for end in ends)], limits, fork_pools=fork_pools)


def preload_pools() -> None:
    """Let pools of this process start with all that `btl` loads: a new interpreter each takes seconds."""
    real = multiprocessing.get_context
    multiprocessing.get_context = lambda method=None: _forks if method in OF_OUR_OWN else real(method)  # type: ignore[assignment,misc]


def _get_context(method: str, *, real: Callable[[str], Any] = multiprocessing.get_context) -> Any:
    """Fork what `btl` would spawn, as long as it has no threads that a fork would confuse."""
    return real("fork" if method in OF_OUR_OWN and threading.active_count() == 1 else method)


def _tie_forks() -> None:
    """Have what this process forks die with it: as copies of it, its workers would not notice that it was killed."""
    parents: list[int] = []

    def die_with_parent() -> None:
        _die_with_parent(signal.SIGKILL)
        if os.getppid() != parents[-1]:
            os._exit(1)

    os.register_at_fork(before=lambda: parents.append(os.getpid()), after_in_child=die_with_parent)


def _main(
    words: list[str], folder: Path, environment: dict[str, str], stdin: Any, files: list[Path], limits: Limits
) -> None:
    os.setsid()
    _die_with_parent()
    outputs = [os.open(file, os.O_RDWR | os.O_CREAT) for file in files]
    _become_btl(words, folder, environment, [os.dup(stdin.fileno()), *outputs], limits, fork_pools=True)


def _become_btl(
    words: list[str],
    folder: Path,
    environment: dict[str, str],
    streams: Sequence[int],
    limits: Limits,
    *,
    fork_pools: bool,
) -> None:
    """Be a new `btl` in the forked process, with these as its standard streams."""
    for number, opened in enumerate(streams):
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None  # that of this environment
    os.chdir(folder)
    sys.argv = [str(Path(sys.executable).with_name("btl")), *words]
    if fork_pools and sys.platform == "linux":
        _tie_forks()
        multiprocessing.get_context = _get_context  # type: ignore[assignment]
    from archive.cli import main

    limits.apply()
    try:
        main()
    finally:
        atexit._run_exitfuncs()  # a forked process does not
