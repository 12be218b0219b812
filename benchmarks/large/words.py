"""Invented words, texts, names and times of a large archive."""

from datetime import date, timedelta
from itertools import accumulate
from random import Random

from benchmarks.corpus import vocabulary

DAY = 86_400
DAYS = 3 * 365
BEGAN = date(2023, 1, 1)
LONGEST = 1_500
SHORTEST_SENTENCE = 20
WORDS, SENTENCES = 100_000, 300_000
FEWEST_WORDS, MOST_WORDS = 4, 14
ENDINGS = (". ", ". ", ". ", "! ", "? ", ".\n\n")
FIRST_NAMES = 4_999  # a prime, so that seven steps at a time come past all of them


class Words:
    """Every text comes from `chance` alone. The n-th word is used about 1/n as often as the first."""

    def __init__(self, chance: Random, sentences: int = SENTENCES) -> None:
        self.chance = chance
        words = dict.fromkeys(vocabulary(WORDS))
        self.words = [word if n % 30 else word.replace("e", "é") for n, word in enumerate(words)]
        self.sentences = self._sentences(sentences)
        self.days = [f"{BEGAN + timedelta(day)}T" for day in range(DAYS + 60)]
        self.clock = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}Z" for s in range(DAY)]

    def time(self, seconds: int) -> str:
        """Seconds since BEGAN as the archive writes times."""
        return self.days[seconds // DAY] + self.clock[seconds % DAY]

    def text(self, sentences: int) -> str:
        return "".join(self.chance.choices(self.sentences, k=sentences)).rstrip()

    def body(self) -> str:
        """20 to 1,500 characters, some 200 on average; every tenth with a word that hardly another one has."""
        random = self.chance.random
        body = self.text(1 + int(1.9 * self.chance.lognormvariate(0, 0.8)))
        if random() < 0.1:
            first, second = self.chance.choices(self.words, k=2)
            body = f"{first.capitalize()}{second}: {body}"
        return body if len(body) <= LONGEST else body[: body.rindex(" ", 0, LONGEST)].rstrip()

    def name(self, commenter: int) -> str:
        """Two words that no other commenter has together."""
        high, low = divmod(commenter, FIRST_NAMES)
        return f"{self.words[low * 7 % FIRST_NAMES].capitalize()} {self.words[high].capitalize()}"

    def plain(self) -> str:
        """A word for an address."""
        return self.chance.choice(self.words).replace("é", "e")

    def _sentences(self, count: int) -> list[str]:
        """Four words or more each, and 20 characters."""
        weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))
        text = self.chance.choices(self.words, cum_weights=weights, k=count * MOST_WORDS)
        made, at = [], 0
        for length in self.chance.choices(range(FEWEST_WORDS, MOST_WORDS), k=count):
            end = at + length
            while len(sentence := " ".join(text[at:end])) < SHORTEST_SENTENCE:
                end += 1
            at += MOST_WORDS
            made.append(sentence.capitalize() + self.chance.choice(ENDINGS))
        return made
