"""What is no part of what is published: a crawl's plan, what is withheld, and how an archive works."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from archive.store.tables.columns import NUMBER, column, id_column, integer, options, partial_index, reference, text


class FrontierRow(SQLModel, table=True):
    __tablename__ = "frontier"
    __table_args__ = options(
        "A page to visit again: the crawler's own list, no part of what is published.",
        partial_index("frontier_next_at", "next_at"),
        partial_index("frontier_host", "host", "next_at"),
        partial_index("frontier_owner", "owner"),
    )

    id: int | None = id_column("Number of the entry.")
    url: str = text("Address to visit.", unique=True)
    host: str = text("Host and port that are asked, one request at a time.")
    outlet: str = text("Home of the outlet that it was found for.")
    kind: str = text("article, feed, sitemap or front.")
    added_at: str = text("When it was found (UTC).")
    published_at: str | None = text("When the article was published (UTC), where its feed or sitemap says so.")
    next_at: str | None = text("When it is due (UTC); empty where it is done with.")
    interval_s: int = integer("Seconds between the last visit and the next.")
    lease_until: str | None = text("Until when a crawl has it in hand (UTC): after that it is anybody's.")
    visited_at: str | None = text("When it was last answered (UTC).")
    etag: str | None = text("ETag of the last answer.")
    last_modified: str | None = text("Last-Modified of the last answer.")
    content_sha256: str | None = text("SHA-256 of the last answer's body.")
    capture_id: int | None = reference("captures.id", "The last answer, for when the server says that it stands.")
    comment_count: int | None = integer("Comments that a feed last announced, a reason to come early.")
    failures: int = integer("Visits that failed, one after the other.")
    last_error: str | None = text("Why the last visit failed.")
    failing_since: str | None = text("When the first of the visits that failed one after the other was made (UTC).")
    owner: str | None = text("The worker that has it in hand.")


class HostRow(SQLModel, table=True):
    __tablename__ = "hosts"
    __table_args__ = options(
        "A host that crawls ask, one worker at a time: no part of what is published.",
        partial_index("hosts_next_at", "next_at"),
        partial_index("hosts_owner", "owner"),
    )

    host: str = text("Host and port.", primary_key=True)
    next_at: str | None = text("When the next of its pages is due (UTC); empty where none waits for a visit.")
    not_before: str | None = text("When it may be asked again (UTC, to the millisecond): its pace, or Retry-After.")
    lease_until: str | None = text("Until when one worker alone may ask it (UTC, to the millisecond).")
    owner: str | None = text("The worker that may ask it.")
    wanted_until: str | None = text("Until when another worker waits for it (UTC, to the millisecond).")
    crawl_delay_s: float | None = column(NUMBER, "Seconds between two requests, where its robots.txt asks for that.")
    robots_txt: str | None = text("Its robots.txt; empty text where it has none.")
    robots_at: str | None = text("When its robots.txt was read (UTC, to the millisecond).")


class PausedOutletRow(SQLModel, table=True):
    __tablename__ = "paused_outlets"
    __table_args__ = options("An outlet that no crawl visits for now, or any more: no part of what is published.")

    home: str = text("Home of the outlet, as in the frontier.", primary_key=True)
    is_stopped: int = integer("1 where it was stopped, 0 where it was paused.")
    since: str = text("Since when (UTC).")
    until: str | None = text("When it is visited again (UTC); empty until somebody resumes it.")
    note: str | None = text("Why, in words.")


class SettingRow(SQLModel, table=True):
    __tablename__ = "settings"
    __table_args__ = options("Keys of this archive: no part of what is published.")

    name: str = text(
        "What it is: ledger_key, pseudonym_key, erase_leftover, or ended_session: and a hash.", primary_key=True
    )
    value: str = text(
        "The key (hexadecimal), the file that the next `btl erase` deletes (JSON), or when the session ended."
    )


class SuppressionRow(SQLModel, table=True):
    __tablename__ = "suppressions"
    __table_args__ = options("Something that this archive withholds, by keyed hashes: no part of what is published.")

    id: int | None = id_column("Number of the suppression.")
    subject: str = text("comment, commenter, thread or article.")
    number: int | None = integer("The subject's id, where it was in the archive.")
    keys: str = text("HMAC-SHA256 of what tells the subject wherever it comes from (JSON list).")
    reason: str = text("Why, as a code.")
    note: str | None = text("Why, in words.")
    run_id: int = reference("runs.id", "The run that withheld it.")
    created_at: str = text("When (UTC).")
    lifted_at: str | None = text("When it was restored (UTC); empty while it holds.")
    erased_at: str | None = text("When the text itself was destroyed (UTC), where it was.")


class WithheldRow(SQLModel, table=True):
    __tablename__ = "withheld"
    __table_args__ = options(
        "What was taken out of a row so that nobody reads it, to be put back: no part of what is published.",
        UniqueConstraint("name", "row_id"),
        Index("withheld_comment_id", "comment_id", sqlite_where=sql("comment_id is not null")),
    )

    id: int | None = id_column("Number of the row.")
    name: str = text("The table that it was taken from.")
    row_id: int = integer("The id of the row there.")
    comment_id: int | None = reference("comments.id", "The comment that it belongs to, where it does.")
    held: str = text("What its columns held (JSON).")


class ImportChangeRow(SQLModel, table=True):
    __tablename__ = "import_changes"
    __table_args__ = options(
        "What an import added or changed, so that it can be taken back: no part of what is published.",
        Index("import_changes_run_id", "run_id"),
    )

    id: int | None = id_column("Number of the row.")
    run_id: int = reference("runs.id", "The import.")
    name: str = text("The table that it added rows to, or changed a row of.")
    row_id: int = integer("The id of the row there, or of the first of the rows.")
    number: int | None = integer("How many rows were added; empty where a row was changed.")
    before: str | None = text("What the columns that were changed held before (JSON), but for texts.")


class WatchRow(SQLModel, table=True):
    __tablename__ = "watches"
    __table_args__ = options("A search or flag that somebody follows: no part of what is published.")

    name: str = text("What it is called.", primary_key=True)
    search: str = text("The search, as in the address of its page.")
    created_at: str = text("Since when (UTC).")
    checked_at: str | None = text("When it was last looked at (UTC).")
    last_comment_id: int = integer("The newest comment that the last look reached.")
    last_flag_id: int = integer("The newest flag that the last look reached.")


class SearchChangeRow(SQLModel, table=True):
    __tablename__ = "search_changes"
    __table_args__ = options("A comment that changed, for the index beside the archive: no part of what is published.")

    id: int | None = id_column("Number of the change.")
    comment_id: int = integer("The comment, which may be gone.")
    token: int = integer("A number by chance, as no other archive has it here.", server_default="(random())")
