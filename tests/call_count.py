"""Count the work of a call in function calls, which are the same on every machine, busy or not."""

import sys
from collections.abc import Callable
from typing import Any


def count_calls(function: Callable[..., Any], *args: Any) -> int:
    """Return how many functions, of Python and of C, run during `function(*args)`."""
    calls = 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function(*args)
    finally:
        sys.setprofile(before)
    return calls
