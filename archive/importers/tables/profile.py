"""What the columns of a table hold, over a sample of its rows."""

import re
from dataclasses import dataclass

from archive.importers.tables.cells import read_text
from archive.importers.tables.table import Table
from archive.text.fold import fold_name

FEWEST_OF_EACH = 4  # rows by which values are called of one row each
CONTENT_ROWS = 2_000  # by which most questions are decided
COMMENT_WORD = re.compile(
    r"comment|kommentar|koment|comentari|commento|reactie|repl(?:y|ies)|parent|antwort|respuesta|reponse|utterance|yorum|комментар|коментар"
)


@dataclass(slots=True)
class Profile:
    """What a column holds, over the sample: texts without the empty ones."""

    name: str
    key: str
    texts: list[str]
    rows: int

    @property
    def mean_length(self) -> float:
        return sum(map(len, self.texts)) / len(self.texts) if self.texts else 0.0

    @property
    def distinct(self) -> float:
        return len(set(self.texts)) / len(self.texts) if self.texts else 0.0

    @property
    def is_of_each(self) -> bool:
        """Whether each row has a value of its own."""
        return len(self.texts) >= FEWEST_OF_EACH and self.distinct > 0.95 and len(self.texts) > 0.9 * self.rows

    @property
    def is_shared(self) -> bool:
        """Whether most rows have a value, and some the same."""
        return not self.is_of_each and 2 * len(self.texts) >= self.rows

    def share(self, pattern: re.Pattern[str], *, whole: bool = True) -> float:
        matcher = pattern.fullmatch if whole else pattern.search
        return sum(matcher(text) is not None for text in self.texts) / len(self.texts) if self.texts else 0.0


def profile(table: Table) -> dict[str, Profile]:
    """Return what each column holds."""
    sample = table.sample[:CONTENT_ROWS]
    result = {}
    for name in table.columns:
        texts = [text for row in sample if (text := read_text(row.get(name))) is not None]
        result[name] = Profile(name, fold_name(name.rpartition(".")[2] or name), texts, len(sample))
    return result
