"""What a parser sees of the web: a page that was fetched, what else it may ask for, and how asking can fail."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from lxml.html import HtmlElement

from archive.text.urls import is_web_address
from archive.thread import Capture
from crawler.pages import html_tree


@dataclass(frozen=True, slots=True)
class Fetch:
    """A request that a platform would like to be made: GET, unless it has a `body` (JSON), which is POSTed."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


class FetchFailed(Exception):
    """What a platform is thrown where its request got no page: `status` is None where no answer came at all."""

    def __init__(self, url: str, reason: str, status: int | None = None) -> None:
        super().__init__(f"{url}: {reason}")
        self.url, self.reason, self.status = url, reason, status

    def __reduce__(self) -> tuple[type["FetchFailed"], tuple[str, str, int | None]]:
        return type(self), (self.url, self.reason, self.status)


class BadPage(Exception):
    """A page that cannot be read as what it claims to be; says what it is instead."""


@dataclass(frozen=True)
class Page:
    """An answer with status 200: `url` after redirects, `body` after content decoding, header names in lower case.

    `capture` says where the bytes lie; without it they are described by their hash alone.
    """

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    fetched_at: str | None = None
    stored: Capture | None = None

    @property
    def capture(self) -> Capture:
        return self.stored or Capture(sha256(self.body).hexdigest(), url=self.url, fetched_at=self.fetched_at)

    @property
    def media_type(self) -> str:
        """Of the Content-Type header, in lower case and without parameters; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def text(self) -> str:
        """The body as Unicode: by byte order mark, header, `meta`, UTF-8, or else as Windows-1252."""
        from w3lib.encoding import html_to_unicode

        return html_to_unicode(self.headers.get("content-type"), self.body, default_encoding="utf-8")[1]

    @cached_property
    def html(self) -> HtmlElement:
        """The tree of the page, which parsers read and do not change. Never raises for broken markup."""
        tree = html_tree.document(self.text)
        self.elements.extend(tree.iter())
        return tree

    @cached_property
    def elements(self) -> list[HtmlElement]:
        """All that is in the tree. Held, since lxml makes an element anew whenever nobody does."""
        return []

    def json(self) -> Any:
        """Raises BadPage where the body is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise BadPage(f"{self.url}: not JSON: {error}") from error

    def absolute(self, href: str) -> str | None:
        """The web address that a link of this page names, or None."""
        try:
            found = urljoin(self.url, href.strip())
        except ValueError:
            return None
        return found if is_web_address(found) else None
