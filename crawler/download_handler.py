"""Download http(s): wait until this worker may ask the host, and add the operator's own keys where they are needed.

Keys are added last of all, so that nothing else sees them.
"""

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import quote, quote_plus, urlencode

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.text.content_encoding import BadEncoding, decode_body

KEY_MARK = "#with-key"  # a fragment, which is not sent, by which such an address is known


class KeyRefused(IgnoreRequest):
    """A request with a key failed; the message has no key in it."""


class KeyedDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's handler, but for requests whose meta has `keys`: pairs of a query parameter and what holds its value.

    The key is in no request, response, log or error outside this class, and so in no WARC file and no archive. A
    response that repeats it is not passed on.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawler = crawler
        logging.getLogger(HTTP11DownloadHandler.__module__).addFilter(_without_keys)

    async def download_request(self, request: Request) -> Response:
        """Wait until this worker may ask the host, and ask it."""
        leases, host = self.crawler.spider.state.leased_hosts, request.meta["download_slot"]  # type: ignore[union-attr]
        await leases.take(host)
        try:
            return await self._download(request)
        finally:
            slot = self.crawler.engine.downloader.slots.get(host)
            leases.note_response(host, slot.delay if slot is not None else 0.0)

    async def _download(self, request: Request) -> Response:
        keys = {parameter: os.environ.get(variable, "") for parameter, variable in request.meta.get("keys", ())}
        if not keys:
            return await super().download_request(request)
        separator = "&" if "?" in request.url else "?"
        keyed = request.replace(url=f"{request.url}{separator}{urlencode(keys)}{KEY_MARK}")
        try:
            response = await super().download_request(keyed)
        except Exception as error:  # noqa: BLE001 its message, or that of its cause, may have the address in it
            raise KeyRefused(f"{type(error).__name__}, when asked with a key") from None
        if "download_latency" in keyed.meta:
            request.meta["download_latency"] = keyed.meta["download_latency"]
        if _repeats(response, keys.values()):
            raise KeyRefused("the response repeats the key, and was not kept")
        return response.replace(url=request.url)


def _without_keys(record: logging.LogRecord) -> bool:
    """Drop a log record with an address that has a key in it: Scrapy warns of responses that are too large."""
    return KEY_MARK not in record.getMessage()


def _repeats(response: Response, secrets: Iterable[str]) -> bool:
    encodings = (response.headers.get("Content-Encoding") or b"").decode("latin-1").split(",")
    texts: list[bytes] = [
        response.body,
        *(value for name in response.headers for value in response.headers.getlist(name)),
    ]
    with suppress(BadEncoding):
        texts.append(decode_body(response.body, encodings))
    spellings = {
        spelling.encode() for secret in secrets for spelling in (secret, quote(secret, ""), quote_plus(secret))
    }
    return any(spelling in text for spelling in spellings for text in texts)
