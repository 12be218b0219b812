"""Render the demo's town as WARC files, one a visit: articles with their comments, as WordPress and Remark42 show them.

The files are made once and kept in archive/sample/visits, so that `btl demo` reads what a crawl would have stored.
"""

import json
import re
import tomllib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

SAMPLE = Path(__file__).parent.parent / "archive" / "sample"
TOWN, VISITS = SAMPLE / "town.toml", SAMPLE / "visits"
COMMENT = re.compile(r"(\d+) (\d+|\.) (\S+) ([^:]+): (.*?)((?: \{[^{}]*\})*)")
MARK = re.compile(r"\{(\w+) ?(\d*)(?:-(\d+))?(?:: ([^}]*))?\}")


@dataclass(frozen=True)
class TownComment:
    """A comment as it stands on one visit."""

    number: str
    parent: str
    at: datetime
    name: str
    text: str
    is_edited: bool = False
    is_removed: bool = False
    is_staff: bool = False
    is_pinned: bool = False


def read_comments(lines: str, visit: int, at: datetime) -> list[TownComment]:
    """Return the comments of an article that its page shows on a visit, in the order of their times."""
    rows = []
    for line in lines.strip().splitlines():
        match = COMMENT.fullmatch(line)
        if match is None:
            raise ValueError(f"no comment: {line}")
        number, parent, posted, name, text, marks = match.groups()
        comment = TownComment(number, parent.strip("."), datetime.fromisoformat(f"{posted}:00+00:00"), name, text)
        shown = _apply(comment, marks, visit)
        if shown is not None and shown.at <= at:
            rows.append(shown)
    return rows


def _apply(comment: TownComment, marks: str, visit: int) -> TownComment | None:
    """Return a comment as its marks have it on a visit, None where it is gone."""
    for word, first, last, text in MARK.findall(marks):
        since = int(first or 1) <= visit
        if word == "gone" and since and visit <= int(last or first):
            return None
        if word == "gone" and since and not last:
            return None
        if word == "edit" and since:
            comment = replace(comment, text=text, is_edited=True)
        elif word == "name" and since:
            comment = replace(comment, name=text)
        elif word == "removed" and since:
            comment = replace(comment, is_removed=True)
        elif word == "staff":
            comment = replace(comment, is_staff=True)
        elif word == "pin":
            comment = replace(comment, is_pinned=True)
    return comment


def render_article(article: Mapping[str, Any], post: int, comments: Sequence[TownComment]) -> str:
    """Return the page of an article, with its comments or with the script that loads them."""
    paragraphs = "\n".join(f"<p>{escape(part)}</p>" for part in article["text"].strip().split("\n\n"))
    if article.get("platform") == "remark42":
        host = f"https://{urlsplit(article['url']).netloc}/remark42"
        section = (
            f"""<div id="remark42"></div><script>var remark_config = {{host: "{host}", site_id: "radio"}}</script>"""
        )
    else:
        section = _wordpress_section(article["url"], post, comments)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(article["title"])}</title>
<link rel="canonical" href="{article["url"]}">
<meta property="og:type" content="article"><meta property="og:title" content="{escape(article["title"])}">
<meta property="og:site_name" content="{article["outlet"]}"><meta name="author" content="{article["byline"]}">
<meta property="article:section" content="{article["section"]}">
<meta property="article:published_time" content="{article["published"]}"></head>
<body class="single single-post postid-{post}">
<main><article><h1>{escape(article["title"])}</h1>
{paragraphs}
</article>
{section}
</main></body></html>
"""


def _wordpress_section(url: str, post: int, comments: Sequence[TownComment]) -> str:
    listed = "\n".join(_wordpress_items(url, comments, ""))
    return f"""<div id="comments" class="comments-area">
<h2 class="comments-title">{len(comments)} comments</h2>
<ol class="comment-list">
{listed}
</ol>
<div id="respond"><form action="{url}wp-comments-post.php"><textarea name="comment"></textarea>
<input type="hidden" name="comment_post_ID" value="{post}"></form></div></div>"""


def _wordpress_items(url: str, comments: Sequence[TownComment], parent: str, depth: int = 1) -> Iterator[str]:
    shown = {comment.number for comment in comments}
    for comment in comments:
        above = comment.parent if comment.parent in shown else ""
        if above == parent:
            number = comment.number
            below = "\n".join(_wordpress_items(url, comments, number, depth + 1))
            yield (
                f'<li id="comment-{number}" class="comment depth-{depth}"><article id="div-comment-{number}" '
                f'class="comment-body"><footer class="comment-meta"><div class="comment-author vcard">'
                f'<b class="fn">{escape(comment.name)}</b> <span class="says">says:</span></div>'
                f'<div class="comment-metadata"><a href="{url}#comment-{number}"><time datetime="'
                f'{comment.at:%Y-%m-%dT%H:%M:%S+00:00}">{comment.at:%d %B %Y at %H:%M}</time></a></div></footer>'
                f'<div class="comment-content"><p>{escape(comment.text)}</p></div><div class="reply"><a rel="nofollow" '
                f'class="comment-reply-link" href="{url}?replytocom={number}#respond">Reply</a></div></article>'
                + (f'<ol class="children">\n{below}\n</ol>' if below else "")
                + "</li>"
            )


def remark42_response(article: Mapping[str, Any], comments: Sequence[TownComment]) -> tuple[str, str]:
    """Return the address that a page of Remark42 asks for its comments, and what the server returns."""
    rows = [
        {
            "id": comment.number,
            "pid": comment.parent,
            "text": "" if comment.is_removed else f"<p>{escape(comment.text)}</p>",
            "user": {"id": f"radio_{comment.name}", "name": comment.name, "admin": comment.is_staff},
            "score": int(comment.number) % 7,
            "time": f"{comment.at:%Y-%m-%dT%H:%M:%SZ}",
            "delete": comment.is_removed,
            "pin": comment.is_pinned,
            **({"edit": {"time": f"{comment.at:%Y-%m-%dT%H:%M:%SZ}", "summary": ""}} if comment.is_edited else {}),
        }
        for comment in comments
    ]
    query = urlencode({"site": "radio", "url": article["url"], "format": "plain", "sort": "+time"})
    address = f"https://{urlsplit(article['url']).netloc}/remark42/api/v1/find?{query}"
    return address, json.dumps({"comments": rows, "info": {"count": len(rows), "read_only": False}})


def render_visits() -> Iterator[tuple[Path, bytes]]:
    """Yield the WARC file of each visit: its path, and its bytes, the same every time."""
    town = tomllib.loads(TOWN.read_text("utf-8"))
    for visit, time in enumerate(town["visits"], 1):
        at = datetime.fromisoformat(time)
        out = BytesIO()
        writer = WARCWriter(out, gzip=False)
        for post, article in enumerate(town["articles"], 1):
            if datetime.fromisoformat(article["published"]) > at:
                continue
            comments = read_comments(article["comments"], visit, at)
            _write(writer, article["url"], "text/html; charset=utf-8", render_article(article, post, comments), time)
            if article.get("platform") == "remark42":
                address, text = remark42_response(article, comments)
                _write(writer, address, "application/json", text, time)
        yield VISITS / f"{time[:10]}.warc", out.getvalue()


def _write(writer: WARCWriter, url: str, kind: str, text: str, time: str) -> None:
    headers = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
    record = writer.create_warc_record(
        url,
        "response",
        payload=BytesIO(text.encode()),
        http_headers=headers,
        warc_headers_dict={
            "WARC-Date": time,
            "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, time + url)}>",
        },
    )
    writer.write_record(record)
    record.raw_stream.close()  # a temporary file, in which warcio computed the digest
