"""django-comments-xtd: a thread as a flat JSON list, with the flags that readers raised on each comment."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from archive.text.html_text import parse_moment
from archive.thread import Article, Author, Comment, Flag, Thread, nest
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms.base import CERTAIN, Claim, ThreadReader, partial_flags

API_PATH = re.compile(r"[\"'=](/[\w/.-]{0,200}api)/([a-z_]\w{0,60}-[a-z_]\w{0,60})/([-\w]{1,60})/(?:count/)?[\"'&]")
CONTENT_TYPE = re.compile(r"[a-z_]\w{0,60}\.[a-z_]\w{0,60}")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
LARGEST_ID = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoXtdClaim(Claim):
    """A thread with the address that lists it."""

    api: str

    def read(self, article: Article) -> ThreadReader:
        """Read the list, one response for the whole thread."""
        reasons: list[str] = []
        comments: tuple[Comment, ...] = ()
        pages = []
        try:
            response = yield Fetch(self.api, (("Accept", "application/json"),))
            pages.append(response.capture)
            comments = nest(_comment(response, item) for item in _items(response))
        except (FetchFailed, BadPage) as failure:
            reasons.append(str(failure))
        return Thread(
            article,
            comments,
            "django_comments_xtd",
            self.page.capture,
            self.native_id,
            article.url,
            None if reasons else len(comments),
            "partial" if reasons else "full",
            flags=partial_flags(reasons),
            pages=tuple(pages),
        )


def claim(page: Page) -> DjangoXtdClaim | None:
    """The page names its API in the widget's options, or the form names the object that is commented on."""
    if "comments" not in page.text:
        return None
    # Most pages show neither by a word: the pattern need not try each of their links.
    match = API_PATH.search(page.text.replace("&quot;", '"')) if "api/" in page.text else None
    base, content_type, key = match.groups() if match else ("/comments/api", *_form_target(page))
    if content_type is None:
        return None
    parts = urlsplit(page.url)
    sections = page.html.iter("div", "section", "form")
    return DjangoXtdClaim(
        page=page,
        score=CERTAIN,
        native_id=f"{parts.netloc}/{content_type}/{key}",
        sections=tuple(e for e in sections if e.get("id") in ("comments", "comment-form")),
        api=f"{parts.scheme}://{parts.netloc}{base}/{content_type}/{key}/",
    )


def _form_target(page: Page) -> tuple[str | None, str | None]:
    """Return the content type and the key of the object that the comment form is for."""
    if "security_hash" not in page.text:
        return None, None
    fields = {field.get("name"): field.get("value") or "" for field in page.html.iter("input")}
    content_type, key = fields.get("content_type", ""), fields.get("object_pk", "")
    is_form = {"security_hash", "timestamp"} <= fields.keys()  # which Django's own framework puts into every form
    if is_form and CONTENT_TYPE.fullmatch(content_type) and key.isdecimal():
        return content_type.replace(".", "-"), key
    return None, None


def _items(response: Page) -> Iterator[dict[str, Any]]:
    """Yield the comments of a response. Raises BadPage where it is no list of them."""
    items = response.json()
    if not isinstance(items, list):
        raise BadPage(f"{response.url}: no list of comments")
    for item in items:
        if not isinstance(item, dict) or _id(item.get("id")) is None:
            raise BadPage(f"{response.url}: an entry that is no comment")
        yield item


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 < value < LARGEST_ID else None


def _comment(response: Page, item: dict[str, Any]) -> Comment:
    own, parent = _id(item["id"]), _id(item.get("parent_id"))
    name, body, link, date = (item.get(key) for key in ("user_name", "comment", "permalink", "submit_date"))
    removed = item.get("is_removed") is True
    votes = _flag_counts(item.get("flags"))
    flags = [Flag("platform.removed", "is_removed", "is_removed")] if removed else []
    if votes and votes["removal"]:
        flags.append(Flag("platform.reported", "removal", f"removal suggested {votes['removal']} times"))
    is_staff = True if item.get("user_moderator") is True else None
    return Comment(
        "\n".join(body.split("\r\n")).strip() if isinstance(body, str) and not removed else "",
        author=Author(name.strip(), is_staff=is_staff) if isinstance(name, str) and name.strip() else None,
        # A date that is no ISO one was formatted for readers by the site's own settings.
        posted=parse_moment(date, date if ISO.match(date) else None) if isinstance(date, str) else None,
        native_id=own,
        parent_native_id=None if parent == own else parent,
        parent_source="api",
        state="removed" if removed else "visible",
        likes=votes["like"] if votes is not None else None,
        dislikes=votes["dislike"] if votes is not None else None,
        url=response.absolute(link) if isinstance(link, str) and link else None,
        flags=tuple(flags),
        page=1,
    )


def _flag_counts(raised: Any) -> Counter[str] | None:
    """Return how often each flag was raised, None where the API does not say. Who raised them is not stored."""
    if not isinstance(raised, list):
        return None
    kinds = (item.get("flag") for item in raised if isinstance(item, dict))
    return Counter(kind for kind in kinds if isinstance(kind, str))
