"""django-comments-xtd: a thread as JSON, flat, and how often readers asked for each comment's removal."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from archive.thread import Article, Author, Comment, Flag, Moment, Thread
from crawler.pages.html_text import moment
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms.base import CERTAIN, Claim, Reading
from crawler.platforms.nesting import nested

PLACE = re.compile(r"[\"'=](/[\w/.-]{0,200}api)/([a-z_]\w{0,60}-[a-z_]\w{0,60})/([-\w]{1,60})/(?:count/)?[\"'&]")
TARGET = re.compile(r"[a-z_]\w{0,60}\.[a-z_]\w{0,60}")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
LARGEST = 1 << 63


def claim(page: Page) -> Claim | None:
    """The page names its API in its widget's options; the form names what is commented on."""
    if "comments" not in page.text:
        return None
    found = PLACE.search(page.text.replace("&quot;", '"'))
    base, kind, key = found.groups() if found else ("/comments/api", *_from_form(page))
    if kind is None:
        return None
    parts = urlsplit(page.url)
    api = f"{parts.scheme}://{parts.netloc}{base}/{kind}/{key}/"
    return Claim(CERTAIN, f"{parts.netloc}/{kind}/{key}", {"api": api}, tuple(_sections(page)))


def _from_form(page: Page) -> tuple[str | None, str | None]:
    fields = {field.get("name"): field.get("value") or "" for field in page.html.iter("input")}
    target, key = fields.get("content_type", ""), fields.get("object_pk", "")
    if {"security_hash", "timestamp"} <= fields.keys() and TARGET.fullmatch(target) and key.isdecimal():
        return target.replace(".", "-"), key
    return None, None


def _sections(page: Page) -> Iterator[Any]:
    yield from (e for e in page.html.iter("div", "section", "form") if e.get("id") in ("comments", "comment-form"))


def read(page: Page, claim: Claim, article: Article) -> Reading:
    """One answer holds the whole thread."""
    whys: list[str] = []
    comments: tuple[Comment, ...] = ()
    pages = []
    try:
        answer = yield Fetch(claim.ids["api"], (("Accept", "application/json"),))
        pages.append(answer.capture)
        comments = nested(_comment(answer, item) for item in _listed(answer))
    except (FetchFailed, BadPage) as failure:
        whys.append(str(failure))
    return Thread(
        article,
        comments,
        "django_comments_xtd",
        page.capture,
        claim.native_id,
        article.url,
        None if whys else len(comments),
        "partial" if whys else "full",
        flags=tuple(Flag("capture.partial_thread", "not-all-read", why) for why in whys),
        pages=tuple(pages),
    )


def _listed(answer: Page) -> Iterator[dict[str, Any]]:
    """Raises BadPage where the answer is no list of comments."""
    listed = answer.json()
    if not isinstance(listed, list):
        raise BadPage(f"{answer.url}: no list of comments")
    for item in listed:
        if not isinstance(item, dict) or _id(item.get("id")) is None:
            raise BadPage(f"{answer.url}: an entry that is no comment")
        yield item


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 < value < LARGEST else None


def _comment(answer: Page, item: dict[str, Any]) -> Comment:
    own, parent = _id(item["id"]), _id(item.get("parent_id"))
    name, words, link = item.get("user_name"), item.get("comment"), item.get("permalink")
    flags = _flags(item.get("flags"))
    removed = item.get("is_removed") is True
    told = (Flag("platform.removed", "is_removed", "is_removed"),) if removed else ()
    asked = flags.get("removal", 0)
    reported = (Flag("platform.reported", "removal", f"removal suggested {asked} times"),) if asked else ()
    staff = item.get("user_moderator") is True
    return Comment(
        "\n".join(words.split("\r\n")).strip() if isinstance(words, str) and not removed else "",
        author=Author(name.strip(), is_staff=True if staff else None)
        if isinstance(name, str) and name.strip()
        else None,
        posted=_posted(item),
        native_id=own,
        parent_native_id=None if parent == own else parent,
        parent_source="api",
        state="removed" if removed else "visible",
        likes=flags.get("like") if flags else None,
        dislikes=flags.get("dislike") if flags else None,
        url=answer.absolute(link) if isinstance(link, str) and link else None,
        flags=(*told, *reported),
        page=1,
    )


def _flags(listed: Any) -> dict[str, int]:
    """How often each was raised. Who raised them is not kept."""
    result = {"like": 0, "dislike": 0, "removal": 0} if isinstance(listed, list) else {}
    for each in listed if isinstance(listed, list) else ():
        kind = each.get("flag") if isinstance(each, dict) else None
        if kind in result:
            result[kind] += 1
    return result


def _posted(item: dict[str, Any]) -> Moment | None:
    stated = item.get("submit_date")
    if not isinstance(stated, str):
        return None
    return moment(stated, stated if ISO.match(stated) else None)
