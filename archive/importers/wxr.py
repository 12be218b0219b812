"""WXR: the export that WordPress makes of a site, an article with its comments an item.

Threads and comments have the ids that a crawl of the site gives them, so that an export lays what moderators did over
what was crawled. Addresses of e-mail, of IP and of commenters' sites are not read.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.importers.base import CERTAIN, BadDocument, Document, EmptyDocument, FormatClaim, Probe, Source
from archive.importers.values import moment_of
from archive.importers.xml_elements import child_text, cut_elements, local_name, parse_element
from archive.text import urls
from archive.thread import Article, Author, Capture, Comment, Decision, Flag, Moment, State, Thread, nest

if TYPE_CHECKING:
    from lxml import etree

NAME = "wxr"
PLATFORM = "wordpress"
STATES: dict[str, State] = {
    "1": "visible", "approve": "visible", "0": "withheld", "hold": "withheld",
    "spam": "removed", "trash": "removed", "post-trashed": "removed",
}  # fmt: skip
NO_COMMENTS = ("pingback", "trackback", "order_note", "webmention", "review_reply")
NO_ARTICLES = (
    "attachment",
    "nav_menu_item",
    "revision",
    "custom_css",
    "wp_global_styles",
    "wp_navigation",
    "wp_template",
)
DATE = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")
BLANK_DATE = "0000-00-00"
LINE_BREAKS = re.compile(r"\r\n?")


def claim(probe: Probe) -> FormatClaim | None:
    """Claim RSS files with the namespace of WordPress's export, of any version."""
    is_export = b"wordpress.org/export/" in probe.head and b"<rss" in probe.head
    return FormatClaim(CERTAIN, "a WordPress export (WXR)") if is_export else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Cut the file into its items."""
    for item in cut_elements(source.file, source.name, "item"):
        if isinstance(item, BadDocument):
            yield item
        else:
            yield Document(item[1], source.name, item[0])


def parse(document: Document) -> Thread:
    """Return the article of an item with its comments. Raises EmptyDocument for items that no reader sees."""
    try:
        item = parse_element(document.raw)
    except (ValueError, SyntaxError) as error:
        raise BadDocument(f"{document.file}:{document.offset}", f"not XML: {error}") from error
    comments = [child for child in item if isinstance(child.tag, str) and local_name(child) == "comment"]
    reason = _reason_to_leave_out(item, has_comments=bool(comments))
    if reason:
        raise EmptyDocument(f"{document.file}:{document.offset}", reason)
    link = urls.canonical(child_text(item, "link") or "")
    post = child_text(item, "post_id")
    parts = urlsplit(link or "")
    return Thread(
        article=_article(item, link),
        comments=nest(_comments(comments)),
        platform=PLATFORM,
        capture=Capture(
            sha256=sha256(document.raw).hexdigest(),
            url=link,
            media_type="application/rss+xml",
            file=document.file,
            offset=document.offset,
            length=len(document.raw),
        ),
        native_id=f"{parts.scheme}://{parts.netloc}/?p={post}" if link and post else None,
        completeness="full",
        closed={"open": False, "closed": True}.get(child_text(item, "comment_status") or ""),
    )


def _reason_to_leave_out(item: "etree._Element", *, has_comments: bool) -> str | None:
    kind, status = child_text(item, "post_type"), child_text(item, "status")
    if kind in NO_ARTICLES and not has_comments:
        return f"{kind}: no article"
    if status not in (None, "publish", "inherit"):
        return f"{status}: not published"
    if child_text(item, "post_password"):
        return "protected by a password"
    return None


def _article(item: "etree._Element", link: str | None) -> Article:
    body = next((child for child in item if isinstance(child.tag, str) and str(child.tag) == "content:encoded"), None)
    html = "".join(body.itertext()) if body is not None else ""
    return Article(
        title=child_text(item, "title"),
        body=_as_text(html),
        url=link,
        outlet=urls.domain(link) if link else None,
        byline=child_text(item, "creator"),
        published=_moment(item, "post_date"),
        fills_in=True,
    )


def _comments(elements: "list[etree._Element]") -> Iterator[Comment]:
    for row in elements:
        if child_text(row, "comment_type") in NO_COMMENTS:
            continue
        parent = _parent(row)
        approved = child_text(row, "comment_approved") or "1"
        member = child_text(row, "comment_user_id")
        member = None if member in (None, "0") else member
        name = child_text(row, "comment_author")
        yield Comment(
            body=_as_text(child_text(row, "comment_content") or ""),
            author=Author(name, member, member is None) if name or member else None,
            posted=_moment(row, "comment_date"),
            native_id=child_text(row, "comment_id"),
            parent_native_id=parent,
            parent_source=None if parent is None else "export",
            state=STATES.get(approved, "withheld"),
            flags=(Flag("platform.spam", "comment-approved", approved),) if approved == "spam" else (),
            decisions=tuple(_decisions(row, approved)),
        )


def _decisions(row: "etree._Element", approved: str) -> Iterator[Decision]:
    """Yield what moderators, or Akismet, made of a comment that is not public. WordPress notes when it was binned."""
    state = STATES.get(approved, "withheld")
    if state == "visible":
        return
    notes = {child_text(child, "meta_key"): child_text(child, "meta_value") for child in row
             if isinstance(child.tag, str) and local_name(child) == "commentmeta"}  # fmt: skip
    decided = moment_of(notes.get("_wp_trash_meta_time"))
    by_akismet = approved == "spam" and notes.get("akismet_result") == "true" and not notes.get("akismet_user_result")
    yield Decision(approved, state, decided.at if decided else None, "system" if by_akismet else None)


def _parent(row: "etree._Element") -> str | None:
    parent = child_text(row, "comment_parent")
    return None if parent in (None, "0") else parent


def _as_text(html: str) -> str:
    """Return the text of what WordPress prints with paragraphs at blank lines, and lines at line feeds."""
    from archive.text.html_text import html_text  # loads lxml.html, which most imports need not

    html = LINE_BREAKS.sub("\n", html).strip()
    blocks = [block.strip() for block in re.split(r"\n[ \t]*\n", html) if block.strip()]
    paragraphs = (html_text(block.replace("\n", "<br>") if "<" not in block else block) for block in blocks)
    return "\n\n".join(filter(None, paragraphs))


def _moment(element: "etree._Element", name: str) -> Moment | None:
    """Return a date in UTC; the site's own time, whose zone the export does not name, is kept as its words alone."""
    stated = child_text(element, f"{name}_gmt")
    if stated and not stated.startswith(BLANK_DATE) and (match := DATE.match(stated)):
        return Moment(f"{match[1]}T{match[2]}Z", stated, "second")
    local = child_text(element, name)
    return Moment(None, local) if local and not local.startswith(BLANK_DATE) else None
