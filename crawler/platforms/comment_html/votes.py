"""Votes on a comment as pages print them: in the names of elements, or in data."""

import re
from collections.abc import Iterable
from typing import TypedDict

from lxml.html import HtmlElement

from archive.text.html_text import fold_space, parse_count

UP = re.compile(
    r"(?:^|[\s_-])(?:up-?vot(?:es?|ers?)|likes?|likecount|recommend(?:s|ation)?s?|thumbs-?up|vote-?up|votes-?up|plus|up|"
    r"praise|ups?)(?=[\s_-]|$)",
    re.IGNORECASE,
)
DOWN = re.compile(
    r"(?:^|[\s_-])(?:down-?vot(?:es?|ers?)|dislikes?|thumbs-?down|vote-?down|votes-?down|minus|down)(?=[\s_-]|$)",
    re.IGNORECASE,
)
COUNT = re.compile(r"(?:^|[\s_-])(?:counts?|counter|num(?:ber)?|total|value|result|score)(?=[\s_-]|$)", re.IGNORECASE)
DATA_UP = ("data-likes", "data-like-count", "data-upvotes", "data-recommend-count", "data-praisetimes", "data-votes-up")
DATA_DOWN = ("data-dislikes", "data-dislike-count", "data-downvotes", "data-votes-down")
BARE = re.compile(r"[+(]?\d{1,7}[)]?(?: (?:likes?|votes?|points?|upvotes?))?", re.IGNORECASE)
BEGINNING = re.compile(r"\s*[+(\d]")
MOST_ELEMENTS = 300


class Votes(TypedDict):
    """The votes for and against a comment, None where the page shows none."""

    likes: int | None
    dislikes: int | None


def count_votes(own: Iterable[HtmlElement]) -> Votes:
    """Return the votes that the elements of a comment show."""
    votes: Votes = {"likes": None, "dislikes": None}
    for number, element in enumerate(own):
        if number >= MOST_ELEMENTS:
            break
        names = element.keys()
        for name in names:
            if name in DATA_UP and votes["likes"] is None:
                votes["likes"] = parse_count(element.get(name))
            elif name in DATA_DOWN and votes["dislikes"] is None:
                votes["dislikes"] = parse_count(element.get(name))
        text = element.text
        if not text or len(element) or BEGINNING.match(text) is None:
            continue
        text = fold_space(text)
        if BARE.fullmatch(text):
            _count(votes, element, text)
    return votes


def _count(votes: Votes, element: HtmlElement, text: str) -> None:
    """Count a bare number for the side that the names of its element, or of the one around it, say."""
    above = element.getparent()
    if above is not None and any("unvoted" in (beside.get("class") or "").split() for beside in above):
        # The sums that a vote of one's own would lead to stand on both sides of the score.
        if "unvoted" in (element.get("class") or "").split():
            votes["likes"] = parse_count(text)
        return
    for candidate in (element, above) if above is not None else (element,):
        names = f"{candidate.get('class') or ''} {candidate.get('id') or ''} {candidate.get('itemprop') or ''}"
        if DOWN.search(names):
            votes["dislikes"] = parse_count(text) if votes["dislikes"] is None else votes["dislikes"]
            return
        if UP.search(names):
            votes["likes"] = parse_count(text) if votes["likes"] is None else votes["likes"]
            return
