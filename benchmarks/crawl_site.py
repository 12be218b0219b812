"""A news site of articles with comments, made once and served from memory.

python -m benchmarks.crawl_site PAGES COMMENTS

Prints its address. Nothing of it changes, so that a second crawl has nothing to write.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from random import Random

from benchmarks.pages import words

HEADERS = "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\nConnection: keep-alive\r\n\r\n"


def path(number: int) -> str:
    return f"/2026/03/{number % 28 + 1:02}/the-harbour-office-report-{number}/"


def pages(count: int, comments: int) -> Iterator[tuple[str, str]]:
    """Yield path and HTML of each article."""
    for number in range(count):
        yield path(number), article(Random(number), number, comments)


def article(rng: Random, number: int, comments: int) -> str:
    """Return one page: head, menu, a dozen paragraphs, a nested comment list as WordPress themes print it, a form."""
    title = words.sentence(rng).rstrip(".")
    text = "".join(f"<p>{words.prose(rng, 3, 6)}</p>" for _ in range(12))
    menu = "".join(f'<li><a href="/topic/{n}/">{words.sentence(rng)[:20]}</a></li>' for n in range(20))
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - Courier</title>
<meta property="og:title" content="{title}"><meta property="og:type" content="article">
<meta property="og:site_name" content="Courier"><meta property="article:published_time" content="2026-03-14T05:40:00Z">
</head><body class="single single-post postid-{number + 1}"><nav><ul>{menu}</ul></nav>
<main><article class="post"><h1 class="entry-title">{title}</h1><div class="entry-content">{text}</div></article>
<div id="comments" class="comments-area"><h2 class="comments-title">{comments} thoughts on “{title}”</h2>
<ol class="comment-list">{_thread(rng, number, comments)}</ol>
<div id="respond" class="comment-respond"><form id="commentform" action="/wp-comments-post.php" method="post">
<textarea name="comment"></textarea><input type="hidden" name="comment_post_ID" value="{number + 1}"></form></div></div>
</main><footer>Courier</footer></body></html>"""


def _thread(rng: Random, number: int, comments: int) -> str:
    first = number * comments + 1
    return "".join(_branch(rng, n, min(n + 4, first + comments)) for n in range(first, first + comments, 4))


def _branch(rng: Random, number: int, end: int) -> str:
    """Nest the comments from `number` to `end`, each a reply to the one before."""
    if number == end:
        return ""
    body = "".join(f"<p>{words.prose(rng, 1, 3)}</p>" for _ in range(rng.choice((1, 1, 2))))
    replies = _branch(rng, number + 1, end)
    below = f'<ol class="children">{replies}</ol>' if replies else ""
    return (
        f'<li id="comment-{number}" class="comment"><article id="div-comment-{number}" class="comment-body">'
        f'<footer class="comment-meta"><div class="comment-author vcard"><b class="fn">{words.name(rng)}</b> '
        f'<span class="says">says:</span></div><div class="comment-metadata"><a href="#comment-{number}">'
        f'<time datetime="2026-03-{14 + number % 7}T{number % 24:02}:{number % 60:02}:00+00:00">in March</time></a>'
        "</div>"
        f'</footer><div class="comment-content">{body}</div><div class="reply"><a href="#respond">Reply</a></div>'
        f"</article>{below}</li>"
    )


def responses(count: int, comments: int, host: str) -> dict[bytes, bytes]:
    """Return whole HTTP responses by path."""
    listed = "".join(f"<url><loc>http://{host}{path(number)}</loc></url>" for number in range(count))
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    files = {"/robots.txt": ("text/plain", "User-agent: *\nAllow: /\n")}
    files["/sitemap.xml"] = ("application/xml", f'<?xml version="1.0"?><urlset xmlns="{space}">{listed}</urlset>')
    files |= {url_path: ("text/html; charset=utf-8", html) for url_path, html in pages(count, comments)}
    return {url_path.encode(): _response(kind, text.encode()) for url_path, (kind, text) in files.items()}


def _response(kind: str, body: bytes) -> bytes:
    return HEADERS.format(kind=kind, size=len(body)).encode() + body


async def _serve(count: int, comments: int) -> None:
    by_path: dict[bytes, bytes] = {}
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(by_path.get(head.split(b" ", 2)[1], missing))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    by_path |= responses(count, comments, host)
    print(host, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
