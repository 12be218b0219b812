"""The pages and files of the two sites: what is asked, and how an answer is kept."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl

import lxml.html

from tests.golden import canonical
from tests.golden.workshop import Reader, Reply, Workshop

Kept = Iterator[tuple[str, str]]
PASSWORD = "irene has a long password"
LOADED = re.compile(r"(?<=, )loaded \d+ \w+ \d{4}, \d\d:\d\d UTC")
LONG_THREADS = (*range(6, 19), 20)
CRAWLED = "2026-04-02T"

THREADS = [f"/thread/{number}" for number in range(1, 25)]
VIEWS = [
    *(f"/thread/24?view={view}" for view in ("newest", "changed")),
    "/thread/1?view=changed",
    "/thread/1?view=flagged",
    "/thread/22?view=changed",
    "/thread/1?at=2026-03-14T12:00:00Z",
    "/thread/22?at=2026-03-20T06:00:00Z",
    "/thread/22?at=2001-01-01T00:00:00Z",
    "/thread/24?at=2027-01-01T00:00:00Z",
]
COMMENTS = [f"/comment/{number}" for number in (2, 4, 5, 9, 10, 23, 25, 26, 27, 29, 30, 31, 434, 438)]
SEARCHES = [
    "/search",
    "/search?q=ferry",
    "/search?q=harbour&page=2",
    "/search?q=quay&sort=newest",
    "/search?q=ferry&outlet=4&from=2026-03-01&to=2026-03-31",
    "/search?q=ferry&commenter=2",
    "/search?q=%22thrown+off+the+pier%22",
    "/search?q=tide+-queue",
    "/search?q=%D9%81%D9%8A",
    "/search?q=quay&status=confirmed",
    "/search?q=nothingholdsthisword",
    "/search?q=%22&flag=",
    "/search?severity=medium&source=content",
    "/search?flag=content.insult",
    "/search?flag=crawl.removed",
    "/search?status=disputed",
    "/search?source=review",
    "/search?target=council",
    "/search?date=2026-03-14&outlet=1",
]
OTHERS = [
    "/",
    "/flags",
    "/agreement",
    "/removals",
    "/removals?outlet=1",
    "/removals?month=2026-03",
    "/removals?outlet=9&month=2026-04",
    "/about",
    "/statistics",
]
STATISTICS = [
    f"/statistics/{name}.csv"
    for name in ("comments_by_day", "flags_by_month", "removals_by_outlet", "removals_by_month", "nonsense")
]
FILES = [
    *(f"/thread/{number}.{kind}" for number in (1, 5, 19, 22) for kind in ("json", "csv")),
    "/thread/24.csv?view=changed",
    "/thread/24.json?at=2027-01-01T00:00:00Z",
    *(f"/comment/{number}.json" for number in (2, 4, 9, 23, 25, 27, 434)),
    *(f"/{which}.bib" for which in ("comment/2", "comment/23", "comment/27", "thread/1", "thread/19", "thread/22")),
    "/search.csv?q=quay",
    "/search.json?q=quay&status=confirmed",
    "/removals.csv",
    "/removals.json?outlet=1",
    "/flags.csv",
    "/flags.json",
    "/statistics/removals_by_outlet.json",
    *STATISTICS,
    "/feeds/threads.atom",
    "/feeds/removals.atom",
    "/sitemap.xml",
    "/sitemap-1.xml",
]
ERRORS = [
    "/nowhere",
    "/thread/999",
    "/thread/x",
    "/comment/999",
    "/comment/999.json",
    "/comment/999.bib",
    "/thread/99999999999999999999",
    "/sitemap-9.xml",
    "/feeds/nothing.atom",
    "/archive/nothing",
    "/archive/settings",
    "/archive/frontier.json",
    "/archive/suppressions",
    "/archive/withheld",
    "/robots.txt",
    "/favicon.ico",
    "/-/login",
    "/-/password-tool",
    "/review",
    "/dumps",
]
TABLES = [
    "agreement_list",
    "article_revisions",
    "articles",
    "captures",
    "comment_list",
    "comment_revisions",
    "commenters",
    "comments",
    "detectors",
    "events",
    "flag_codes",
    "flag_list",
    "flag_rules",
    "flag_spans",
    "flags",
    "outlets",
    "removal_list",
    "reviews",
    "runs",
    "thread_list",
    "threads",
    "totals",
    "visits",
]
SHORT_TABLES = ("comments", "flags", "events")
DATA_FILES = [
    *(f"/archive/{table}.json?_shape=array&_size={3 if table == 'captures' else 5}" for table in TABLES),
    "/archive/comment_list.json?_shape=array&thread_id=5",
    "/archive/comments.csv?thread_id=5",
    "/archive/comments.csv?thread_id=5&_labels=on",
    "/archive/comments/27.json?_shape=array",
    "/archive/flags.json?_shape=array&code=content.pii",
    "/archive/flag_codes.csv",
    "/archive/thread_list.csv",
    "/archive/removal_list.csv",
]
QUERIES = [
    "/archive/most_flagged_threads.json?_shape=array",
    "/archive/commenter_across_outlets.json?_shape=array&name=Kipper",
    "/archive/comments_with_phrase.json?_shape=array&phrase=the+tide",
    "/archive/threads_by_outlet_and_month.json?_shape=array",
    "/archive/removed_comments.json?_shape=array",
    "/archive/edited_comments.json?_shape=array",
]
DATA_PAGES = ["/archive", *(f"/archive/{table}" for table in TABLES), "/archive/comments/27"]
FACETS = ["/archive/comments", "/archive/thread_list", "/archive/flag_list", "/archive/flags"]
PUBLIC_THREADS = [f"/thread/{number}" for number in (1, 2, 4, 5, 14, 19, 22, 23, 24)]
PUBLIC_COMMENTS = [f"/comment/{number}" for number in (2, 9, 23, 27, 31, 434, 437)]
WITH_HEADER = ("/", "q=ferry", "/review")
HEADER = re.compile(r'(<header class="bar">).*?</header>', re.DOTALL)
WITH_CITATIONS = ("/thread/1", "/thread/19", "/comment/2", "/comment/434")
CITATIONS = re.compile(r'(<section id="cite">).*?</section>', re.DOTALL)
LIMITS = [("POST", "/"), ("POST", "/search"), ("PUT", "/thread/1"), ("GET", "/search?q=" + "x" * 9000)]


def newsroom(shop: Workshop) -> Kept:
    """The site of `btl serve`, as anybody sees it, and as a reviewer does who then judges."""
    (shop.folder / "reviewers.toml").write_text(f'irene = "{_hash(PASSWORD)}"\n')
    with shop.served("--db", shop.copy("newsroom.db"), "--reviewers", "reviewers.toml") as address:
        anybody = Reader(address)
        yield from _pages(shop, anybody, [*OTHERS, *THREADS, *VIEWS, *COMMENTS, *SEARCHES, *FILES, *ERRORS])
        yield from _data(shop, anybody, [*DATA_FILES, *QUERIES, "/archive.json?sql=select+1+as+one&_shape=array"])
        yield from _reviewing(shop, Reader(address))


def public(shop: Workshop) -> Kept:
    """The site of a public copy."""
    unlimited = ("--rate", "0") if "--rate" in shop.help("serve") else ()
    with shop.served(shop.public, "--public", *unlimited) as address:
        reader = Reader(address)
        asked = [*OTHERS, *PUBLIC_THREADS, *VIEWS[1:4], *PUBLIC_COMMENTS, *SEARCHES[::2], *FILES, *ERRORS]
        yield from _pages(shop, reader, [one for one in asked if one != "/dumps"])
        yield from _data(shop, reader, [*DATA_FILES, *QUERIES])
        yield from _dumps(shop, reader)
        for table in FACETS:
            yield f"facets/{_name(table)}", _facets(shop, reader.ask(table))
        for method, path in LIMITS:
            reply = reader.ask(path, {} if method == "POST" else None, method)
            yield f"limits/{method}{_name(path[:20])}", _kept(shop, f"{method} {path[:60]}", reply)


def _pages(shop: Workshop, reader: Reader, addresses: Iterable[str]) -> Kept:
    for address in addresses:
        yield _name(address), _page(shop, reader, address)


def _page(shop: Workshop, reader: Reader, address: str) -> str:
    reply = reader.ask(address)
    number = re.fullmatch(r"/thread/(\d+)", address)
    is_long = bool(number) and int(number[1]) in LONG_THREADS
    return _kept(shop, f"GET {address}", reply, summing="article" if is_long else "li" if address == "/flags" else None)


def _data(shop: Workshop, reader: Reader, files: Iterable[str]) -> Kept:
    """Tables as files whole; their pages, which are Datasette's, by their columns only."""
    for address in files:
        yield f"data/{_name(address)}", _kept(shop, f"GET {address}", reader.ask(address))
    columns = []
    for address in DATA_PAGES:
        reply = reader.ask(address)
        said = [f"{address}: {reply.status}"]
        if reply.status == 200:
            page = lxml.html.document_fromstring(reply.text)
            heads = page.xpath("//table[contains(@class, 'rows-and-columns')]//th")
            said += [" ".join(one.text_content().split()) for one in page.xpath("//h1")]
            said += [f"  {' '.join(one.text_content().split())}" for one in heads]
        elif reply.location:
            said.append(reply.location)
        columns.append("\n".join(said))
    yield "data/columns_of_pages.txt", shop.normal("\n".join(columns) + "\n")


def _dumps(shop: Workshop, reader: Reader) -> Kept:
    """The list of dumps, without sizes and hashes; and that each is there."""
    listed = _kept(shop, "GET /dumps", reader.ask("/dumps"))
    yield "dumps/page.txt", masked(re.sub(r"<td>[\d,]+</td>(?=\n<td>\n<code>)", "<td>SIZE</td>", listed))
    names = sorted(path.relative_to(shop.release).as_posix() for path in (shop.release / "dumps").iterdir())
    told = []
    for name in [*names, "dumps/nothing.csv", "dumps/manifest.json", "dumps/codebook.md", "dumps/SHA256SUMS"]:
        reply = reader.ask(f"/{name}")
        told.append(f"/{name}: {reply.status} {reply.kind}")
    yield "dumps/files.txt", "\n".join(told) + "\n"


def _facets(shop: Workshop, reply: Reply) -> str:
    page = lxml.html.document_fromstring(reply.text)
    found = [" ".join(one.text_content().split()) for one in page.xpath("//*[contains(@class, 'facet-info')]//li")]
    return shop.normal("\n".join(found) + "\n")


def _reviewing(shop: Workshop, irene: Reader) -> Kept:
    """What a reviewer sees, and what becomes of what she says."""

    def kept(what: str, reply: Reply) -> str:
        return _kept(shop, what, reply)

    form = irene.ask("/-/login")
    yield (
        "review/00_wrong_password.txt",
        kept("POST /-/login", irene.post("/-/login", form, username="irene", password="wrong")),
    )
    signed_in = irene.post("/-/login", form, username="irene", password=PASSWORD)
    yield "review/01_signed_in.txt", kept("POST /-/login", signed_in)
    for number, address in enumerate(
        (
            "/review",
            "/review?code=content.insult",
            "/review?after=99999",
            "/review?flag=99999",
            "/review?second=1",
            "/comment/27",
            "/thread/5",
            "/agreement",
            "/archive/reviews.json?_shape=array&_size=5",
        ),
        2,
    ):
        yield f"review/{number:02}{_name(address)}", kept(f"GET {address}", irene.ask(address))
    page = irene.ask("/review")
    flag = (re.search(r'name="flag" value="(\d+)"', page.text) or ["", "0"])[1]
    yield "review/20_no_verdict.txt", kept("POST /review", irene.post("/review", page, flag=flag))
    yield (
        "review/21_no_such_words.txt",
        kept(
            "POST /review", irene.post("/review", page, flag=flag, verdict="corrected", words="not there", note="kept")
        ),
    )
    yield (
        "review/22_confirmed.txt",
        kept("POST /review", irene.post("/review", page, flag=flag, verdict="confirmed", note="so it is")),
    )
    yield "review/23_next.txt", kept("GET /review", irene.ask("/review"))
    yield "review/24_comment_32.txt", kept("GET /comment/32", irene.ask("/comment/32"))
    page = irene.ask("/comment/32")
    added = irene.post("/review", page, comment="32", code="review.off_topic", words="tide", note="of the sea")
    yield "review/25_added.txt", kept("POST /review", added)
    added = irene.post("/review", page, comment="32", code="content.insult", words="fool of a tide", note="by hand")
    yield "review/26_added.txt", kept("POST /review", added)
    yield "review/27_comment_32.txt", kept("GET /comment/32", irene.ask("/comment/32"))
    yield (
        "review/28_without_token.txt",
        kept("POST /review", irene.ask("/review", {"flag": flag, "verdict": "confirmed"})),
    )


def _kept(shop: Workshop, what: str, reply: Reply, *, summing: str | None = None) -> str:
    """An answer as it is kept: no headers but its type, and where it leads."""
    head = f"{what}\n{reply.status} {reply.kind.lower()}" + (f"\nto {_place(reply.location)}" if reply.location else "")
    kind = reply.kind.partition(";")[0]
    if kind == "text/html" and "<" in reply.text:
        body = LOADED.sub("loaded TIME", canonical.html(reply.text))
        if not what.endswith(WITH_HEADER):
            body = HEADER.sub(lambda found: f"{found[1]} {digest(shop.normal(found[0]))}", body, count=1)
        if not what.endswith(WITH_CITATIONS):
            body = CITATIONS.sub(lambda found: f"{found[1]} {digest(shop.normal(found[0]))}", body, count=1)
        body = summed(body, summing) if summing else body
    elif kind.endswith("xml") and reply.status == 200:
        body = canonical.xml(reply.body)
    elif kind == "application/json":
        body = canonical.as_json(reply.text)
    elif kind.startswith("image/"):
        body = f"{len(reply.body)} bytes"
    else:
        body = reply.text
    return shop.normal(f"{head}\n\n{body}".rstrip("\n") + "\n")


def _place(location: str) -> str:
    """An address with its query in order."""
    path, _, query = location.partition("?")
    return path + ("?" + "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(query))) if query else "")


def summed(page: str, name: str) -> str:
    """A long page: each comment, or item of a list, by a hash of its lines; all else as it is."""
    kept: list[str] = []
    within: list[str] = []
    for line in page.split("\n"):
        if within:
            within.append(line)
            if line == f"</{name}>":
                kept.append(f"<{name}> {digest(chr(10).join(within))}")
                within = []
        elif line == f"<{name}>" or line.startswith(f"<{name} "):
            within = [line]
        else:
            kept.append(line)
    return "\n".join(kept + within)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def masked(text: str) -> str:
    """Without the hashes of whole files."""
    return re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text)


def _name(address: str) -> str:
    return (re.sub(r"[^A-Za-z0-9.=_-]+", "_", address) if address != "/" else "_home") + ".txt"


def _hash(password: str) -> str:
    """As datasette-auth-passwords keeps it."""
    raw = hashlib.pbkdf2_hmac("sha256", password.encode(), b"harbour", 1000)
    return f"pbkdf2_sha256$1000$harbour${base64.b64encode(raw).decode()}"
