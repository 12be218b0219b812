"""Turn Scrapy's responses into pages that know their WARC record, and its errors into words."""

from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.thread import Capture
from crawler.frontier.intervals import FrontierEntry
from crawler.pages.page import Fetch, Page

if TYPE_CHECKING:
    from crawler.warc.writer import WarcPosition


def describe_error(error: BaseException) -> str:
    """Say, for people, why a request got no page."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status}"
    text = str(error).strip() or type(error).__name__
    return text if isinstance(error, IgnoreRequest) else f"{type(error).__name__}: {text}"


def page_from_response(response: Response, fetch: Fetch | None = None) -> Page:
    """Turn Scrapy's response into a Page that knows its WARC record; `fetch` is what a platform had requested."""
    headers = {
        name.decode("latin-1").lower(): b", ".join(values or ()).decode("latin-1")
        for name, values in response.headers.items()
    }
    if fetch is not None and fetch.confidential:
        return Page(response.url, response.body, headers, response.meta["fetched_at"])
    capture = capture_of(response, response.body, fetch)
    return Page(response.url, response.body, headers, capture.fetched_at, capture)


def capture_of(response: Response, body: bytes, fetch: Fetch | None = None) -> Capture:
    """Return where a response was written; `fetch` is what a platform had requested."""
    position: WarcPosition = response.meta["warc_position"]
    requested, request_sha256 = fetch.key if fetch is not None else (None, None)
    redirected = requested is not None and requested != response.url
    return Capture(
        sha256(body).hexdigest(),
        url=response.url,
        fetched_at=response.meta["fetched_at"],
        http_status=response.status,
        media_type=(response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip() or None,
        file=position.file,
        offset=position.offset,
        length=position.length,
        metadata={"requested": requested} if redirected else None,
        payload_digest=position.payload_digest,
        request_sha256=request_sha256,
    )


def validators(response: Response, entry: FrontierEntry) -> tuple[str | None, str | None]:
    """Return ETag and Last-Modified; a 304 may leave them out, and the earlier ones stay."""
    etag, last_modified = (response.headers.get(name) for name in ("ETag", "Last-Modified"))
    not_modified = response.status == HTTPStatus.NOT_MODIFIED
    earlier = (entry.etag, entry.last_modified) if not_modified else (None, None)
    return (
        etag.decode("latin-1") if etag else earlier[0],
        last_modified.decode("latin-1") if last_modified else earlier[1],
    )
