"""Weigh whether blocks of one shape are the comments of a page: score by score, no word or lack alone decides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import find_date, may_hold_date
from archive.text.html_text import fold_space
from archive.text.removal_notices import tombstone_state
from crawler.platforms.comment_html.block_ids import LINKED_ID, block_id
from crawler.platforms.comment_html.elements import CommentElement
from crawler.platforms.comment_html.fields import CommentFields
from crawler.platforms.comment_html.page_index import Group, PageIndex
from crawler.platforms.comment_html.parts import PROFILE_LINK, traits_of
from crawler.platforms.comment_html.section_words import STRONG

MOST_SAMPLES = 12
FEW_SAMPLES = 3
MANY = 5
HOPELESS = 1.5  # so far below what is enough that more blocks cannot help
REPLIES_LINK = re.compile(r"[/=#_-]repl(?:y|ies)(?![a-z])", re.IGNORECASE)
LONGEST_COUNT = 40  # characters of a link such as "12 comments"
MOST_ELEMENTS = 400  # of a block that are looked at
ENOUGH = 4.2  # the score from which blocks are comments
TEXT, NAME, DATE = 1.0, 2.0, 1.5
NUMBER, BUTTON = 1.5, 1.5
FIELDS = TEXT + NAME + DATE  # the most that reading the fields of blocks can add
ROUNDING = 1e-9
BUTTON_NAME = re.compile(
    r"repl(?:y|ies)(?:$|[\W_])|(?:^|[\W_])(?:respond|responder|repondre|antwort(?:en)?|odpowiedz|otvet|report|"
    r"flag|permalink|"
    r"quote|vote|votes|voting|karma|like|likes|dislike|upvote|rating|thumb\w*|gravatar|avatar|userpic|"
    r"profile-?pic)(?:$|[\W_])",
    re.IGNORECASE,
)
PLURAL = re.compile(
    r"comments|kommentare(?![a-z])|commentaires|comentarios|comentários|commenti(?![a-z])|reacties|list|section|"
    r"area|thread|form|title|"
    r"respond|leave|add|head|count|number|total|link|button|wrap|container|holder|box|block|main|anchor|info|"
    r"toggle|stream|feed|widget",
    re.IGNORECASE,
)
HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
CUT_SHORT = ("…", "...", "[…]", "weiterlesen", "read more", "more »")


@dataclass(slots=True)
class Evidence:
    """What the sampled blocks of a group show, and the score of it all."""

    score: float = 0.0
    named: float = 0.0
    dated: float = 0.0
    texts: float = 0.0


def weigh(
    group: Group, comments: Sequence[CommentElement], index: PageIndex, stated: int | None, least: float = ENOUGH
) -> Evidence:
    """Return the evidence of a group, from a sample of its blocks spread over the list; a lower score where that is
    below `least`.

    A few blocks show most groups to be no comments; only where they do not are more looked at.
    """
    count = len(comments)
    least_of_few = ENOUGH - HOPELESS if count > FEW_SAMPLES else least
    few = _weigh_sample(group, comments, comments[:: max(1, -(-count // FEW_SAMPLES))], index, stated, least_of_few)
    if count <= FEW_SAMPLES or few.score < least_of_few:
        return few
    more = comments[:: max(1, count // MOST_SAMPLES)][:MOST_SAMPLES]
    return _weigh_sample(group, comments, more, index, stated, least)


def _weigh_sample(
    group: Group,
    comments: Sequence[CommentElement],
    sample: Sequence[CommentElement],
    index: PageIndex,
    stated: int | None,
    least: float,
) -> Evidence:
    """Return the evidence of a sample; none as soon as it shows that the sample stays below `least`."""
    count, size = len(comments), len(sample)
    names = sum(_name_scores(group, comments, index, stated).values())
    missing = least - FIELDS - ROUNDING - names
    if missing > NUMBER + BUTTON:
        return Evidence()
    ids = [index.read(comment, block_id) for comment in sample]
    numbered = len(set(filter(None, ids))) / size if group.has_ids or any(ids) else 0.0
    if missing > NUMBER * numbered + BUTTON:
        return Evidence()
    buttons = sum(index.read(comment, _has_button) for comment in sample) / size
    if missing > NUMBER * numbered + BUTTON * buttons:
        return Evidence()
    score = sum(_outer_scores(sample, index).values(), names) + NUMBER * numbered + BUTTON * buttons
    fields = _read_fields(sample, index, least - score)
    if fields is None:
        return Evidence()
    evidence = _evidence_of(fields)
    score += TEXT * evidence.texts + NAME * evidence.named + DATE * evidence.dated
    is_strong = max(group.own, group.around) >= STRONG
    evidence.score = score + sum(_objections(sample, fields, numbered, is_strong=is_strong).values())
    if not is_strong:  # entries of a list of events, jobs, questions have titles
        nameless = max(group.own, group.around) == 0
        evidence.score -= (
            1.5 * sum(_is_titled(c, f, any_heading=nameless) for c, f in zip(sample, fields, strict=True)) / size
        )
    if count == 1 and not _may_stand_alone(comments[0], evidence, numbered):
        evidence.score = 0.0
    if evidence.texts == 0 or (evidence.texts < 0.5 and evidence.named + evidence.dated + numbered < 2):
        evidence.score = 0.0
    return evidence


def _read_fields(sample: Sequence[CommentElement], index: PageIndex, needed: float) -> list[CommentFields] | None:
    """Return the fields of a sample; None as soon as those that are left cannot add as much as is `needed`."""
    most, fields = FIELDS, []
    for comment in sample:
        if most + ROUNDING < needed:
            return None
        f = index.fields_of(comment)
        fields.append(f)
        if not _is_tombstone(f):
            missing = TEXT * (not f.body) + NAME * (not f.name) + DATE * (not (f.date_text or f.machine_date))
            most -= missing / len(sample)
    return fields


def _evidence_of(fields: Sequence[CommentFields]) -> Evidence:
    """Return in how many blocks each field was read. What stands for a removed comment has neither name nor date."""
    shown = [f for f in fields if not _is_tombstone(f)] or fields
    return Evidence(
        named=sum(bool(f.name) for f in shown) / len(shown),
        dated=sum(bool(f.date_text or f.machine_date) for f in shown) / len(shown),
        texts=sum(bool(f.body) for f in shown) / len(shown),
    )


def _is_tombstone(fields: CommentFields) -> bool:
    return not (fields.name or fields.date_text) and tombstone_state(fields.body) is not None


def _name_scores(
    group: Group, comments: Sequence[CommentElement], index: PageIndex, stated: int | None
) -> dict[str, float]:
    """Return what speaks for and against a group by its names and its number, without a look into its blocks."""
    count = len(comments)
    return {
        "word": max(group.own * 1.0, group.around * 0.75),
        # For a word that other lists bear, too, or none, unless the heading of the list has one.
        "strong": -2 * (max(group.own, group.around) < STRONG and not _is_headed(comments[0])),
        "many": 0.5 * (count >= MANY),
        "nested": 0.5 * any(comment.above is not None for comment in comments),
        "stated": 0.5 * min(count, 3) * (stated is not None and abs(stated - count) <= max(1, count // 10)),
        "exact": 1.0 * (stated == count >= MANY),
        "weak": -1.5 * min(group.weak, 2),
        "live": -3.0 * (index.is_live_blog and max(group.own, group.around) < STRONG),  # the newsroom's own entries
        "aside": -0.75 * index.surroundings[comments[0].root].aside,
    }


def _outer_scores(sample: Sequence[CommentElement], index: PageIndex) -> dict[str, float]:
    """Return what speaks against blocks before their fields are read."""
    size = len(sample)
    return {
        "elsewhere": -3.0 * _leads_elsewhere(sample),
        "several": -2.5 * sum(index.read(comment, _holds_several) for comment in sample) / size,
        "article": -6.0 * any(_holds_article(comment) for comment in sample),
        "form": -4.0 * sum(_is_form(comment) for comment in sample) / size,
    }


def _is_headed(first: CommentElement) -> bool:
    """Whether the heading before a list, or before what it stands in, names comments: "Comments", "3 Kommentare"."""
    element: HtmlElement | None = first.siblings[0] if first.is_foot else first.root
    for _ in range(4):
        before = element.getprevious() if element is not None else None
        if before is not None:
            text = fold_space(before.text_content()) if before.tag in HEADINGS else ""
            return (
                0 < len(text) <= LONGEST_COUNT
                and line_rules.is_heading(text)
                and line_rules.names_comments(text)
                and not line_rules.is_elsewhere(text)
            )
        element = element.getparent() if element is not None else None
    return False


def _objections(
    sample: Sequence[CommentElement], fields: Sequence[CommentFields], numbered: float, *, is_strong: bool
) -> dict[str, float]:
    """Return what speaks against blocks being comments: `numbered` is the share of them that have ids."""
    size, bodies = len(sample), [f.body for f in fields]
    names = [f.name if is_strong else None for f in fields]
    return {
        "headline": -3.0 * sum(map(_has_headline, sample, names)) / size,
        "linked": -2.5 * sum(_is_linked(comment, f) for comment, f in zip(sample, fields, strict=True)) / size,
        "counted": -3.0 * sum(map(_counts_comments, sample)) / size,
        "cut": -2.0 * (sum(body.rstrip().endswith(CUT_SHORT) for body in bodies) / size > 0.5),
        "same": -3.0 * (size > 2 and numbered < 0.5 and len(set(bodies)) <= size // 2),
    }


def _has_button(comment: CommentElement) -> bool:
    """Whether a block has a button to reply, report or vote, or a picture of its author."""
    for element in comment.own[:MOST_ELEMENTS]:
        if element is comment.root:
            continue
        if element.tag in ("a", "button", "span", "div", "li", "i", "img", "input"):
            if BUTTON_NAME.search(f"{element.get('class') or ''} {element.get('id') or ''}"):
                return True
            if element.tag in ("a", "button", "span", "input"):
                text = (element.get("value") if element.tag == "input" else element.text_content()) or ""
                if len(text) <= 40 and line_rules.is_reply(fold_space(text)):
                    return True
            if element.tag == "a" and PROFILE_LINK.search(element.get("href") or ""):
                return True
    return False


def _leads_elsewhere(sample: Sequence[CommentElement]) -> bool:
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


def _has_headline(comment: CommentElement, name: str | None) -> bool:
    """Whether a block has a linked headline that is neither a `name` of its author nor a link to itself.

    Where nothing is called comments no link is a name's, but that to a person or to a page of theirs.
    """
    for element in comment.own:
        if element.tag in ("h1", "h2", "h3", "h4") and element is not comment.root:
            text = fold_space(element.text_content())
            link = element.find(".//a")
            if link is None and element.getparent() is not None and element.getparent().tag == "a":
                link = element.getparent()
            if link is not None and len(text) > 3 and text != name and not text.startswith(name or "\0"):
                href = link.get("href") or ""
                is_own = LINKED_ID.search(href) or PROFILE_LINK.search(href) or href.startswith("#")
                return not is_own and "nofollow" not in (link.get("rel") or "")
    return False


def _counts_comments(comment: CommentElement) -> bool:
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


def _is_titled(comment: CommentElement, fields: CommentFields, *, any_heading: bool) -> bool:
    """Whether what reads as a name is a heading that leads to no page of a person.

    With `any_heading` also whether there is any other heading.
    """
    headings = [e for e in comment.own[:MOST_ELEMENTS] if e.tag in ("h2", "h3", "h4") and e is not comment.root]
    texts = [fold_space(heading.text_content()) for heading in headings]
    if any_heading and any(text and (fields.name or text) not in text for text in texts):
        return True
    heading = next((h for h, text in zip(headings, texts, strict=True) if fields.name and text == fields.name), None)
    return heading is not None and next(heading.iter("a"), None) is None


def _is_linked(comment: CommentElement, fields: CommentFields) -> bool:
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


def is_called_one(group: Group, root: HtmlElement) -> bool:
    """Whether a single block is called a comment, or has a comment's number, and is not called what is around one."""
    names = f"{root.get('class') or ''} {root.get('id') or ''}"
    return group.own >= STRONG and (not _is_around(root) or not PLURAL.search(names))


def _may_stand_alone(comment: CommentElement, evidence: Evidence, numbered: float) -> bool:
    """Whether one block, of which nothing repeats, has a name and what else makes a comment."""
    if not evidence.named or not (evidence.dated or numbered):
        return False
    root = comment.root
    names = f"{root.get('class') or ''} {root.get('id') or ''}"
    return (bool(numbered and block_id(comment)) and not _is_around(root)) or not PLURAL.search(names)


def _is_around(root: HtmlElement) -> bool:
    return bool(PLURAL.search(f"{root.get('class') or ''} {re.sub('[0-9]+', '', root.get('id') or '')}"))


def _holds_several(comment: CommentElement) -> bool:
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


def _holds_article(comment: CommentElement) -> bool:
    return any(element.tag == "h1" for element in comment.own[:MOST_ELEMENTS])


def _is_form(comment: CommentElement) -> bool:
    """Whether a block is made to write a comment rather than to show one."""
    inputs = sum(e.tag == "textarea" for e in comment.own[:MOST_ELEMENTS])
    return bool(inputs) and (comment.root.tag == "form" or "respond" in (comment.root.get("id") or ""))
