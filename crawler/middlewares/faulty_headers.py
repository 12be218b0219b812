"""Read pages whose headers name another compression than that of the body, or a charset that is none.

Scrapy's own middlewares raise an exception for these, and the page would be lost.
"""

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.responsetypes import responsetypes

from archive.text.content_encoding import BadEncoding, decode_body


class ContentEncodingMiddleware(HttpCompressionMiddleware):
    """Undo Content-Encoding; what cannot be undone is read as `btl verify` reads it from the WARC file."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Return the response with its body decoded. Raise IgnoreRequest with the reason where it cannot be."""
        codings = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1").split(",")
        try:
            return super().process_response(request, response)
        except IgnoreRequest:
            raise
        except Exception:  # noqa: BLE001 each of Scrapy's decompressors has errors of its own
            try:
                body = decode_body(response.body, codings, self._max_size)
            except BadEncoding as error:
                raise IgnoreRequest(f"its Content-Encoding is wrong: {error}") from error
        del response.headers["Content-Encoding"]
        cls = responsetypes.from_args(headers=response.headers, url=response.url, body=body)
        return response.replace(cls=cls, body=body)


class RefreshMiddleware(MetaRefreshMiddleware):
    """Follow a meta refresh, also of a page whose stated charset no text can be decoded by."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Return the response, or the request that its meta refresh asks for."""
        try:
            return super().process_response(request, response)
        except (LookupError, ValueError):
            assert isinstance(response, TextResponse)
            refreshed = super().process_response(request, response.replace(encoding="utf-8"))
            return response if isinstance(refreshed, Response) else refreshed
