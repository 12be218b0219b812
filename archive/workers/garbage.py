"""How often a process looks for garbage. A module of its own, so that `btl` loads nothing else for it."""

import gc


def collect_less_often() -> None:
    """Look for garbage less often than Python does by itself.

    Loading modules, parsing documents and writing pages make many objects and hardly a cycle of them: to look through
    all that are young at each 700 is an eighth of an import, and at each 50,000 still a thirtieth.
    """
    gc.set_threshold(200_000, 20, 50)
