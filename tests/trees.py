"""Threads for tests: small ones by hand, any ones by hypothesis."""

from hashlib import sha256

from hypothesis import strategies as st

from archive.thread import Article, Author, Capture, Comment, Flag, Thread

NAMES = st.sampled_from(["anna", "Tom Billes", "山田", "harbourmaster77", "نورة"])
BODIES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)


def said(body: str, author: str | None = "anna", parent: int | None = None, **more: object) -> Comment:
    return Comment(body, parent, Author(author) if author else None, **{"parent_source": "indent", **more})


def made(
    *comments: Comment, url: str | None = "https://courier.example/ferry", at: str | None = None, **more: object
) -> Thread:
    """A thread whose capture is told by its text, as if its source had been a file."""
    article = Article("Ferry timetable", "The first ferry leaves at 05:40.", url=url, outlet="courier.example")
    digest = sha256(repr((comments, more)).encode()).hexdigest()
    capture = Capture(digest, url=url, fetched_at=at, file="ferry.txt")
    return Thread(article, tuple(comments), "resiliparse_text", capture, **more)


@st.composite
def comments(draw: st.DrawFn, native: bool = False, most: int = 25) -> tuple[Comment, ...]:
    """Any tree of comments in document order, with native ids or without."""
    size = draw(st.integers(0, most))
    path: list[int] = []
    result: list[Comment] = []
    for i in range(size):
        depth = draw(st.integers(0, len(path)))
        path = [*path[:depth], i]
        author = draw(st.none() | NAMES)
        flags = () if author else (Flag("capture.author_missing", "test"),)
        parent = path[-2] if depth else None
        native_id = str(i) if native else None
        result.append(said(draw(BODIES), author, parent, native_id=native_id, flags=flags))
    return tuple(result)
