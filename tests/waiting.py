"""Wait for a state, never for a time: a loaded machine may take a hundred times as long as an idle one."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from tests.btl import PATIENCE_S, StartedBtl

T = TypeVar("T")
PAUSE_S = 0.01
HANGS_CPU_S = 90.0  # twenty times and more what the slowest of these texts takes where work grows with its length only


def until(state: Callable[[], T], process: StartedBtl | None = None) -> T:
    """Return what `state` gives once it is true; fail where that never happens, or the process ends before."""
    given_up = time.monotonic() + PATIENCE_S
    while not (found := state()):
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < given_up, "what was waited for has not happened"
        time.sleep(PAUSE_S)
    return found


@contextmanager
def no_hang() -> Iterator[None]:
    """Fail where what stands under this takes more of the processor than anything but a hang would.

    For inputs so long that work which grows with the square of their length never ends.
    """

    def fail(*_: Any) -> NoReturn:
        raise AssertionError(f"still at work after {HANGS_CPU_S:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, fail)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
