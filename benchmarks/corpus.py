"""Documents in the seed format by the thousand, each different, for measuring speed: words from a small grammar."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ne",
    "ra",
    "su",
    "ti",
    "vo",
    "be",
    "du",
    "fa",
    "go",
    "hi",
    "ju",
    "pe",
    "qua",
    "ro",
    "sha",
    "ter",
)
COMMENTS = 20
WORDS = 25


def vocabulary(size: int = 30_000) -> list[str]:
    """Invented words; the n-th is used about 1/n as often as the first."""
    chance = random.Random(1)
    return ["".join(chance.choices(SYLLABLES, k=chance.choice((1, 2, 2, 3, 3, 4)))) for _ in range(size)]


class Corpus:
    """`document(n)` is always the same text for the same n."""

    def __init__(self) -> None:
        self.words = vocabulary()
        self.weights = [1 / (rank + 2) for rank in range(len(self.words))]
        self.cumulative = [sum(self.weights[:1])]
        for weight in self.weights[1:]:
            self.cumulative.append(self.cumulative[-1] + weight)

    def _sentence(self, chance: random.Random, length: int) -> str:
        words = chance.choices(self.words, cum_weights=self.cumulative, k=length)
        return " ".join(words).capitalize() + chance.choice("..!?")

    def _author(self, chance: random.Random) -> str:
        number = int(chance.paretovariate(0.7)) % 60_000
        name = self.words[(number * 7) % len(self.words)].capitalize()
        return name if number < 3000 else f"{name}{number}"

    def document(self, number: int, comments: int = COMMENTS) -> str:
        """A title, three paragraphs and so many comments, nested up to four levels; some authors are lost."""
        chance = random.Random(number)
        parts = [self._sentence(chance, 8).rstrip(".!?"), *(self._sentence(chance, 40) for _ in range(3))]
        depth = -1
        for _ in range(comments):
            depth = chance.randint(0, min(depth + 1, 4))
            indent = "  " * (depth + 1)
            author = self._author(chance)
            body = [" ".join(self._sentence(chance, WORDS // 2) for _ in range(2))]
            if chance.random() < 0.1:
                body.append(self._sentence(chance, 12))
            if chance.random() < 0.05:
                parts.append(f"{indent}• {body.pop(0)}")
            else:
                parts.append(f"{indent}• {author}")
            parts += [f"{indent}  {paragraph}" for paragraph in body]
        return "\n\n".join(parts) + "\n"

    def write_lines(self, path: Path, numbers: range) -> None:
        """JSON Lines with an address each, over 200 outlets."""
        with path.open("w", encoding="utf-8") as out:
            for number in numbers:
                url = f"https://outlet{number % 200}.example/{number}"
                out.write(json.dumps({"url": url, "text": self.document(number)}, ensure_ascii=False) + "\n")

    def write_files(self, folder: Path, numbers: range) -> None:
        """One text a file, a thousand files a folder."""
        for number in numbers:
            path = folder / f"{number // 1000:04}" / f"{number:07}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.document(number), "utf-8")


def texts(count: int) -> Iterator[str]:
    """The first documents."""
    corpus = Corpus()
    return (corpus.document(number) for number in range(count))
