"""Wait for a state, never for a time: a loaded machine may take a hundred times as long as an idle one."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.btl import PATIENCE_S, StartedBtl

T = TypeVar("T")
PAUSE_S = 0.01


def until(state: Callable[[], T], process: StartedBtl | None = None) -> T:
    """Return what `state` gives once it is true; fail where that never happens, or the process ends before."""
    given_up = time.monotonic() + PATIENCE_S
    while not (found := state()):
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < given_up, "what was waited for has not happened"
        time.sleep(PAUSE_S)
    return found
