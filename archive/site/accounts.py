"""Who is signed in. datasette-auth-passwords knows the passwords; here stands which of its accounts review."""

import re
from collections.abc import Mapping
from typing import Any

from datasette.app import Datasette

PLUGIN = "datasette-auth-passwords"
_HASH = "_password_hash"
_NAME = re.compile(r"\w[\w .@-]{0,63}")
_PASSWORD_HASH = re.compile(r"pbkdf2_sha256\$[0-9]+\$[^$]+\$[A-Za-z0-9+/=]+")


class Site(Datasette):  # type: ignore[misc]  # Datasette has no types
    """Datasette whose accounts are not part of its metadata, which /-/metadata.json shows to everybody."""

    reviewers: Mapping[str, Any] = {}

    def plugin_config(
        self,
        plugin_name: str,
        database: str | None = None,
        table: str | None = None,
        fallback: bool = True,
    ) -> Any:
        if plugin_name == PLUGIN and self.reviewers:
            return self.reviewers
        return super().plugin_config(plugin_name, database, table, fallback)


def accounts(reviewers: Mapping[str, str]) -> dict[str, Any]:
    """Reviewers and the hashes of their passwords, as the plugin's configuration. Raises ValueError."""
    for name, password_hash in reviewers.items():
        if not _NAME.fullmatch(name) or name.endswith(_HASH):
            raise ValueError(f"{name!r} is no name for a reviewer: letters, digits, spaces and . @ - _ are")
        if not isinstance(password_hash, str) or not _PASSWORD_HASH.fullmatch(password_hash.strip()):
            raise ValueError(f"{name} has no password hash; `datasette hash-password` makes one (pbkdf2_sha256$...)")
    actors = {name: {"id": name, "reviewer": True} for name in reviewers}
    return {name + _HASH: password_hash for name, password_hash in reviewers.items()} | {"actors": actors}


def configured(datasette: Datasette) -> Mapping[str, Any]:
    """The plugin's configuration; empty where nobody has an account."""
    found: Mapping[str, Any] = datasette.plugin_config(PLUGIN) or {}
    return found if any(name.endswith(_HASH) for name in found) else {}


def reviews_here(datasette: Datasette) -> bool:
    """Whether anybody may review."""
    actors = configured(datasette).get("actors") or {}
    return any(actor.get("reviewer") is True for actor in actors.values())


def reviewer(datasette: Datasette, actor: Mapping[str, Any] | None) -> str | None:
    """The name of the reviewer who is signed in, as long as their account is still there."""
    if not actor or actor.get("reviewer") is not True:
        return None
    known = (configured(datasette).get("actors") or {}).get(actor.get("id"))
    return str(actor["id"]) if known and known.get("reviewer") is True else None
