"""Load all rules when this is imported.

For the process that workers are forked from: it loads them once, and its workers share them in memory.
"""

import gc
import mmap
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any

from archive.flags.detect import find_matches, prefilter
from archive.flags.languages import choose_language, identifier
from archive.workers.processes import give_back_memory

LONG_ENOUGH = "Fähre Hafen Fahrplan Insel Bäckerei"  # to be looked at by the model that tells languages


def _map_table(identifier: Any) -> None:
    """Put the identifier's table of transitions, 40 MB, into a file without a name: few of its pages are ever read."""
    with suppress(AttributeError, OSError, TypeError, ValueError), TemporaryFile() as file:
        table = identifier.tk_nextmove
        table.tofile(file)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        identifier.tk_nextmove = memoryview(mapped).cast(table.typecode)


gc.disable()  # nothing of what is loaded is garbage
# The model first: loading it takes 110 MB for a moment, which would come on top of all else.
choose_language(LONG_ENOUGH, ("de",), None)
_map_table(identifier())
give_back_memory()
prefilter()
find_matches(f"{LONG_ENOUGH}: +43 1 58858 0")  # loads what knows telephone numbers
gc.enable()
gc.collect()
give_back_memory()  # what loading took and needs no more
gc.freeze()  # the collector would write to what is shared, and so copy it
