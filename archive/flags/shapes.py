"""What is known by its shape and not by its words: addresses of people, links, promotion. Pure."""

from collections.abc import Iterator
from typing import Any


def find(text: str, folded: str, language: str | None) -> Iterator[Any]:
    return iter(())
