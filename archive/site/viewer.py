"""Who looks at a page, as far as that changes what it shows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visitor:
    """`base` is the address of the list of comments. A signed-in reviewer sees names of reviewers and nothing masked,
    and judges where the archive can be written to."""

    base: str
    reviewer: str | None = None
    writable: bool = False

    @property
    def judges(self) -> bool:
        return self.reviewer is not None and self.writable
