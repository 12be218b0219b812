"""Who looks at a page, and what the archive says of itself there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm
from datasette.utils import await_me_maybe
from datasette.utils.asgi import Request

from archive.site import queries, sessions
from archive.site.database import Connection, fetch_all, fetch_value, is_reviewer, remember
from archive.site.formatting import day, moment
from archive.site.security import App, Message, Receive, Send
from archive.text.formatting import now

NAME = "Below the Line"
ACCOUNTS_PLUGIN = "datasette-auth-passwords"
_HASH = "_password_hash"
_NAME = re.compile(r"\w[\w .@-]{0,63}")
_PASSWORD_HASH = re.compile(r"pbkdf2_sha256\$[0-9]+\$[^$]+\$[A-Za-z0-9+/=]+")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, as far as that changes what it shows. `tables` is the address of the tables.

    A signed-in reviewer sees names of reviewers and nothing masked, and judges where the archive can be written to."""

    tables: str
    reviewer: str | None = None
    writable: bool = False

    @property
    def judges(self) -> bool:
        return self.reviewer is not None and self.writable


class NewsroomSite(Datasette):  # type: ignore[misc]  # Datasette has no types
    """Datasette whose accounts are not part of its metadata, which /-/metadata.json shows to everybody."""

    reviewers: Mapping[str, Any] = {}

    def plugin_config(
        self, plugin_name: str, database: str | None = None, table: str | None = None, fallback: bool = True
    ) -> Any:
        if plugin_name == ACCOUNTS_PLUGIN and self.reviewers:
            return self.reviewers
        return super().plugin_config(plugin_name, database, table, fallback)


def visitor_of(datasette: Datasette, request: Request, db: Database) -> Visitor:
    return Visitor(str(datasette.urls.database(db.name)), signed_in_reviewer(datasette, request.actor), db.is_mutable)


def check_reviewer_name(name: str) -> None:
    """Raise ValueError for a name that no reviewer can have."""
    if not _NAME.fullmatch(name) or name.endswith(_HASH):
        raise ValueError(f"{name!r} is no name for a reviewer: letters, digits, spaces and . @ - _ are")


def configure_accounts(reviewers: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration of datasette-auth-passwords for reviewers and the hashes of their passwords.

    Raises ValueError for a name or a hash that cannot be one."""
    for name, password_hash in reviewers.items():
        check_reviewer_name(name)
        if not isinstance(password_hash, str) or not _PASSWORD_HASH.fullmatch(password_hash.strip()):
            raise ValueError(f"{name} has no password hash; `btl review password` makes one")
    actors = {name: {"id": name, "reviewer": True} for name in reviewers}
    return {name + _HASH: password_hash for name, password_hash in reviewers.items()} | {"actors": actors}


def account_config(datasette: Datasette) -> Mapping[str, Any]:
    """Return the configuration of datasette-auth-passwords; empty where nobody has an account."""
    config: Mapping[str, Any] = datasette.plugin_config(ACCOUNTS_PLUGIN) or {}
    return config if any(name.endswith(_HASH) for name in config) else {}


def ended_sessions(datasette: Datasette) -> set[str]:
    """Return the sessions that were ended, which a site remembers as long as it runs."""
    ended: set[str] = vars(datasette).setdefault("ended_sessions", set())
    return ended


def attempts_of(datasette: Datasette) -> sessions.Attempts:
    """Return the failed sign-ins of a site."""
    attempts: sessions.Attempts = vars(datasette).setdefault("sign_in_attempts", sessions.Attempts())
    return attempts


def note_reviewer(app: App, datasette: Datasette) -> App:
    """Wrap an application: note for each request whether a reviewer asks, before any statement runs.

    The cookies of a session that was ended are left out: nobody is signed in by them."""

    async def noted(scope: Message, receive: Receive, send: Send) -> None:
        is_reviewer.set(False)
        if scope["type"] == "http":
            request = Request(scope, receive)
            actors = [
                await await_me_maybe(result)
                for result in pm.hook.actor_from_request(datasette=datasette, request=request)
            ]
            actor = next(filter(None, actors), None)
            if actor and sessions.setting_of(str(actor.get("session"))) in ended_sessions(datasette):
                scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != b"cookie"]}
                actor = None
            is_reviewer.set(signed_in_reviewer(datasette, actor) is not None)
        await app(scope, receive, send)

    return noted


def has_reviewers(datasette: Datasette) -> bool:
    actors = account_config(datasette).get("actors") or {}
    return any(actor.get("reviewer") is True for actor in actors.values())


def signed_in_reviewer(datasette: Datasette, actor: Mapping[str, Any] | None) -> str | None:
    """Return the name of the reviewer who is signed in, as long as their account still exists."""
    if not actor or actor.get("reviewer") is not True or not actor.get("session"):
        return None
    account = (account_config(datasette).get("actors") or {}).get(actor.get("id"))
    return str(actor["id"]) if account and account.get("reviewer") is True else None


def has_table(connection: Connection, name: str) -> bool:
    return fetch_value(connection, queries.HAS_TABLE, name=name) is not None


def release_facts(connection: Connection) -> dict[str, Any]:
    """Return the table `release` of a public copy by name; empty for a live archive, which has no such table."""

    def load() -> dict[str, Any]:
        return dict(map(tuple, fetch_all(connection, queries.RELEASE))) if has_table(connection, "release") else {}

    return remember(connection, "release", load)


def comment_total(connection: Connection) -> int:
    total: int | None = fetch_value(connection, queries.COMMENT_TOTAL)
    return total or 0


def site_facts(connection: Connection) -> dict[str, Any]:
    """Return what every page says of the archive: how many comments it has, and which release it is."""
    return {"total": comment_total(connection), "release": release_facts(connection)}


def citation_name(connection: Connection) -> str:
    """Return the archive's name as citations have it: with the number of its release, where it is one."""
    release = release_facts(connection)
    name = str(release.get("title") or NAME)
    return f"{name}, release {release['number']}" if release.get("number") else name


def base_address(datasette: Datasette, request: Request, release: Mapping[str, Any]) -> str:
    """Return what every permanent link begins with, without a slash at its end."""
    published = str(release.get("url") or "").rstrip("/")
    here: str = datasette.absolute_url(request, datasette.urls.path("/"))
    return published or here.rstrip("/")


def print_note(datasette: Datasette, request: Request) -> str:
    """Return what a print of one of Datasette's pages says of where it was, and when unless it is of a release."""
    release = getattr(datasette, "release", None)
    if release:
        state = f"release {release.number} of {day(release.values.get('published_at'))}"
    else:
        state = f"loaded {moment(now())} UTC"
    return f"{base_address(datasette, request, {})}{request.full_path}, {state}"
