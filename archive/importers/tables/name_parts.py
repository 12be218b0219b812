"""What the words within a column's name propose it to be, where the whole name is no known one: `snippet.likeCount`,
`reply_to_comment`, `Заголовок статьи`. What they propose, the contents of the column must allow (columns.py)."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from archive.text.fold import fold_name

WORD = re.compile(r"[A-ZÀ-Þ]+(?![a-zß-ÿ])|[A-ZÀ-Þ]?[^\W\d_A-ZÀ-Þ]+")
SHORTEST_END = 4  # letters of a word that may end another


@dataclass(frozen=True, slots=True)
class _Parts:
    any_of: frozenset[str]
    besides: frozenset[str]
    none_of: frozenset[str]

    def propose(self, words: frozenset[str], folded: str) -> bool:
        """Whether a name of these words has a part that proposes a role, and none that speaks against it."""
        return (
            _has(self.any_of, words, folded)
            and (not self.besides or _has(self.besides, words, folded))
            and not _has(self.none_of, words, folded)
        )


@cache
def role_names() -> dict[str, dict[str, int]]:
    """The names of each role with their rank, the surest first."""
    listed = tomllib.loads(files(__package__).joinpath("roles.toml").read_text("utf-8"))
    return {
        role: {fold_name(name): rank for rank, name in reversed(list(enumerate(names.split())))}
        for role, names in listed.items()
    }


@cache
def _parts_by_role() -> dict[str, _Parts]:
    listed = tomllib.loads(files(__package__).joinpath("parts.toml").read_text("utf-8"))
    return {
        role: _Parts(*(frozenset(map(fold_name, parts.get(key, "").split())) for key in ("any", "with", "not")))
        for role, parts in listed.items()
    }


def _has(parts: frozenset[str], words: frozenset[str], folded: str) -> bool:
    return not parts.isdisjoint(words) or any(
        (part in folded) if not part.isascii() else len(part) >= SHORTEST_END and any(w.endswith(part) for w in words)
        for part in parts
    )


def roles_by_parts(name: str) -> Iterator[str]:
    """Yield the roles that the words of a column's name propose, the surest first."""
    last = name.rpartition(".")[2] or name
    folded = fold_name(last)
    words = frozenset((folded, *map(fold_name, WORD.findall(last))))
    yield from (role for role, parts in _parts_by_role().items() if parts.propose(words, folded))
