"""What a parser sees of the web: a fetched page, a request for another one, and how that can fail."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from lxml import etree
from lxml.html import HtmlElement

from archive.text.charsets import DecodedText, decode_page
from archive.text.html_tree import TooDeep, parse_document
from archive.text.storable import load_json
from archive.text.urls import is_web_address, unwrap_archived
from archive.thread import Capture, Flag

MOST_TAGS = 250_000
"""Of a page that is read: a thread of 5,000 comments has about 200,000. Each takes some 20 to 60 microseconds."""
LONGEST_NAMES = 3 << 20
"""Characters of all values of `class` and `id` that differ. Many patterns search them, for 2 microseconds each."""
RequestKey = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class CommentHints:
    """What an operator knows of an outlet's comments that its pages hide: see crawler/outlets.example.toml."""

    platform: str
    host: str | None = None
    key: str | None = None
    id_from: str | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """A platform's request for a page: GET, or POST where it has a `body` (JSON).

    retry         whether to ask again after a server error: not where such an error is the answer
    shared        whether one response serves all threads of a run, such as what a host says of itself
    confidential  whether the response is a secret, such as a token: it is neither stored nor evidence
    renews        the secret of an earlier response that is no longer accepted
    keys          query parameters whose values are the operator's own, each with the environment variable that holds
                  it: the downloader adds them, so that nothing else ever sees them
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    retry: bool = True
    shared: bool = False
    confidential: bool = False
    renews: str | None = None
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> RequestKey:
        """What tells a request from others, live and in what was captured: address and hash of what was posted."""
        return self.url, None if self.body is None else sha256(self.body).hexdigest()


class FetchFailed(Exception):
    """A request that got no page; thrown into the platform that yielded it.

    `status` is None without a response; `page` is the response, where it came with a body.
    """

    def __init__(self, url: str, reason: str, status: int | None = None, page: "Page | None" = None) -> None:
        super().__init__(f"{url}: {reason}")
        self.url, self.reason, self.status, self.page = url, reason, status, page

    def __reduce__(self) -> tuple[type["FetchFailed"], tuple[str, str, int | None, "Page | None"]]:
        # Crosses process borders; the default would pass the message alone.
        return type(self), (self.url, self.reason, self.status, self.page)


class BadPage(Exception):
    """A page that cannot be read as what it claims to be; the message says what it is instead."""


def refuse_tags(kind: str, tags: int) -> None:
    """Raise BadPage for a page or feed of more tags than are read in a few seconds."""
    if tags > MOST_TAGS:
        raise BadPage(f"{kind} of {tags:,} tags; at most {MOST_TAGS:,} are read")


def refuse_names(tree: HtmlElement) -> None:
    """Raise BadPage for a page whose names of classes and elements are longer than is searched in a few seconds."""
    values = {name for element in tree.iter(etree.Element) for name in map(element.get, ("class", "id")) if name}
    length = sum(map(len, values))
    if length > LONGEST_NAMES:
        raise BadPage(f"page with {length:,} characters of class names; at most {LONGEST_NAMES:,} are read")


@dataclass(frozen=True)
class Page:
    """A response: `url` after redirects, `body` after content decoding, header names in lower case.

    `stored` says where the bytes lie; without it `capture` describes them by their hash alone. `hints` are those of the
    outlet, on the page of an article.
    """

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    fetched_at: str | None = None
    stored: Capture | None = None
    hints: CommentHints | None = None

    @property
    def capture(self) -> Capture:
        return self.stored or Capture(sha256(self.body).hexdigest(), url=self.url, fetched_at=self.fetched_at)

    def with_hints(self, hints: CommentHints | None) -> "Page":
        """Return the page with what its outlet's operator knows; its capture keeps that, for reading it again."""
        if hints is None:
            return self
        metadata = (self.capture.metadata or {}) | {"comments": asdict(hints)}
        return replace(self, hints=hints, stored=replace(self.capture, metadata=metadata))

    @property
    def media_type(self) -> str:
        """The media type of the Content-Type header, in lower case and without parameters; empty without header."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as Unicode."""
        return self.decoded.text

    @cached_property
    def decoded(self) -> DecodedText:
        """The body as Unicode, its encoding, and what was wrong with that."""
        return decode_page(self.body, self.headers.get("content-type"))

    @property
    def encoding_flags(self) -> tuple[Flag, ...]:
        """Flags for a page whose encoding is not what it declares, or a guess; empty for all others."""
        codes = {"capture.encoding_repaired": self.decoded.repaired, "capture.encoding_unsure": self.decoded.unsure}
        return tuple(Flag(code, "page-encoding", reason) for code, reason in codes.items() if reason)

    @property
    def html(self) -> HtmlElement:
        """The tree of the page, which parsers read and do not change. Never raises for broken markup.

        Raise BadPage for a page of too many tags, or too long names: what is read in part would pass for all.
        """
        return self._nodes[0]

    @cached_property
    def elements(self) -> Sequence[HtmlElement]:
        """The elements of the tree in document order: to walk it again takes several times as long."""
        return [node for node in self._nodes if isinstance(node.tag, str)]

    @cached_property
    def _nodes(self) -> Sequence[HtmlElement]:
        """The tree's elements and comments, the root first.

        lxml makes the Python object of an element anew whenever nobody holds one, at several times the cost.
        """
        refuse_tags("page", self.text.count("<"))
        try:
            tree = parse_document(self.text)
        except TooDeep as error:
            raise BadPage(str(error)) from error
        if len(self.text) > LONGEST_NAMES:
            refuse_names(tree)
        if "shadowroot" in self.text:  # browsers show a template of this kind in place of the element around it
            for template in list(tree.iter("template")):
                if template.get("shadowrootmode") or template.get("shadowroot"):
                    template.tag = "div"
        return list(tree.iter())

    @cached_property
    def notes(self) -> dict[str, Any]:
        """What modules have worked out of this page, by name, so that each does it once."""
        return {}

    def json(self) -> Any:
        """Parse the body, less the HTML comment that caching plugins put behind it. Raise BadPage if it is no JSON."""
        body = self.body.rstrip()
        if body.endswith(b"-->"):
            body = body[: body.rfind(b"<!--")]
        return self.parse_json(body)

    def parse_json(self, raw: str | bytes) -> Any:
        """Parse JSON that is the body, or stands in it. Raise BadPage if it is none."""
        try:
            return load_json(raw)
        except (ValueError, RecursionError) as error:
            raise BadPage(f"{self.url}: not JSON: {error}") from error

    def absolute(self, href: str) -> str | None:
        """Resolve a link of this page to a web address; None where it leads elsewhere than to the web.

        The links of a page that a web archive replays lead to what it archived.
        """
        try:
            url = urljoin(self.url, href.strip())
        except ValueError:
            return None
        archived = unwrap_archived(url) if "/web/" in url else None
        if archived is not None:
            return archived.url
        return url if is_web_address(url) else None
