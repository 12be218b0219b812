"""What worker processes of this machine do on Ctrl-C, when the command is killed, and when they hang or eat memory."""

import ctypes
import faulthandler
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from archive.workers.garbage import collect_less_often

MAX_MEMORY_BYTES = 4 << 30
_nowhere = -1


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Start processes that ignore Ctrl-C: they inherit what is blocked. This process handles it after the block.

    The terminal sends it to all processes at once, and each would print a traceback.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_on_interrupt() -> None:
    """Let Ctrl-C end this worker process at once and silently; what it has in hand is lost."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def set_up_worker() -> None:
    """Prepare a worker process: it ends with its command, keeps its memory bounded, and lets others go first.

    The run is as fast as its one writer is.
    """
    end_on_interrupt()
    limit_memory()
    collect_less_often()
    with suppress(AttributeError, OSError):
        os.nice(5)
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: "multiprocessing.process.BaseProcess") -> None:
    parent.join()
    os._exit(1)


def limit_memory() -> None:
    """Bound what this process may take: what needs more fails with MemoryError, and the machine stays usable."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def give_back_memory() -> None:
    """Give memory that is free, and that the C library holds back, to the system: what a batch took need not stay."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """End this process where the block takes longer, even within a parser written in C: a hang costs itself only."""
    global _nowhere
    if _nowhere < 0:
        _nowhere = os.open(os.devnull, os.O_WRONLY)
    faulthandler.dump_traceback_later(seconds, exit=True, file=_nowhere)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
