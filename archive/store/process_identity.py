"""Identify the process that works on an archive, and tell whether such a process has died.

A number alone would not do: another process may get it later, and other machines and containers count for themselves.
"""

import os
import socket
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

PROCESSES = Path("/proc")
STATE, STARTED = 0, 19  # of the fields of /proc/PID/stat after the command's name


def worker_name(process: int | None = None) -> str:
    """Return the name of this process: its machine, since when that runs, its number, and when it began."""
    number = os.getpid() if process is None else process
    return f"{_machine()}:{number}:{_started(number) or ''}"


def is_dead(worker: str) -> bool:
    """Return whether a process of this machine has ended. Of other machines that cannot be told: False."""
    number, _, started = worker.partition(":")[2].partition(":")
    return is_here(worker) and number.isdigit() and _started(int(number)) != started


def is_here(worker: str) -> bool:
    """Return whether a process is or was one of this machine."""
    return worker.partition(":")[0] == _machine()


@lru_cache
def _machine() -> str:
    """Return the name of this machine, of its start, and of the space in which processes are numbered."""
    start = ""
    with suppress(OSError):
        start = (PROCESSES / "sys/kernel/random/boot_id").read_text("ascii")[:8]
    with suppress(OSError):
        start += "/" + (PROCESSES / "self/ns/pid").readlink().name.strip("pid:[]")
    return f"{socket.gethostname()}/{start}".replace(":", "")


def _started(number: int) -> str | None:
    """Return when a process began, in ticks; empty text where the system does not say, None where there is none."""
    if not PROCESSES.is_dir():
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass
        return ""
    try:
        fields = (PROCESSES / str(number) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[STATE] in "ZX" else fields[STARTED]
