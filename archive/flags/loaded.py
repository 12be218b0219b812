"""Load all rules when this is imported.

For the process that workers are forked from: it loads them once, and its workers share them in memory.
"""

import ctypes
import gc
import mmap
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any

from archive.flags.detect import find_matches, prefilter
from archive.flags.languages import choose_language, identifier

LONG_ENOUGH = "Fähre Hafen Fahrplan Insel Bäckerei"  # to be looked at by the model that tells languages


def _map_table(identifier: Any) -> None:
    """Put the identifier's table of transitions, 40 MB, into a file without a name: few of its pages are ever read."""
    with suppress(AttributeError, OSError, TypeError, ValueError), TemporaryFile() as file:
        table = identifier.tk_nextmove
        table.tofile(file)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        identifier.tk_nextmove = memoryview(mapped).cast(table.typecode)


def _give_back() -> None:
    """Give the memory that loading took and needs no more back to the system, where its C library can."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


prefilter()
choose_language(LONG_ENOUGH, ("de",), None)
find_matches(f"{LONG_ENOUGH}: +43 1 58858 0")  # loads what knows telephone numbers
_map_table(identifier())
gc.collect()
_give_back()
gc.freeze()  # the collector would write to what is shared, and so copy it
