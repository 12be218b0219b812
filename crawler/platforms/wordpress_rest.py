"""WordPress's comments from its REST API: addresses, and the comments of one response."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from archive.text.hosts import registered_site
from archive.text.html_text import html_text
from archive.text.urls import is_web_address
from archive.thread import Author, Comment, Moment
from crawler.pages.page import BadPage, Page

API = "https://api.w.org/"
LINK_HEADER = re.compile(r'<([^<>]+)>\s*;[^<]*rel="?https://api\.w\.org/"?')
POST_JSON = re.compile(r"/wp/v2/posts/(\d{1,19})$")
POST_CLASS = re.compile(r"(?:^|\s)(?:postid|page-id)-(\d{1,19})(?=\s|$)")
SHORT_LINK = re.compile(r"[?&]p=(\d{1,19})(?:&|$)")
ARTICLE_ID = re.compile(r"post-(\d{1,19})")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
FIELDS = "id,post,parent,author,author_name,date_gmt,content,link,type,status"  # no avatars: hashes of e-mail
PER_PAGE = 100
LARGEST_ID = 1 << 63


def post_id(page: Page) -> str | None:
    """Return the number of the post that a page is about, from the most certain sign to the least."""
    body = page.html.find("body")
    match = POST_CLASS.search((body.get("class") or "") if body is not None else "")
    if match is not None:
        return match[1]
    for field in page.html.iter("input"):
        value = field.get("value") or ""
        if field.get("name") == "comment_post_ID" and value.isascii() and value.isdigit():
            return value
    for link in page.html.iter("link"):
        href, rel = link.get("href") or "", link.get("rel")
        match = POST_JSON.search(href) or (SHORT_LINK.search(href) if rel == "shortlink" else None)
        if match is not None:
            return match[1]
    matches = (ARTICLE_ID.fullmatch(e.get("id") or "") for e in page.html.iter("article", "div"))
    posts = {match[1] for match in matches if match is not None}
    return posts.pop() if len(posts) == 1 else None


def api_root(page: Page) -> str | None:
    """Return the address of the API of the page's own site, as the page or its headers state it."""
    hrefs = [link.get("href") or "" for link in page.html.iter("link") if API in (link.get("rel") or "").split()]
    header = LINK_HEADER.search(page.headers.get("link", ""))
    for href in (*hrefs, *((header[1],) if header else ())):
        url = page.absolute(href)
        if url is not None and registered_site(url) == registered_site(page.url):
            return url
    return None


def comments_url(root: str, post: str, number: int) -> str:
    """Return the address of page `number` (from 1) of a post's comments, oldest first."""
    query = f"post={post}&per_page={PER_PAGE}&page={number}&order=asc&orderby=date_gmt&_fields={FIELDS}"
    separator = "&" if urlsplit(root).query else "?"  # sites without readable addresses: /?rest_route=/
    return f"{root.rstrip('/')}/wp/v2/comments{separator}{query}"


def parse_comments(response: Page, post: str, page_number: int) -> Iterator[Comment]:
    """Yield the comments of a response, which is page `page_number` of its thread. Raises BadPage for another shape."""
    items = response.json()
    if not isinstance(items, list):
        code = items.get("code") if isinstance(items, dict) else type(items).__name__
        raise BadPage(f"{response.url}: no list of comments but {code}")
    for item in items:
        if not isinstance(item, dict) or _id(item.get("id")) is None:
            raise BadPage(f"{response.url}: an entry that is no comment")
        # Some plugins ignore the parameters, and list pingbacks, or the comments of the whole site.
        if str(item.get("post", post)) != post or item.get("type", "comment") != "comment":
            continue
        content, link = item.get("content"), item.get("link")
        html = content.get("rendered") if isinstance(content, dict) else None
        yield Comment(
            html_text(html) if isinstance(html, str) else "",
            author=_author(item),
            posted=_posted(item.get("date_gmt")),
            native_id=_id(item["id"]),
            parent_native_id=_id(item.get("parent")),
            parent_source="api",
            url=link if isinstance(link, str) and is_web_address(link) else None,
            page=page_number,
        )


def total_count(response: Page) -> int | None:
    """Return how many comments the post has, as the response's headers state it."""
    stated = response.headers.get("x-wp-total", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None


def _id(value: Any) -> str | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_whole and 0 < value < LARGEST_ID else None


def _author(item: dict[str, Any]) -> Author | None:
    stated = item.get("author_name")
    name = html_text(stated).strip() or None if isinstance(stated, str) else None
    member = _id(item.get("author"))
    if name is None and member is None:
        return None
    return Author(name, member, member is None, True if member else None)


def _posted(date: Any) -> Moment | None:
    if not isinstance(date, str):
        return None
    is_time = DATE.fullmatch(date) and not date.startswith("0000")  # what MySQL stores where there is no date
    return Moment(f"{date}Z", date, "second") if is_time else Moment(text=date[:100])
