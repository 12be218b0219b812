"""What speaks against blocks being comments: links to several pages, headlines, cells, forms."""

import re
from collections.abc import Sequence

from archive.text import line_rules
from archive.text.dates import find_date, may_hold_date
from archive.text.html_text import fold_space
from crawler.platforms.comment_html.block_ids import LINKED_ID, block_id
from crawler.platforms.comment_html.elements import CommentElement
from crawler.platforms.comment_html.fields import CommentFields
from crawler.platforms.comment_html.parts import PROFILE_LINK, TITLES, traits_of

REPLIES_LINK = re.compile(r"[/=#_-]repl(?:y|ies)(?![a-z])", re.IGNORECASE)
LONGEST_COUNT = 40  # characters of a link such as "12 comments"
FEWEST, MANY = 3, 5
MOST_ELEMENTS = 400  # of a block that are looked at
LEADING = 0.8  # of the blocks that must lead to a page each
QUESTION_MARKS = ("?", "？", "؟")
NO_PAGES = ("#", "javascript:", "mailto:", "http://www.facebook.com", "https://www.facebook.com", "https://twitter.com")


def leads_to_pages(sample: Sequence[CommentElement], fields: Sequence[CommentFields]) -> bool:
    """Whether each block leads to another page of the site, as articles, and comments on several articles, do."""
    if len(sample) < FEWEST:
        return False
    pages = [_page_of(comment, f) for comment, f in zip(sample, fields, strict=True)]
    paths, lines = {path for path, _ in filter(None, pages)}, {line for _, line in filter(None, pages)}
    least = LEADING * len(sample)
    return len(paths) >= least and (len(lines) >= least or lines == {""})


def _page_of(comment: CommentElement, fields: CommentFields) -> tuple[str, str] | None:
    """Return the page that a block leads to with a line of several words ("" where it leads there twice).

    No link to a person, to the block itself, or within its text, counts, but one at the end of that.
    """
    number, names, seen = block_id(comment), set(), []
    for element in comment.own[:MOST_ELEMENTS]:
        href = element.get("href") or "" if element.tag == "a" else ""
        text = fold_space(element.text_content()) if href else ""
        is_title = text.count(" ") >= 3 and line_rules.name_score(text) < 0
        if href and ((text == fields.name and not is_title) or PROFILE_LINK.search(href)):
            names.add(href)
        elif (
            href
            and not href.startswith(NO_PAGES)
            and not LINKED_ID.search(href)
            and not (number and number in href)
            and not ((may_hold_date(text) and find_date(text)) or line_rules.is_reply(text))
        ):
            is_within = text and text in fields.body and not fields.body.endswith(text)
            seen.append((href.partition("#")[0], "" if is_within else text))
    seen = [(href, text) for href, text in seen if href not in names]
    for position, (href, text) in enumerate(seen):
        if text.count(" ") >= 2 and "nofollow" not in href:
            return href, text
        if any(other == href for other, _ in seen[:position]):
            return href, ""
    return None


def leads_elsewhere(sample: Sequence[CommentElement]) -> bool:
    """Whether the blocks link to comments on several pages, as lists of the latest comments of a site do."""
    targets = set()
    linking = 0
    for comment in sample:
        for element in comment.own:
            href = element.get("href") if element.tag == "a" else None
            if href and "#" in href and LINKED_ID.search(href):
                path, _, fragment = href.partition("#")
                number = re.search(r"\d{3,}$", fragment)
                path = re.sub(r"[?].*", "", path)
                targets.add(re.sub(rf"(?<!\d){number[0]}(?!\d)", "#", path) if number else path)
                linking += 1
                break
    return linking * 2 > len(sample) and len(targets) > max(1, len(sample) // 3)


def share_of_headlines(sample: Sequence[CommentElement], names: Sequence[str | None]) -> float:
    """Return the share of blocks that have a linked headline; 0 where all lead to one page, the comments' own."""
    headlines = [_headline(comment, name) for comment, name in zip(sample, names, strict=True)]
    pages = {href.partition("#")[0] for href in headlines if href is not None}
    shared = len(pages) == 1 and len(headlines) - headlines.count(None) > 1
    return 0.0 if shared else 1 - headlines.count(None) / len(headlines)


def _headline(comment: CommentElement, name: str | None) -> str | None:
    """Return where the headline of a block leads; None without one that is neither its author's `name` nor its own.

    Where nothing is called comments no link is a name's, but that to a person or to a page of theirs.
    """
    for element in comment.own:
        if element.tag in ("h1", "h2", "h3", "h4") and element is not comment.root and traits_of(element).name is None:
            text = fold_space(element.text_content())
            link = element.find(".//a")
            if link is None and element.getparent() is not None and element.getparent().tag == "a":
                link = element.getparent()
            if link is not None and len(text) > 3 and text != name and not text.startswith(name or "\0"):
                href = link.get("href") or ""
                is_own = LINKED_ID.search(href) or PROFILE_LINK.search(href) or href.startswith("#")
                return href if not is_own and "nofollow" not in (link.get("rel") or "") else None
    return None


def counts_comments(comment: CommentElement) -> bool:
    """Whether a block leads elsewhere to comments that it counts, as an article in a list of articles does.

    A comment counts its own replies, or what its author has written in all.
    """
    for element in comment.own[:MOST_ELEMENTS]:
        href = element.get("href") or "" if element.tag == "a" else ""
        if href and not href.startswith("#") and not REPLIES_LINK.search(href) and not PROFILE_LINK.search(href):
            text = element.text_content()
            if (
                len(text) > LONGEST_COUNT
                or not any(map(str.isdigit, text))
                or line_rules.is_reply(_without_number(text))
            ):
                continue
            if line_rules.stated_count(text) is not None:
                return True
    return False


def _without_number(text: str) -> str:
    """Return the words of a button behind which a number stands: "Reply (2)"."""
    return text.strip().rstrip(" ()0123456789")


def is_titled(comment: CommentElement, fields: CommentFields, *, any_heading: bool) -> bool:
    """Whether what reads as a name is a heading that leads to no page of a person.

    With `any_heading` also whether there is any other heading.
    """
    headings = [e for e in comment.own[:MOST_ELEMENTS] if e.tag in ("h2", "h3", "h4") and e is not comment.root]
    texts = [fold_space(heading.text_content()) for heading in headings]
    if any_heading and any(text and (fields.name or text) not in text for text in texts):
        return True
    heading = next((h for h, text in zip(headings, texts, strict=True) if fields.name and text == fields.name), None)
    return heading is not None and next(heading.iter("a"), None) is None


def is_linked(comment: CommentElement, fields: CommentFields) -> bool:
    """Whether what reads as a block's text is a link, as in a list of articles."""
    if not fields.body:
        return False
    linked = 0
    for element in comment.own:
        href = element.get("href") or "" if element.tag == "a" else ""
        if href and not href.startswith(("#", "javascript:")):
            text = fold_space(element.text_content())
            if text and text in fields.body and text != fields.name and not line_rules.is_reply(text):
                linked += len(text)
    return linked * 3 > len(fields.body) * 2 and not fields.body.startswith("http")


def asks(comment: CommentElement, fields: CommentFields) -> bool:
    """Whether a block begins with a question: what reads as its name, or its first heading."""
    first = next((element for element in comment.own[:MOST_ELEMENTS] if element.tag in TITLES), None)
    heading = "" if first is None else fold_space(first.text_content())
    return (fields.name or "").endswith(QUESTION_MARKS) or heading.endswith(QUESTION_MARKS)


def holds_several(comment: CommentElement) -> bool:
    """Whether a block holds several names or times of one shape: it is around several comments."""
    texts: dict[tuple[str, str], set[str]] = {}
    for element in comment.own[:MOST_ELEMENTS]:
        class_ = element.get("class")
        kind = traits_of(element)
        if element.tag == "time" or (class_ and (kind.name is not None or kind.dated)):
            text = fold_space(element.text_content())
            if text and len(text) < 80 and (kind.name == 0 or (may_hold_date(text) and find_date(text))):
                texts.setdefault((element.tag, class_ or ""), set()).add(text)
    return any(len(values) > 1 for (_, class_), values in texts.items())


def holds_article(comment: CommentElement) -> bool:
    return any(element.tag == "h1" for element in comment.own[:MOST_ELEMENTS])


def are_halves(sample: Sequence[CommentElement]) -> bool:
    """Whether blocks stand in pairs, in one element or one in the other: they are halves of what repeats."""
    pairs = list(zip(sample[::2], sample[1::2], strict=False))
    places = {first.root.getparent() for first, _ in pairs}
    return len(sample) >= MANY and all(
        second.above is first or (second.root.getparent() is first.root.getparent() and len(places) == len(pairs))
        for first, second in pairs
    )


def is_form(comment: CommentElement) -> bool:
    """Whether a block is made to write a comment rather than to show one."""
    inputs = sum(e.tag == "textarea" for e in comment.own[:MOST_ELEMENTS])
    return bool(inputs) and (comment.root.tag == "form" or "respond" in (comment.root.get("id") or ""))
