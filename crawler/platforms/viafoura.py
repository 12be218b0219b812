"""Viafoura: a thread of many large sites, as pages of JSON, with ids and no names."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

from archive.thread import Author, Comment, Flag
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import LONGEST_NAME, Shape, at, first, identifier, number, object_of, text
from crawler.platforms.listing import Batch, Listing, Requests

HOSTS = ("livecomments", "tyrion", "api", "iam")
COMMENTS, SITES, BOOTSTRAP, USERS = (f"https://{name}.viafoura.co" for name in HOSTS)
THREADS = "/v4/livecomments/"
PER_PAGE, REPLIES_A_PAGE = 100, 50  # more is an error
NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class ViafouraClaim(EmbedClaim):
    """A thread: the id that the site gives it, and the site's own id where the page has that."""

    def fill(self, listing: Listing) -> Requests:
        """Look up the site and the thread, read all pages, and the replies that they cut short.

        Authors are known by their ids: a name is a request of its own, see `name_request`.
        """
        section = yield from self._section(listing)
        container = (yield from self._container(listing, section)) if section else None
        if container is None:
            return
        thread = f"{THREADS}{section}/{quote(container, '')}/comments"
        shape = _shape(container)

        def parse(page: Page) -> Batch:
            data = object_of(page)
            comments = list(shape.comments(page, data.get("contents")))
            roots = [comment.native_id for comment in comments if comment.parent_native_id is None]
            for item in data["contents"]:
                own = str(identifier(item.get("content_uuid")))
                stated[own] = number(item.get("total_replies")) or 0
                thread_of[own] = text(item.get("thread_uuid")) or own
            return Batch(comments, roots[-1] if roots and data.get("more_available") is True else None)

        def request(cursor: Any) -> Fetch:
            query = {"limit": PER_PAGE, "reply_limit": REPLIES_A_PAGE, "sorted_by": "oldest"}
            return Fetch(self.address(thread, query | ({"starting_from": cursor} if cursor else {})))

        stated: dict[str, int] = {}
        thread_of: dict[str, str] = {}
        yield from listing.read_pages(request, parse)
        below = Counter(_roots(listing.comments).values())
        roots = [key for key, comment in listing.comments.items() if comment.parent_native_id is None]
        for root in roots:
            if stated.get(root, 0) > below[root]:
                yield from self._read_replies(listing, shape, f"{thread}/{quote(thread_of.get(root, root), '')}")

    def _read_replies(self, listing: Listing, shape: Shape, address: str) -> Requests:
        """Read all replies below one comment at the top."""

        def parse(page: Page) -> Batch:
            data = object_of(page)
            comments = list(shape.comments(page, data.get("contents")))
            more = comments[-1].native_id if comments and data.get("more_available") is True else None
            return Batch(comments, more)

        def request(cursor: Any) -> Fetch:
            query = {"limit": PER_PAGE} | ({"starting_from": cursor} if cursor else {})
            return Fetch(self.address(address, query))

        # The counts are of replies that were hidden, too.
        yield from listing.read_pages(request, parse, is_doubtful=True)

    def _section(self, listing: Listing) -> Requests:
        """Return the id of the site, as the page or else the service says it: once a run for all its articles."""
        if key := self.value("key"):
            return quote(key, "")
        host = urlsplit(self.page.url).netloc
        own_server = self.embed.server()
        sites, bootstrap = own_server or SITES, own_server or BOOTSTRAP
        site = yield from listing.get(Fetch(f"{sites}/v3/sections/sites/{host}", shared=True), optional=True)
        uuid = identifier(object_of(site).get("uuid")) if site else None
        if uuid is None:
            fetch = Fetch(f"{bootstrap}/v2/{host}/bootstrap/v2?session=false", body=b"", shared=True)
            page = yield from listing.get(fetch)
            uuid = identifier(at(page.json(), "result.settings.site_uuid")) if page else None
        return uuid and quote(uuid, "")

    def _container(self, listing: Listing, section: str) -> Requests:
        """Return the service's own id of the thread; None where it has none, since nobody has written there."""
        query = {"container_id": self.value("thread"), "limit": 0}
        try:
            page = yield Fetch(self.address(f"{THREADS}{section}", query), retry=False)
        except FetchFailed as failure:
            if failure.status == NOT_FOUND:
                listing.is_unknown = True
            else:
                listing.reasons.append(str(failure))
            return None
        listing.keep(page)
        data = object_of(page)
        container = data["container"] if isinstance(data.get("container"), dict) else data
        uuid = identifier(container.get("content_container_uuid"))
        if uuid is None:
            raise BadPage(f"{page.url}: no content_container_uuid")
        counts = ("counts.total_visible_content", "total_visible_content", "counts.total_visible_contents")
        listing.stated, listing.stated_kind = number(first(container, counts)), "approximate"
        return uuid


def claim(page: Page) -> ViafouraClaim | None:
    """The page names the thread; which site it is, the service says."""
    site = f"viafoura.co/{(urlsplit(page.url).hostname or '').removeprefix('www.')}"
    return claim_embed(page, "viafoura", ViafouraClaim, "thread", server=COMMENTS, within=site)


def name_request(address: str, author: str) -> Fetch | None:
    """Return the request for an author's name, by the address of comments of theirs; None for another address.

    The response is a person's profile: it is not stored, so that an erased name is nowhere else.
    """
    server, mark, rest = address.partition("?")[0].partition(THREADS)
    section = rest.partition("/")[0]
    if not mark or not section:
        return None
    address = f"{USERS if server == COMMENTS else server}/v3/sections/{section}/users/{quote(author, '')}"
    return Fetch(address, confidential=True)


def read_name(page: Page) -> str | None:
    """Return the name in the response to `name_request`; None where there is none. Raise BadPage."""
    name = text(object_of(page).get("preferred_username"))
    return name.strip()[:LONGEST_NAME] or None if name else None


def _roots(comments: Mapping[str, Comment]) -> dict[str, str]:
    """Return, for the id of each reply, that of the comment at the top which it stands below, each step taken once."""
    roots: dict[str, str] = {}
    for key in comments:
        path, top = [], key
        while top not in roots and (above := comments[top].parent_native_id) in comments and above is not None:
            path.append(top)
            roots[top] = top  # until it is known: of replies that go in a circle it is one of them
            top = above
        roots.update(dict.fromkeys(path, roots.get(top, top)))
    return roots


def _shape(container: str) -> Shape:
    def amend(item: dict[str, Any], comment: Comment) -> Comment:
        state, html = item.get("state"), text(item.get("content"))
        if comment.parent_native_id == container:
            comment = replace(comment, parent_native_id=None)
        name = text(first(item, ("actor.preferred_username", "actor.name", "actor.username")))
        if comment.author is not None and name:
            comment = replace(comment, author=Author(name, comment.author.native_id, is_guest=False))
        if html is not None and state in (None, "visible"):
            return comment
        kind = "withheld" if state in ("hidden", "awaiting_moderation", "pending") and html is not None else "removed"
        flag = Flag(f"platform.{kind}", "state", str(state or "no content")[:100])
        return replace(comment, body="", state="removed" if kind == "removed" else "withheld", flags=(flag,))

    return Shape(
        id=("content_uuid",),
        body=("content",),
        parent=("parent_uuid",),
        author_id=("actor_uuid",),
        posted=("date_created", "time"),
        likes=("total_likes",),
        dislikes=("total_dislikes",),
        edited=("is_edited",),
        featured=("is_picked",),
        amend=amend,
    )
