"""Load all rules when this is imported.

For the process that workers are forked from: it loads them once, and its workers share them in memory.
"""

import gc

from archive.flags.detect import find_matches, prefilter
from archive.flags.languages import choose_language

LONG_ENOUGH = "Fähre Hafen Fahrplan Insel Bäckerei"  # to be looked at by the model that tells languages

prefilter()
choose_language(LONG_ENOUGH, ("de",), None)
find_matches(f"{LONG_ENOUGH}: +43 1 58858 0")  # loads what knows telephone numbers
gc.collect()
gc.freeze()  # the collector would write to what is shared, and so copy it
