"""WordPress's comments by its REST API: addresses, and the comments of one answer."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from archive.text.hosts import registered_site
from archive.text.urls import is_web_address
from archive.thread import Author, Comment, Moment
from crawler.pages.html_text import html_text
from crawler.pages.page import BadPage, Page

API = "https://api.w.org/"
LINK = re.compile(r'<([^<>]+)>\s*;[^<]*rel="?https://api\.w\.org/"?')
POST_JSON = re.compile(r"/wp/v2/posts/(\d{1,19})$")
POST_CLASS = re.compile(r"(?:^|\s)(?:postid|page-id)-(\d{1,19})(?=\s|$)")
SHORT = re.compile(r"[?&]p=(\d{1,19})(?:&|$)")
ARTICLE_ID = re.compile(r"post-(\d{1,19})")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
FIELDS = "id,post,parent,author,author_name,date_gmt,content,link,type,status"  # no avatars: hashes of e-mail
PER_PAGE = 100
LARGEST_ID = 1 << 63


def post_id(page: Page) -> str | None:
    """The number of the post that a page shows by itself."""
    body = page.html.find("body")
    found = POST_CLASS.search((body.get("class") or "") if body is not None else "")
    if found is not None:
        return found[1]
    for field in page.html.iter("input"):
        value = field.get("value") or ""
        if field.get("name") == "comment_post_ID" and value.isascii() and value.isdigit():
            return value
    for link in page.html.iter("link"):
        href, rel = link.get("href") or "", link.get("rel")
        found = POST_JSON.search(href) or (SHORT.search(href) if rel == "shortlink" else None)
        if found is not None:
            return found[1]
    posts = {found[1] for e in page.html.iter("article", "div") if (found := ARTICLE_ID.fullmatch(e.get("id") or ""))}
    return posts.pop() if len(posts) == 1 else None


def api_root(page: Page) -> str | None:
    """Where the API of the page's own site answers, as the page or its headers say."""
    hrefs = [link.get("href") or "" for link in page.html.iter("link") if API in (link.get("rel") or "").split()]
    header = LINK.search(page.headers.get("link", ""))
    for href in (*hrefs, *((header[1],) if header else ())):
        url = page.absolute(href)
        if url is not None and registered_site(url) == registered_site(page.url):
            return url
    return None


def comments_url(root: str, post: str, number: int) -> str:
    """The address of page `number` (from 1) of a post's comments, oldest first."""
    query = f"post={post}&per_page={PER_PAGE}&page={number}&order=asc&orderby=date_gmt&_fields={FIELDS}"
    if urlsplit(root).query:  # without readable addresses: /?rest_route=/
        return f"{root.rstrip('/')}/wp/v2/comments&{query}"
    return f"{root.rstrip('/')}/wp/v2/comments?{query}"


def comments_of(page: Page, post: str, number: int) -> Iterator[Comment]:
    """The comments of an answer, which is page `number` of its thread. Raises BadPage where it is something else."""
    listed = page.json()
    if not isinstance(listed, list):
        said = listed.get("code") if isinstance(listed, dict) else type(listed).__name__
        raise BadPage(f"{page.url}: no list of comments but {said}")
    for item in listed:
        if not isinstance(item, dict) or _id(item.get("id")) is None:
            raise BadPage(f"{page.url}: an entry that is no comment")
        if str(item.get("post", post)) == post and item.get("type", "comment") == "comment":
            yield _comment(item, number)


def total(page: Page) -> int | None:
    """How many comments there are, as the answer's headers say."""
    stated = page.headers.get("x-wp-total", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None


def _id(value: Any) -> str | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole and 0 < value < LARGEST_ID else None


def _comment(item: dict[str, Any], number: int) -> Comment:
    content = item.get("content")
    html = content.get("rendered") if isinstance(content, dict) else None
    link = item.get("link")
    return Comment(
        html_text(html) if isinstance(html, str) else "",
        author=_author(item),
        posted=_moment(item.get("date_gmt")),
        native_id=_id(item["id"]),
        parent_native_id=_id(item.get("parent")),
        parent_source="api",
        url=link if isinstance(link, str) and is_web_address(link) else None,
        page=number,
    )


def _author(item: dict[str, Any]) -> Author | None:
    name = item.get("author_name")
    shown = html_text(name).strip() or None if isinstance(name, str) else None
    member = _id(item.get("author"))
    if shown is None and member is None:
        return None
    return Author(shown, member, member is None, True if member else None)


def _moment(said: Any) -> Moment | None:
    if not isinstance(said, str):
        return None
    known = DATE.fullmatch(said) and not said.startswith("0000")
    return Moment(f"{said}Z", said, "second") if known else Moment(text=said[:100])
