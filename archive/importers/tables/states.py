"""Read what columns say of whether a comment was shown: words of states, and yes or no under a telling name."""

import re
from collections.abc import Mapping, Sequence

from archive.importers.tables.cells import FALSE, TRUE, read_number
from archive.thread import State

# What columns of states and approval say in most systems, where the mapping says nothing.
WORDS_BY_STATE: dict[State, str] = {
    "visible": "approved published visible online 1 true accepted none ok public live",
    "removed": "removed rejected deleted spam trash blocked system_withheld post-trashed declined offline",
    "author_deleted": "author_deleted user_deleted",
    "withheld": "pending premod unapproved held hold withheld moderation",
}
STATES: dict[str, State] = {word: state for state, words in WORDS_BY_STATE.items() for word in words.split()}
STRICTNESS: tuple[State, ...] = ("visible", "withheld", "author_deleted", "removed")
# Names of columns that hold yes or no, or the time of it, without "is" before them.
APPROVAL = re.compile(r"(?:comment)?(?:approved(?:comment)?|published|visible|enabled|online|public)")
REMOVAL = re.compile(r"(?:deleted|removed|spam|hidden|trashed|blocked)(?:at)?")
BY_AUTHOR = re.compile(r"(?:deletedbyauthor|userdeleted|authordeleted)")
HOLDING = re.compile(r"(?:pending|held|awaitingmoderation)(?:at)?")

HIDING: tuple[tuple[re.Pattern[str], State], ...] = (
    (REMOVAL, "removed"),
    (BY_AUTHOR, "author_deleted"),
    (HOLDING, "withheld"),
)


def reads_state(key: str) -> bool:
    """Whether a column of this name says whether comments are shown."""
    name = key.removeprefix("is")
    return any(pattern.fullmatch(name) for pattern in (APPROVAL, REMOVAL, BY_AUTHOR, HOLDING))


def is_state_column(texts: Sequence[str]) -> bool:
    """Whether the cells of a column may be what its name says: yes or no, a state's word, or a time."""
    return all(
        text.casefold() in TRUE | FALSE or text.casefold() in STATES or read_number(text[:4]) is not None
        for text in texts
    )


def read_state(name: str, value: str, stated: Mapping[str, State]) -> State:
    """Return the state that a cell of this column says, by the mapping's words, else by the column's name."""
    folded = value.casefold()
    if folded in stated:
        return stated[folded]
    key = re.sub(r"[\W_]", "", name.rpartition(".")[2].casefold()).removeprefix("is")
    if APPROVAL.fullmatch(key) and folded in FALSE and not stated:
        return "withheld"
    for pattern, state in HIDING:
        if pattern.fullmatch(key) and not stated:
            return "visible" if folded in FALSE else state
    return STATES.get(folded, "visible")
