"""`btl` in a process of its own, as its users run it; what it imports is loaded once a test process."""

import atexit
import ctypes
import multiprocessing
import os
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = 120
# A new interpreter spends 5 seconds on imports and lexicons, a fork of one that has them none.
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.preloaded"])


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
    environment: Mapping[str, str],
    stdin: str = "",
    limits: Limits = NO_LIMITS,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in this folder and environment."""
    words = [str(argument) for argument in arguments]
    with tempfile.TemporaryDirectory() as pipes:
        files = [Path(pipes, name) for name in ("stdin", "stdout", "stderr")]
        files[0].write_text(stdin, encoding="utf-8")
        process = _forks.Process(target=_main, args=(words, folder, dict(environment), files, limits))
        process.start()
        process.join(PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["btl", *words], PATIENCE_S, files[1].read_bytes(), files[2].read_bytes())
        stdout, stderr = (file.read_text(encoding="utf-8") for file in files[1:])
        status = process.exitcode
        process.close()
    assert status is not None
    return subprocess.CompletedProcess(["btl", *words], status, stdout, stderr)


def _get_context(method: str, *, real: Callable[[str], Any] = multiprocessing.get_context) -> Any:
    """Fork what `btl` would spawn, as long as it has no threads that a fork would confuse."""
    return real("fork" if method == "spawn" and threading.active_count() == 1 else method)


def _main(words: list[str], folder: Path, environment: dict[str, str], files: list[Path], limits: Limits) -> None:
    """Be a new `btl` in the forked process."""
    for number, file in enumerate(files):
        opened = os.open(file, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.argv = [str(Path(sys.executable).with_name("btl")), *words]
    multiprocessing.get_context = _get_context  # type: ignore[assignment]
    from archive.cli import main

    limits.apply()
    try:
        main()
    finally:
        atexit._run_exitfuncs()  # a forked process does not
