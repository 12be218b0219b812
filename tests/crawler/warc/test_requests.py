"""Captured responses are found by what was asked, not by the address alone."""

import json
from pathlib import Path

import pytest

from crawler.pages.page import Fetch, FetchFailed
from crawler.warc import capture_index
from crawler.warc.similar import asks_alike, request_values
from crawler.warc.sources import open_captures
from crawler.warc.writer import Exchange, WarcFile

URL = "https://comments.example/read"
SECRET = "tok-3n"
STORY = "https://c.example/api/graphql?query=&id="


def exchange(url: str, body: bytes, response: object, *, status: int = 200, at: str = "06") -> Exchange:
    headers = [(b"Content-Type", b"application/json")]
    own = [(b"X-Access-Token", SECRET.encode()), (b"Cookie", SECRET.encode())]
    method = "POST" if body else "GET"
    content = json.dumps(response).encode()
    return Exchange(url, method, own, body, status, "OK", headers, content, f"2026-03-14T{at}:00:00Z")


@pytest.fixture
def warc(tmp_path: Path) -> Path:
    file = WarcFile(tmp_path / "w" / "a.warc.gz", {})
    for number in (1, 2, 3):
        file.write(exchange(URL, b'{"offset":%d}' % number, {"page": number}))
    file.write(exchange(f"{URL}/busy", b"", {"error": 1}, status=503))
    file.write(exchange(f"{URL}/busy", b"", {"page": 9}))
    file.write(exchange(f"{URL}/unknown", b"", {"error": "NOT_FOUND"}, status=500))
    file.write(exchange(f"{URL}/list?thread=5&limit=10&sort=new", b"", {"page": 8}))
    file.close()
    return tmp_path / "w" / "a.warc.gz"


def test_posts_to_one_address_are_told_apart_by_what_they_posted(warc):
    captures = open_captures(warc)
    for number in (3, 1, 2):
        fetch = Fetch(URL, body=b'{"offset":%d}' % number)
        page = captures.fetch(fetch, None)
        assert page.json() == {"page": number}
        assert (page.capture.url, page.capture.request_sha256) == fetch.key
    for fetch in (Fetch(URL), Fetch(URL, body=b'{"offset":4}')):
        with pytest.raises(FetchFailed, match="not captured"):
            captures.fetch(fetch, None)


def test_what_came_after_a_retry_counts_and_an_error_has_its_page(warc):
    captures = open_captures(warc)
    assert captures.fetch(Fetch(f"{URL}/busy"), "2026-03-14T06:00:00Z").json() == {"page": 9}
    with pytest.raises(FetchFailed) as failure:
        captures.fetch(Fetch(f"{URL}/unknown"), None)
    assert failure.value.page.json() == {"error": "NOT_FOUND"}


def test_a_request_in_other_words_is_found_and_noted_as_ours(warc):
    captures = open_captures(warc)
    fetch = Fetch(f"{URL}/list?thread=5&limit=100&sort=old")
    page = captures.fetch(fetch, None)
    assert page.json() == {"page": 8}
    assert page.capture.metadata == {"requested": fetch.url}
    with pytest.raises(FetchFailed):
        captures.fetch(Fetch(f"{URL}/list?thread=6&limit=100"), None)


def test_secrets_are_not_written(warc):
    import gzip

    assert SECRET.encode() not in gzip.decompress(warc.read_bytes())


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("/c?f=a&t_u=u&t_i=1&s_o=default", "/c?t_u=u&f=a&t_t=Ferry", True),
        ("/c?f=a&t_u=u", "/c?f=a&t_u=v", False),
        ("/c?limit=100&page=2", "/c?limit=10&page=2", True),
        ("/c?limit=100&page=2", "/c?limit=10", False),
        ("/c?limit=100&page=1", "/c", True),
        ("/c?feed=rss2&p=3", "/c?p=3", False),
        (f'{STORY}abc&variables={{"storyID":"1","count":100,"cursor":null}}', f'{STORY}def&variables={{"storyID":"1"}}', True),
        ("/c?limit=100&sort=NEWEST&parent-id=7", "/c?limit=100&sort=NEWEST", False),
        (f'{STORY}abc&variables={{"storyID":"1"}}', f'{STORY}abc&variables={{"storyID":"2"}}', False),
        (f'{STORY}abc&variables={{"storyID":"1","cursor":"x"}}', f'{STORY}abc&variables={{"storyID":"1"}}', False),
        (f'{STORY}abc&variables={{"id":"1"}}', f'{STORY}abc&variables={{"id":"2"}}', False),
        (f'{STORY}abc&variables={{"a":{{"id":"1"}},"b":{{"id":"3"}}}}', f'{STORY}abc&variables={{"a":{{"id":"2"}},"b":{{"id":"3"}}}}', False),
        ("/c?site=1&type=2&object=5", "/c?site=1&type=2", False),  # says less than who asks: of another thread, or of all
        ("/c?site=1&type=2", "/c?site=1&type=2&object=5", False),
        ("/c?key=k&article=5&host=h", "/c?key=k&host=h&uri=u", False),
        ("/c?key=k&article=5&host=h", "/c?key=k&host=h&article=5&uri=u&quizEnabled=false", True),
        ("/c?thread=5", "/c?thread=5&parentId=7", False),
        ("/c?thread=5", "/c?thread=5&parentComment=7", False),
        ("/c?thread=5", "/c?thread=5&parentId=0&parent_uuid=", True),
        ("/c?thread=5&parent-id=7", "/c?thread=5&parent-id=8", False),
        ("/c?thread=5", "/c?thread=5&tag=FEATURED", False),
        ("/c?limit=100", "/c?limit=10&p=3", False),  # the path names the thread, or the other one's parameter does
        ("/c?post_ids[]=1&post_ids[]=9", "/c?post_ids[]=2&post_ids[]=9", False),
        ("/c?post_ids[]=1&post_ids[]=9", "/c?post_ids[]=9&post_ids[]=1&limit=2", True),
        ("/c?thread=5&offset=0", "/c?thread=5&offset=1", False),
        ("/c?thread=5&page=0", "/c?thread=5&page=1", False),
        ("/c?thread=5&seen=" + "1," * 40_000 + "2", "/c?thread=5&seen=" + "1," * 40_000 + "3", False),
    ],
)  # fmt: skip
def test_what_asks_for_the_same(ours, theirs, expected):
    assert asks_alike(request_values(ours, None), request_values(theirs, None)) is expected


def test_what_was_posted_is_compared_by_its_values():
    ours = request_values(URL, b'{"conversation_id":"sp_1","offset":0,"count":50,"parent_id":""}')
    theirs = request_values(f"{URL}?__wb_method=POST&conversation_id=sp_1&count=15&sort_by=best", None)
    assert asks_alike(ours, theirs)
    assert not asks_alike(ours, request_values(URL, b'{"conversation_id":"sp_1","offset":50}'))


def test_of_a_long_post_all_is_compared():
    bodies = [b'{"thread":5,"text":"%s","parent":%d}' % (b"x" * 70_000, parent) for parent in (1, 2)]
    first, second = (request_values(URL, body) for body in bodies)
    assert asks_alike(first, first)
    assert not asks_alike(first, second)


def test_a_query_that_names_its_thread_in_its_text_is_compared_whole():
    def values(forum):
        return request_values(URL, b'{"operationName":"Forum","query":"{ forum(id: %d) { id } }"}' % forum)

    assert asks_alike(values(1), values(1))
    assert not asks_alike(values(1), values(2))


def test_a_redirect_to_what_was_not_captured_is_no_circle(tmp_path):
    file = WarcFile(tmp_path / "a.warc.gz", {})
    moved = exchange(f"{URL}/old?thread=5&sort=new", b"", {}, status=301)
    moved.response_headers.append((b"Location", f"{URL}/new".encode()))
    file.write(moved)
    file.close()
    for sort in ("new", "old"):
        with pytest.raises(FetchFailed, match=r"redirected to \S+/new, which was not captured"):
            open_captures(tmp_path / "a.warc.gz").fetch(Fetch(f"{URL}/old?thread=5&sort={sort}"), None)


def test_captures_beyond_those_that_are_compared_are_named(warc, monkeypatch):
    monkeypatch.setattr(capture_index, "MOST_SIMILAR", 2)
    captures = open_captures(warc)
    for offset in (4, 5):
        with pytest.raises(FetchFailed):
            captures.fetch(Fetch(URL, body=b'{"offset":%d}' % offset), None)
    assert [problem.reason for problem in captures.errors] == [
        "3 captures of this path; only the first 2 were compared"
    ]
