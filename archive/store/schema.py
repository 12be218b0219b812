"""The archive's tables: the one description of the schema. Statements go through SQLAlchemy Core, not through objects.

Times are ISO-8601 text in UTC that ends in `Z`; booleans are 0 or 1; hashes are SHA-256 in hexadecimal.

PostgreSQL is told what SQLite does anyway: 64 bits a number, and texts in the order of their bytes, whatever language
its database sorts by. Indexes that are partial by `sqlite_where` are so there too, see dialects/postgresql_schema.py.
"""

from typing import Any

from sqlalchemy import REAL, BigInteger, CheckConstraint, Double, Index, Integer, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

# In the words of an index: the codes content.*, and these with context.*.
CLAIMS_OF_TEXT = "code >= 'content.' and code < 'content/'"
MATCHED_IN_TEXT = "code >= 'content.' and code < 'context/'"

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
INTEGER = Integer().with_variant(BigInteger(), "postgresql")
NUMBER: TypeEngine[float] = REAL().with_variant(Double(), "postgresql")


def _column(kind: Any, about: str, server_default: str | None = None, **options: Any) -> Any:
    more = {} if server_default is None else {"server_default": sql(server_default)}
    return Field(sa_type=kind, sa_column_kwargs={"comment": about, **more}, **options)


def _text(about: str, **options: Any) -> Any:
    return _column(TEXT, about, **options)


def _integer(about: str, **options: Any) -> Any:
    return _column(INTEGER, about, **options)


def _id(about: str) -> Any:
    return _integer(about, default=None, primary_key=True)


def _reference(column: str, about: str, **options: Any) -> Any:
    return _integer(about, foreign_key=column, **options)


def _table(about: str, *constraints: CheckConstraint | Index | UniqueConstraint) -> Any:
    return (*constraints, {"sqlite_strict": True, "comment": about})


def _one_subject() -> CheckConstraint:
    """Return the check that a row speaks of one comment, one thread or one article."""
    return CheckConstraint(
        "case when comment_id is null then 0 else 1 end + case when thread_id is null then 0 else 1 end"
        " + case when article_id is null then 0 else 1 end = 1",
        name="one_subject",
    )


def _partial(name: str, *columns: str) -> Index:
    """Return an index of the rows that have something in its last column."""
    condition = sql(f"{columns[-1]} is not null")
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class RunRow(SQLModel, table=True):
    __tablename__ = "runs"
    __table_args__ = _table("One crawl, import, flagging or publication.")

    id: int | None = _id("Number of the run.")
    kind: str = _text(
        "What was run: import, crawl, names, replay, flag, review, withhold, restore, erase, copies or publish."
    )
    started_at: str = _text("When it began (UTC).")
    finished_at: str | None = _text("When it ended (UTC); empty while it runs, or where it was killed.")
    outcome: str | None = _text(
        "done, failed (something broke, or nothing could be read), interrupted, undone; empty while it runs."
    )
    software_version: str = _text("Version of belowtheline that ran.")
    settings: str = _text("What it was asked to do (JSON).")
    counts: str | None = _text("What it did, in numbers (JSON).")


class OutletRow(SQLModel, table=True):
    __tablename__ = "outlets"
    __table_args__ = _table("A site that publishes articles.")

    id: int | None = _id("Number of the outlet.")
    domain: str = _text("Host name of the site, without www.", unique=True)
    name: str | None = _text("What the outlet calls itself, where a source stated it.")


class CaptureRow(SQLModel, table=True):
    __tablename__ = "captures"
    __table_args__ = _table(
        "The bytes that something was read from.",
        Index("captures_sha256", "sha256"),
        Index("captures_url", "url", sqlite_where=sql("url is not null")),
        Index("captures_page_of", "page_of", sqlite_where=sql("page_of is not null")),
    )

    id: int | None = _id("Number of the capture.")
    run_id: int = _reference("runs.id", "The run that read it.")
    url: str | None = _text("Address that the bytes were fetched from, where known.")
    fetched_at: str | None = _text("When they were fetched (UTC), where known.")
    http_status: int | None = _integer("HTTP status of the answer, where known.")
    media_type: str | None = _text("Media type of the bytes.")
    sha256: str = _text("SHA-256 of exactly these bytes, after decompression.")
    warc_file: str | None = _text("WARC file or imported file that holds them.")
    warc_offset: int | None = _integer("Where they begin in that file (bytes; after decompression for imported files).")
    warc_length: int | None = _integer("How many bytes they are.")
    line: int | None = _integer("Line of the imported file, from 1, where the file has one document a line.")
    metadata_json: str | None = _text("What else the source said of the document (JSON).")
    furniture: str | None = _text("Lines of the document that are neither article nor comment, one a line.")
    page_of: int | None = _reference(
        "captures.id", "Where these bytes are a further page of a visit: the article's own capture of that visit."
    )
    payload_digest: str | None = _text("WARC-Payload-Digest of the record: of the bytes before decoding.")
    request_sha256: str | None = _text("SHA-256 of what was posted to get them; empty for GET.")
    redacted_at: str | None = _text("When its bytes were taken out of the file (UTC); its digests are kept.")


class ArticleRow(SQLModel, table=True):
    __tablename__ = "articles"
    __table_args__ = _table(
        "An article, as last read.",
        Index("articles_outlet_id", "outlet_id"),
        Index("articles_published_at", "published_at"),
    )

    id: int | None = _id("Number of the article.")
    outlet_id: int | None = _reference("outlets.id", "Who published it; empty where the document does not say.")
    url: str = _text("Canonical address; urn:sha256:... of its text where the document has none.", unique=True)
    title: str | None = _text("Headline.")
    byline: str | None = _text("Who wrote it, as the page says.")
    published_at: str | None = _text("When it was published (UTC).")
    published_at_text: str | None = _text("The date as the source wrote it.")
    published_precision: str | None = _text("How exact published_at is: second, minute, hour, day, month or year.")
    language: str | None = _text("Language of the article (BCP 47), where stated.")
    section: str | None = _text("Section of the outlet.")
    body: str = _text("Text of the article, paragraphs apart by blank lines.")
    body_sha256: str = _text("SHA-256 of title, line feed and body.")
    revision: int = _integer("How many earlier texts article_revisions holds.")
    capture_id: int | None = _reference("captures.id", "The first capture with this text.")
    first_seen_at: str = _text("First time that it was seen (UTC).")
    last_seen_at: str = _text("Last time that it was seen (UTC).")
    withheld: str | None = _text("Why this archive withholds it (a code); its text is blank. Empty where it does not.")


class ArticleRevisionRow(SQLModel, table=True):
    __tablename__ = "article_revisions"
    __table_args__ = _table("A text that an article used to have.", UniqueConstraint("article_id", "revision"))

    id: int | None = _id("Number of the row.")
    article_id: int = _reference("articles.id", "The article.")
    revision: int = _integer("Which of its texts, from 0.")
    title: str | None = _text("Headline at that time.")
    body: str = _text("Text at that time.")
    body_sha256: str = _text("SHA-256 of title, line feed and body.")
    capture_id: int | None = _reference("captures.id", "The first capture with that text.")
    seen_from: str = _text("First time that this text was seen (UTC).")
    seen_until: str = _text("Last time that this text was seen (UTC).")


class DatasetRow(SQLModel, table=True):
    __tablename__ = "datasets"
    __table_args__ = _table("A corpus or export that threads and labels were taken from.")

    id: int | None = _id("Number of the dataset.")
    name: str = _text("What it is called.", unique=True)
    version: str | None = _text("Which version of it, where stated.")
    licence: str | None = _text("Its licence, as an SPDX identifier where there is one.")
    citation: str | None = _text("How its makers want it cited.")
    url: str | None = _text("Where it is published.")
    is_shareable: bool = _integer("0 where it is given on request only, and not published again; else 1.")


class ThreadRow(SQLModel, table=True):
    __tablename__ = "threads"
    __table_args__ = _table(
        "A comment section.",
        UniqueConstraint("platform", "native_id"),
        Index("threads_article_id", "article_id"),
        Index("threads_last_seen_at", "last_seen_at"),
        Index("threads_comment_count", "comment_count"),
        Index("threads_flag_count", "flag_count"),
    )

    id: int | None = _id("Number of the thread: /thread/ID on the site.")
    article_id: int = _reference("articles.id", "The article that it stands under.")
    platform: str = _text("Comment system, or the format that it was imported from.")
    native_id: str = _text("The platform's own id; the article's url where the source has none.")
    url: str | None = _text("Address of the thread itself, where it has one.")
    stated_count: int | None = _integer("How many comments the source says there are.")
    stated_kind: str = _text(
        "What stated_count counts: all, roots (those at the top alone) or approximate.", server_default="'all'"
    )
    completeness: str = _text("full, partial or unknown: whether the last capture held the whole thread.")
    closed: bool | None = _integer("1 where the source says that comments are closed, 0 where it says open.")
    comment_count: int = _integer("Comments stored here.")
    flag_count: int = _integer("Flags on its comments and on itself that are not withdrawn.")
    capture_id: int | None = _reference("captures.id", "What it was last read from.")
    first_seen_at: str = _text("First time that it was seen (UTC).")
    last_seen_at: str = _text("Last time that it was seen (UTC).")
    withheld: str | None = _text("Why this archive withholds all of it (a code). Empty where it does not.")
    dataset_id: int | None = _reference("datasets.id", "The corpus or export that it was taken from, where it was.")


class VisitRow(SQLModel, table=True):
    __tablename__ = "visits"
    __table_args__ = _table(
        "One look at a comment section, whether it changed or not.",
        Index("visits_thread_id", "thread_id", "seen_at"),
        Index("visits_capture_id", "capture_id", sqlite_where=sql("capture_id is not null")),
    )

    id: int | None = _id("Number of the visit.")
    thread_id: int = _reference("threads.id", "The thread.")
    run_id: int = _reference("runs.id", "The run that looked.")
    capture_id: int | None = _reference("captures.id", "The article's page, as it was then; empty where none came.")
    seen_at: str = _text("When (UTC).")
    outcome: str = _text("new, changed, unchanged, late (older than one before it) or failed.")
    completeness: str | None = _text("full, partial or unknown: whether the visit held the whole thread.")
    stated_count: int | None = _integer("How many comments the source said there were.")
    comment_count: int | None = _integer("How many comments the visit saw.")
    reason: str | None = _text("Why it failed, or why less than the whole thread was seen.")


class FrontierRow(SQLModel, table=True):
    __tablename__ = "frontier"
    __table_args__ = _table(
        "A page to visit again: the crawler's own list, no part of what is published.",
        _partial("frontier_next_at", "next_at"),
        _partial("frontier_host", "host", "next_at"),
        _partial("frontier_owner", "owner"),
    )

    id: int | None = _id("Number of the entry.")
    url: str = _text("Address to visit.", unique=True)
    host: str = _text("Host and port that are asked, one request at a time.")
    outlet: str = _text("Home of the outlet that it was found for.")
    kind: str = _text("article, feed, sitemap or front.")
    added_at: str = _text("When it was found (UTC).")
    published_at: str | None = _text("When the article was published (UTC), where its feed or sitemap says so.")
    next_at: str | None = _text("When it is due (UTC); empty where it is done with.")
    interval_s: int = _integer("Seconds between the last visit and the next.")
    lease_until: str | None = _text("Until when a crawl has it in hand (UTC): after that it is anybody's.")
    visited_at: str | None = _text("When it was last answered (UTC).")
    etag: str | None = _text("ETag of the last answer.")
    last_modified: str | None = _text("Last-Modified of the last answer.")
    content_sha256: str | None = _text("SHA-256 of the last answer's body.")
    capture_id: int | None = _reference("captures.id", "The last answer, for when the server says that it stands.")
    comment_count: int | None = _integer("Comments that a feed last announced, a reason to come early.")
    failures: int = _integer("Visits that failed, one after the other.")
    last_error: str | None = _text("Why the last visit failed.")
    failing_since: str | None = _text("When the first of the visits that failed one after the other was made (UTC).")
    owner: str | None = _text("The worker that has it in hand.")


class HostRow(SQLModel, table=True):
    __tablename__ = "hosts"
    __table_args__ = _table(
        "A host that crawls ask, one worker at a time: no part of what is published.",
        _partial("hosts_next_at", "next_at"),
        _partial("hosts_owner", "owner"),
    )

    host: str = _text("Host and port.", primary_key=True)
    next_at: str | None = _text("When the next of its pages is due (UTC); empty where none waits for a visit.")
    not_before: str | None = _text("When it may be asked again (UTC, to the millisecond): its pace, or Retry-After.")
    lease_until: str | None = _text("Until when one worker alone may ask it (UTC, to the millisecond).")
    owner: str | None = _text("The worker that may ask it.")
    wanted_until: str | None = _text("Until when another worker waits for it (UTC, to the millisecond).")
    crawl_delay_s: float | None = _column(NUMBER, "Seconds between two requests, where its robots.txt asks for that.")
    robots_txt: str | None = _text("Its robots.txt; empty text where it has none.")
    robots_at: str | None = _text("When its robots.txt was read (UTC, to the millisecond).")


class PausedOutletRow(SQLModel, table=True):
    __tablename__ = "paused_outlets"
    __table_args__ = _table("An outlet that no crawl visits for now, or any more: no part of what is published.")

    home: str = _text("Home of the outlet, as in the frontier.", primary_key=True)
    is_stopped: int = _integer("1 where it was stopped, 0 where it was paused.")
    since: str = _text("Since when (UTC).")
    until: str | None = _text("When it is visited again (UTC); empty until somebody resumes it.")
    note: str | None = _text("Why, in words.")


class CommenterRow(SQLModel, table=True):
    __tablename__ = "commenters"
    __table_args__ = _table(
        "A name or account that comments; a name is not a person.",
        Index(
            "commenters_identity",
            "platform",
            sql("coalesce(outlet_id, 0)"),
            sql("coalesce(native_id, '')"),
            sql("(case when native_id is null then name else '' end)"),
            unique=True,
        ),
        Index("commenters_name", "name"),
    )

    id: int | None = _id("Number of the commenter.")
    platform: str = _text("Comment system, or the format that the name was imported from.")
    outlet_id: int | None = _reference("outlets.id", "Where it comments; empty where the document does not say.")
    native_id: str | None = _text("The platform's id of the account, where stated.")
    name: str | None = _text("Name as last shown.")
    is_guest: bool | None = _integer("1 for a guest, 0 for an account, empty where unknown.")
    is_staff: bool | None = _integer("1 for the outlet's staff, 0 for readers, empty where unknown.")


class CommentRow(SQLModel, table=True):
    __tablename__ = "comments"
    __table_args__ = _table(
        "A comment, as last seen.",
        UniqueConstraint("thread_id", "identity"),
        Index("comments_thread_id_position", "thread_id", "position"),
        Index("comments_parent_id", "parent_id"),
        Index("comments_commenter_id", "commenter_id"),
        Index("comments_posted_at", "posted_at"),
        Index("comments_gone", "state", sqlite_where=sql("state <> 'visible'")),
    )

    id: int | None = _id("Number of the comment: /comment/ID on the site.")
    thread_id: int = _reference("threads.id", "The thread.")
    parent_id: int | None = _reference("comments.id", "The comment that it answers; empty at top level.")
    native_id: str | None = _text("The platform's own id.")
    parent_native_id: str | None = _text("The parent as the source gave it.")
    identity: str = _text("What tells it from the others of its thread: id:... or fp:... of author, text and place.")
    commenter_id: int | None = _reference("commenters.id", "Who wrote it; empty where the source does not say.")
    position: int = _integer("Place in the thread in document order, from 0.")
    depth: int = _integer("Nesting, 0 at top level.")
    posted_at: str | None = _text("When it was posted (UTC), as far as known.")
    posted_at_text: str | None = _text("The time as the source wrote it.")
    posted_precision: str | None = _text("How exact posted_at is: second, minute, hour, day, month or year.")
    parent_source: str | None = _text(
        "Where the parent was read: api, dom, indent, feed or export; unknown where the source cannot show it."
    )
    body: str = _text("The text, exactly as read: evidence, whatever it says.")
    body_sha256: str = _text("SHA-256 of body in UTF-8.")
    revision: int = _integer("How many earlier texts comment_revisions holds.")
    state: str = _text(
        "visible, removed, author_deleted, withheld (the site holds it back; what this archive withholds says the "
        "column withheld), or missing (gone, and no notice stands in its place)."
    )
    likes: int | None = _integer("Votes for it, where shown.")
    dislikes: int | None = _integer("Votes against it, where shown.")
    url: str | None = _text("Address of the comment at its source, where stated.")
    capture_id: int | None = _reference("captures.id", "The first capture with this text.")
    first_seen_at: str = _text("First time that it was seen (UTC).")
    last_seen_at: str = _text("Last time that it was seen (UTC).")
    codes: str | None = _text("Codes of its flags that stand, in order (JSON list); empty where there are none.")
    withheld: str | None = _text("Why this archive withholds it (a code); its text is blank. Empty where it does not.")
    capture_position: int | None = _integer(
        "Which comment of that capture had this text, from 0; empty in archives of version 0.1.0."
    )
    title: str | None = _text("Heading of the comment, where the source has one.")
    edited_at: str | None = _text("When the source says that its author last changed it (UTC), as far as known.")
    edited_at_text: str | None = _text("That time as the source wrote it.")
    edited_precision: str | None = _text("How exact edited_at is: second, minute, hour, day, month or year.")


class ReactionRow(SQLModel, table=True):
    __tablename__ = "reactions"
    __table_args__ = _table(
        "How often readers reacted to a comment in a way that is no vote for or against it, as last seen.",
        UniqueConstraint("comment_id", "kind"),
    )

    id: int | None = _id("Number of the row.")
    comment_id: int = _reference("comments.id", "The comment.")
    kind: str = _text("The source's own name for it; score is votes for less votes against.")
    count: int = _integer("How often, as last seen.")
    seen_at: str = _text("When it was last seen (UTC).")


class ReportRow(SQLModel, table=True):
    __tablename__ = "reports"
    __table_args__ = _table(
        "How often readers, or programs, reported a comment to its moderators, as last seen.",
        UniqueConstraint("comment_id", "kind"),
    )

    id: int | None = _id("Number of the row.")
    comment_id: int = _reference("comments.id", "The comment.")
    kind: str = _text("The source's own name for the reason.")
    count: int = _integer("How often, as last seen.")
    seen_at: str = _text("When it was last seen (UTC).")


class DecisionRow(SQLModel, table=True):
    __tablename__ = "decisions"
    __table_args__ = _table(
        "What the moderation of its source decided about a comment, one after the other.",
        CheckConstraint("decider is null or decider in ('moderator', 'system', 'author')", name="known_decider"),
        Index("decisions_comment_id", "comment_id"),
        Index("decisions_status", "status"),
    )

    id: int | None = _id("Number of the decision.")
    comment_id: int = _reference("comments.id", "The comment.")
    status: str = _text("What was decided, by the source's own name.")
    state: str | None = _text("State that it gave the comment: visible, removed, author_deleted or withheld.")
    decided_at: str | None = _text("When (UTC), where stated.")
    decider: str | None = _text("Who decided: moderator, system or author; empty where the source does not say.")
    reason: str | None = _text("Why, by the source's own name for it.")
    explanation: str | None = _text("Why, in the words of who decided.")
    seen_at: str = _text("When the source was first seen to say so (UTC).")


class CommentRevisionRow(SQLModel, table=True):
    __tablename__ = "comment_revisions"
    __table_args__ = _table("A text that a comment used to have.", UniqueConstraint("comment_id", "revision"))

    id: int | None = _id("Number of the row.")
    comment_id: int = _reference("comments.id", "The comment.")
    revision: int = _integer(
        "Which of its texts: from 0 those that visits saw, below 0 those that only the source itself has on record."
    )
    body: str = _text("Text at that time.")
    body_sha256: str = _text("SHA-256 of body in UTF-8.")
    capture_id: int | None = _reference("captures.id", "The first capture with that text.")
    seen_from: str = _text("First time that this text was seen (UTC).")
    seen_until: str = _text("Last time that this text was seen (UTC).")
    capture_position: int | None = _integer(
        "Which comment of that capture had this text, from 0; empty in archives of version 0.1.0."
    )
    written_at: str | None = _text("When it was written (UTC), where the source itself has it on record.")


class LabelRow(SQLModel, table=True):
    __tablename__ = "labels"
    __table_args__ = _table(
        "What the people or programs of a dataset said of a comment, a thread or an article: a finding, and no flag.",
        _one_subject(),
        Index("labels_comment_id", "comment_id"),
        _partial("labels_thread_id", "thread_id"),
        _partial("labels_article_id", "article_id"),
        Index("labels_name", "dataset_id", "name", "number"),
    )

    id: int | None = _id("Number of the label.")
    comment_id: int | None = _reference("comments.id", "The comment that it speaks of, or empty.")
    thread_id: int | None = _reference("threads.id", "The thread that it speaks of, or empty.")
    article_id: int | None = _reference("articles.id", "The article that it speaks of, or empty.")
    dataset_id: int = _reference("datasets.id", "The dataset that has it.")
    name: str = _text("What was asked, as the dataset names it.")
    value: str = _text("What was said, as it stands there.")
    number: float | None = _column(NUMBER, "The value as a number, where it is one; shares lie between 0 and 1.")
    raters: int | None = _integer("How many were asked, where the dataset says so.")


class EventRow(SQLModel, table=True):
    __tablename__ = "events"
    __table_args__ = _table(
        "What one visit found changed.",
        Index("events_thread_id", "thread_id"),
        Index("events_comment_id", "comment_id"),
        Index("events_kind_seen_at", "kind", "seen_at"),
    )

    id: int | None = _id("Number of the event.")
    run_id: int = _reference("runs.id", "The run that saw it.")
    thread_id: int = _reference("threads.id", "The thread.")
    comment_id: int | None = _reference("comments.id", "The comment.")
    kind: str = _text("added, edited, removed, restored, moved, renamed or votes.")
    before: str | None = _text("What it was: text, state, parent, name or votes.")
    after: str | None = _text("What it is now.")
    seen_at: str = _text("When it was seen (UTC): it happened before that and after the visit before.")
    confidence: str = _text("high, medium or low: how sure the kind is.")


class FlagCodeRow(SQLModel, table=True):
    __tablename__ = "flag_codes"
    __table_args__ = _table("What a flag means.")

    code: str = _text("Name of the code, as namespace.name.", primary_key=True)
    title: str = _text("Short name for people.")
    definition: str = _text("What it claims, and what it does not.")
    namespace: str = _text("Who claims it: platform, crawl, capture, content, context, review or archive.")
    level: str = _text("What it can stand on: c comment, t thread, a article, u author.")
    severity: int = _integer("0 info, 1 low, 2 medium, 3 high, 4 critical.")
    blur: bool = _integer("1 where the site folds the text.")
    public: bool = _integer("1 where public copies show it.")
    mappings: str = _text("What other vocabularies call it (JSON list of vocabulary:name).", server_default="'[]'")


class FlagRuleRow(SQLModel, table=True):
    __tablename__ = "flag_rules"
    __table_args__ = _table("A rule that flags are raised by, as the last version of its detector has it.")

    rule: str = _text("Its id, as in flags.", primary_key=True)
    code: str = _text("What it claims.", foreign_key="flag_codes.code")
    language: str | None = _text("Language that it reads (BCP 47); empty where it reads all.")
    pattern: str = _text("What it looks for, in the words of its file.")
    note: str = _text("What it is for.")


class DetectorRow(SQLModel, table=True):
    __tablename__ = "detectors"
    __table_args__ = _table(
        "What raised flags.",
        Index("detectors_identity", "name", "version", sql("coalesce(lexicon_sha256, '')"), unique=True),
    )

    id: int | None = _id("Number of the detector.")
    name: str = _text("Importer, platform, crawl or rule set.")
    version: str = _text("Its version.")
    lexicon_sha256: str | None = _text("SHA-256 of its lexicon, where it has one.")


class FlagRow(SQLModel, table=True):
    __tablename__ = "flags"
    __table_args__ = _table(
        "One flag on one comment, thread or article.",
        _one_subject(),
        Index("flags_comment_id", "comment_id", sqlite_where=sql("comment_id is not null")),
        Index("flags_thread_id", "thread_id", sqlite_where=sql("thread_id is not null")),
        Index("flags_article_id", "article_id", sqlite_where=sql("article_id is not null")),
        Index("flags_code", "code", "comment_id"),
        Index(
            "flags_found",
            "comment_id",
            "revision",
            "code",
            "detector_id",
            "rule",
            sql("coalesce(target, '')"),
            unique=True,
            sqlite_where=sql(f"{MATCHED_IN_TEXT} and withdrawn_at is null"),
        ),
        Index(
            "flags_queue",
            sql("severity desc"),
            sql("priority desc"),
            "id",
            sqlite_where=sql(f"status = 'unreviewed' and {CLAIMS_OF_TEXT} and withdrawn_at is null"),
        ),
        Index("flags_corrects", "corrects", sqlite_where=sql("corrects is not null")),
    )

    id: int | None = _id("Number of the flag.")
    code: str = _text("What it claims.", foreign_key="flag_codes.code")
    comment_id: int | None = _reference("comments.id", "The comment that it stands on, or empty.")
    thread_id: int | None = _reference("threads.id", "The thread that it stands on, or empty.")
    article_id: int | None = _reference("articles.id", "The article that it stands on, or empty.")
    revision: int = _integer("Which text of the subject it speaks of.")
    detector_id: int = _reference("detectors.id", "What raised it.")
    rule: str = _text("The rule that it was raised by.")
    evidence: str | None = _text("What was seen, where it is not a place in the text.")
    target: str | None = _text("Group that is meant, for content codes.")
    score: float | None = _column(NUMBER, "How sure the detector is, 0 to 1, where it says.")
    created_at: str = _text("When it was raised (UTC).")
    withdrawn_at: str | None = _text("When it was withdrawn (UTC): flags are never deleted.")
    run_id: int | None = _reference("runs.id", "The run that raised it, where a run did.")
    severity: int = _integer("Of its code: 0 info to 4 critical.", server_default="0")
    status: str = _text(
        "unreviewed, confirmed, dismissed, corrected, or disputed (reviewers differ).", server_default="'unreviewed'"
    )
    priority: float | None = _column(NUMBER, "Place in the review queue, the highest first, where a model orders it.")
    corrects: int | None = _reference("flags.id", "The flag that reviewers corrected to this one.")


class FlagSpanRow(SQLModel, table=True):
    __tablename__ = "flag_spans"
    __table_args__ = _table("Where in the text a flag matched.", Index("flag_spans_flag_id", "flag_id"))

    id: int | None = _id("Number of the row.")
    flag_id: int = _reference("flags.id", "The flag.")
    start: int = _integer("First code point of the body, from 0.")
    end: int = _integer("Code point after the last.")
    exact: str = _text("The words between them.")


class ReviewRow(SQLModel, table=True):
    __tablename__ = "reviews"
    __table_args__ = _table(
        "One person's verdict on a flag. Their latest one that they did not take back counts; none is deleted.",
        CheckConstraint("verdict in ('confirmed', 'dismissed', 'corrected')", name="known_verdict"),
        CheckConstraint("(verdict = 'corrected') = (corrected_code is not null)", name="a_correction_has_a_code"),
        Index("reviews_flag_id", "flag_id", "reviewer"),
        Index("reviews_reviewed_at", "reviewed_at"),
    )

    id: int | None = _id("Number of the review.")
    flag_id: int = _reference("flags.id", "The flag.")
    reviewer: str = _text("Who judged: the name that they sign in with. Not published.")
    verdict: str = _text("confirmed, dismissed or corrected.")
    corrected_code: str | None = _text("What it should have been, where corrected.", foreign_key="flag_codes.code")
    corrected_start: int | None = _integer("Where it should have begun (code points), where the span was corrected.")
    corrected_end: int | None = _integer("Where it should have ended (code points), where the span was corrected.")
    note: str | None = _text("Why, in the reviewer's words.")
    reviewed_at: str = _text("When (UTC).")
    retracted_at: str | None = _text("When the reviewer took the verdict back (UTC): it counts no more.")


class SettingRow(SQLModel, table=True):
    __tablename__ = "settings"
    __table_args__ = _table("Keys of this archive: no part of what is published.")

    name: str = _text(
        "What it is: ledger_key, pseudonym_key, erase_leftover, or ended_session: and a hash.", primary_key=True
    )
    value: str = _text(
        "The key (hexadecimal), the file that the next `btl erase` deletes (JSON), or when the session ended."
    )


class SuppressionRow(SQLModel, table=True):
    __tablename__ = "suppressions"
    __table_args__ = _table("Something that this archive withholds, by keyed hashes: no part of what is published.")

    id: int | None = _id("Number of the suppression.")
    subject: str = _text("comment, commenter, thread or article.")
    number: int | None = _integer("The subject's id, where it was in the archive.")
    keys: str = _text("HMAC-SHA256 of what tells the subject wherever it comes from (JSON list).")
    reason: str = _text("Why, as a code.")
    note: str | None = _text("Why, in words.")
    run_id: int = _reference("runs.id", "The run that withheld it.")
    created_at: str = _text("When (UTC).")
    lifted_at: str | None = _text("When it was restored (UTC); empty while it holds.")
    erased_at: str | None = _text("When the text itself was destroyed (UTC), where it was.")


class WithheldRow(SQLModel, table=True):
    __tablename__ = "withheld"
    __table_args__ = _table(
        "What was taken out of a row so that nobody reads it, to be put back: no part of what is published.",
        UniqueConstraint("name", "row_id"),
        Index("withheld_comment_id", "comment_id", sqlite_where=sql("comment_id is not null")),
    )

    id: int | None = _id("Number of the row.")
    name: str = _text("The table that it was taken from.")
    row_id: int = _integer("The id of the row there.")
    comment_id: int | None = _reference("comments.id", "The comment that it belongs to, where it does.")
    held: str = _text("What its columns held (JSON).")


class ImportChangeRow(SQLModel, table=True):
    __tablename__ = "import_changes"
    __table_args__ = _table(
        "What an import added or changed, so that it can be taken back: no part of what is published.",
        Index("import_changes_run_id", "run_id"),
    )

    id: int | None = _id("Number of the row.")
    run_id: int = _reference("runs.id", "The import.")
    name: str = _text("The table that it added rows to, or changed a row of.")
    row_id: int = _integer("The id of the row there, or of the first of the rows.")
    number: int | None = _integer("How many rows were added; empty where a row was changed.")
    before: str | None = _text("What the columns that were changed held before (JSON), but for texts.")


class TextCopyRow(SQLModel, table=True):
    __tablename__ = "text_copies"
    __table_args__ = _table(
        "Comments with the same text, or nearly, as of the last `btl copies` or publication.",
        Index("text_copies_group_id", "group_id"),
    )

    comment_id: int = _reference("comments.id", "The comment.", primary_key=True)
    group_id: int = _reference("comments.id", "The first comment with this text: the same for all that have it.")
    similarity: float = _column(
        NUMBER,
        "Share of their three-word sequences that the first text and this one have in common; 1 for equal words.",
    )


class WatchRow(SQLModel, table=True):
    __tablename__ = "watches"
    __table_args__ = _table("A search or flag that somebody follows: no part of what is published.")

    name: str = _text("What it is called.", primary_key=True)
    search: str = _text("The search, as in the address of its page.")
    created_at: str = _text("Since when (UTC).")
    checked_at: str | None = _text("When it was last looked at (UTC).")
    last_comment_id: int = _integer("The newest comment that the last look reached.")
    last_flag_id: int = _integer("The newest flag that the last look reached.")


class SearchChangeRow(SQLModel, table=True):
    __tablename__ = "search_changes"
    __table_args__ = _table("A comment that changed, for the index beside the archive: no part of what is published.")

    id: int | None = _id("Number of the change.")
    comment_id: int = _integer("The comment, which may be gone.")
    token: int = _integer("A number by chance, as no other archive has it here.", server_default="(random())")


class TotalRow(SQLModel, table=True):
    __tablename__ = "totals"
    __table_args__ = _table("Numbers that the site opens with, kept current by every save.")

    name: str = _text(
        "comments, threads, articles, outlets, commenters, flags:CODE or rules:RULE (flags that stand).",
        primary_key=True,
    )
    value: int = _integer("How many.")


TABLES = {table.name: table for table in SQLModel.metadata.sorted_tables}
