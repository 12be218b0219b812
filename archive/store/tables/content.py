"""What was read: runs, captures, articles, threads, comments, and what sources and datasets say of them."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from archive.store.tables.columns import (
    NUMBER,
    column,
    id_column,
    integer,
    one_subject,
    options,
    partial_index,
    reference,
    text,
)


class RunRow(SQLModel, table=True):
    __tablename__ = "runs"
    __table_args__ = options("One crawl, import, flagging or publication.")

    id: int | None = id_column("Number of the run.")
    kind: str = text(
        "What was run: import, crawl, names, replay, flag, review, withhold, restore, erase, copies or publish."
    )
    started_at: str = text("When it began (UTC).")
    finished_at: str | None = text("When it ended (UTC); empty while it runs, or where it was killed.")
    outcome: str | None = text(
        "done, failed (something broke, or nothing could be read), interrupted, undone; empty while it runs."
    )
    software_version: str = text("Version of belowtheline that ran.")
    settings: str = text("What it was asked to do (JSON).")
    counts: str | None = text("What it did, in numbers (JSON).")


class OutletRow(SQLModel, table=True):
    __tablename__ = "outlets"
    __table_args__ = options("A site that publishes articles.")

    id: int | None = id_column("Number of the outlet.")
    domain: str = text("Host name of the site, without www.", unique=True)
    name: str | None = text("What the outlet calls itself, where a source stated it.")


class CaptureRow(SQLModel, table=True):
    __tablename__ = "captures"
    __table_args__ = options(
        "The bytes that something was read from.",
        Index("captures_sha256", "sha256"),
        Index("captures_url", "url", sqlite_where=sql("url is not null")),
        Index("captures_page_of", "page_of", sqlite_where=sql("page_of is not null")),
    )

    id: int | None = id_column("Number of the capture.")
    run_id: int = reference("runs.id", "The run that read it.")
    url: str | None = text("Address that the bytes were fetched from, where known.")
    fetched_at: str | None = text("When they were fetched (UTC), where known.")
    http_status: int | None = integer("HTTP status of the answer, where known.")
    media_type: str | None = text("Media type of the bytes.")
    sha256: str = text("SHA-256 of exactly these bytes, after decompression.")
    warc_file: str | None = text("WARC file or imported file that holds them.")
    warc_offset: int | None = integer("Where they begin in that file (bytes; after decompression for imported files).")
    warc_length: int | None = integer("How many bytes they are.")
    line: int | None = integer("Line of the imported file, from 1, where the file has one document a line.")
    metadata_json: str | None = text("What else the source said of the document (JSON).")
    furniture: str | None = text("Lines of the document that are neither article nor comment, one a line.")
    page_of: int | None = reference(
        "captures.id", "Where these bytes are a further page of a visit: the article's own capture of that visit."
    )
    payload_digest: str | None = text("WARC-Payload-Digest of the record: of the bytes before decoding.")
    request_sha256: str | None = text("SHA-256 of what was posted to get them; empty for GET.")
    redacted_at: str | None = text("When its bytes were taken out of the file (UTC); its digests are kept.")


class ArticleRow(SQLModel, table=True):
    __tablename__ = "articles"
    __table_args__ = options(
        "An article, as last read.",
        Index("articles_outlet_id", "outlet_id"),
        Index("articles_published_at", "published_at"),
    )

    id: int | None = id_column("Number of the article.")
    outlet_id: int | None = reference("outlets.id", "Who published it; empty where the document does not say.")
    url: str = text("Canonical address; urn:sha256:... of its text where the document has none.", unique=True)
    title: str | None = text("Headline.")
    byline: str | None = text("Who wrote it, as the page says.")
    published_at: str | None = text("When it was published (UTC).")
    published_at_text: str | None = text("The date as the source wrote it.")
    published_precision: str | None = text("How exact published_at is: second, minute, hour, day, month or year.")
    language: str | None = text("Language of the article (BCP 47), where stated.")
    section: str | None = text("Section of the outlet.")
    body: str = text("Text of the article, paragraphs apart by blank lines.")
    body_sha256: str = text("SHA-256 of title, line feed and body.")
    revision: int = integer("How many earlier texts article_revisions holds.")
    capture_id: int | None = reference("captures.id", "The first capture with this text.")
    first_seen_at: str = text("First time that it was seen (UTC).")
    last_seen_at: str = text("Last time that it was seen (UTC).")
    withheld: str | None = text("Why this archive withholds it (a code); its text is blank. Empty where it does not.")


class ArticleRevisionRow(SQLModel, table=True):
    __tablename__ = "article_revisions"
    __table_args__ = options("A text that an article used to have.", UniqueConstraint("article_id", "revision"))

    id: int | None = id_column("Number of the row.")
    article_id: int = reference("articles.id", "The article.")
    revision: int = integer("Which of its texts, from 0.")
    title: str | None = text("Headline at that time.")
    body: str = text("Text at that time.")
    body_sha256: str = text("SHA-256 of title, line feed and body.")
    capture_id: int | None = reference("captures.id", "The first capture with that text.")
    seen_from: str = text("First time that this text was seen (UTC).")
    seen_until: str = text("Last time that this text was seen (UTC).")


class DatasetRow(SQLModel, table=True):
    __tablename__ = "datasets"
    __table_args__ = options("A corpus or export that threads and labels were taken from.")

    id: int | None = id_column("Number of the dataset.")
    name: str = text("What it is called.", unique=True)
    version: str | None = text("Which version of it, where stated.")
    licence: str | None = text("Its licence, as an SPDX identifier where there is one.")
    citation: str | None = text("How its makers want it cited.")
    url: str | None = text("Where it is published.")
    is_shareable: bool = integer("0 where it is given on request only, and not published again; else 1.")


class ThreadRow(SQLModel, table=True):
    __tablename__ = "threads"
    __table_args__ = options(
        "A comment section.",
        UniqueConstraint("platform", "native_id"),
        Index("threads_article_id", "article_id"),
        Index("threads_last_seen_at", "last_seen_at"),
        Index("threads_comment_count", "comment_count"),
        Index("threads_flag_count", "flag_count"),
    )

    id: int | None = id_column("Number of the thread: /thread/ID on the site.")
    article_id: int = reference("articles.id", "The article that it stands under.")
    platform: str = text("Comment system, or the format that it was imported from.")
    native_id: str = text("The platform's own id; the article's url where the source has none.")
    url: str | None = text("Address of the thread itself, where it has one.")
    stated_count: int | None = integer("How many comments the source says there are.")
    stated_kind: str = text(
        "What stated_count counts: all, roots (those at the top alone) or approximate.", server_default="'all'"
    )
    completeness: str = text("full, partial or unknown: whether the last capture held the whole thread.")
    closed: bool | None = integer("1 where the source says that comments are closed, 0 where it says open.")
    comment_count: int = integer("Comments stored here.")
    flag_count: int = integer("Flags on its comments and on itself that are not withdrawn.")
    capture_id: int | None = reference("captures.id", "What it was last read from.")
    first_seen_at: str = text("First time that it was seen (UTC).")
    last_seen_at: str = text("Last time that it was seen (UTC).")
    withheld: str | None = text("Why this archive withholds all of it (a code). Empty where it does not.")
    dataset_id: int | None = reference("datasets.id", "The corpus or export that it was taken from, where it was.")


class VisitRow(SQLModel, table=True):
    __tablename__ = "visits"
    __table_args__ = options(
        "One look at a comment section, whether it changed or not.",
        Index("visits_thread_id", "thread_id", "seen_at"),
        Index("visits_capture_id", "capture_id", sqlite_where=sql("capture_id is not null")),
    )

    id: int | None = id_column("Number of the visit.")
    thread_id: int = reference("threads.id", "The thread.")
    run_id: int = reference("runs.id", "The run that looked.")
    capture_id: int | None = reference("captures.id", "The article's page, as it was then; empty where none came.")
    seen_at: str = text("When (UTC).")
    outcome: str = text("new, changed, unchanged, late (older than one before it) or failed.")
    completeness: str | None = text("full, partial or unknown: whether the visit held the whole thread.")
    stated_count: int | None = integer("How many comments the source said there were.")
    comment_count: int | None = integer("How many comments the visit saw.")
    reason: str | None = text("Why it failed, or why less than the whole thread was seen.")


class CommenterRow(SQLModel, table=True):
    __tablename__ = "commenters"
    __table_args__ = options(
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

    id: int | None = id_column("Number of the commenter.")
    platform: str = text("Comment system, or the format that the name was imported from.")
    outlet_id: int | None = reference("outlets.id", "Where it comments; empty where the document does not say.")
    native_id: str | None = text("The platform's id of the account, where stated.")
    name: str | None = text("Name as last shown.")
    is_guest: bool | None = integer("1 for a guest, 0 for an account, empty where unknown.")
    is_staff: bool | None = integer("1 for the outlet's staff, 0 for readers, empty where unknown.")


class CommentRow(SQLModel, table=True):
    __tablename__ = "comments"
    __table_args__ = options(
        "A comment, as last seen.",
        UniqueConstraint("thread_id", "identity"),
        Index("comments_thread_id_position", "thread_id", "position"),
        Index("comments_parent_id", "parent_id"),
        Index("comments_commenter_id", "commenter_id"),
        Index("comments_posted_at", "posted_at"),
        Index("comments_gone", "state", sqlite_where=sql("state <> 'visible'")),
    )

    id: int | None = id_column("Number of the comment: /comment/ID on the site.")
    thread_id: int = reference("threads.id", "The thread.")
    parent_id: int | None = reference("comments.id", "The comment that it answers; empty at top level.")
    native_id: str | None = text("The platform's own id.")
    parent_native_id: str | None = text("The parent as the source gave it.")
    identity: str = text("What tells it from the others of its thread: id:... or fp:... of author, text and place.")
    commenter_id: int | None = reference("commenters.id", "Who wrote it; empty where the source does not say.")
    position: int = integer("Place in the thread in document order, from 0.")
    depth: int = integer("Nesting, 0 at top level.")
    posted_at: str | None = text("When it was posted (UTC), as far as known.")
    posted_at_text: str | None = text("The time as the source wrote it.")
    posted_precision: str | None = text("How exact posted_at is: second, minute, hour, day, month or year.")
    parent_source: str | None = text(
        "Where the parent was read: api, dom, indent, feed or export; unknown where the source cannot show it."
    )
    body: str = text("The text, exactly as read: evidence, whatever it says.")
    body_sha256: str = text("SHA-256 of body in UTF-8.")
    revision: int = integer("How many earlier texts comment_revisions holds.")
    state: str = text(
        "visible, removed, author_deleted, withheld (the site holds it back; what this archive withholds says the "
        "column withheld), or missing (gone, and no notice stands in its place)."
    )
    likes: int | None = integer("Votes for it, where shown.")
    dislikes: int | None = integer("Votes against it, where shown.")
    url: str | None = text("Address of the comment at its source, where stated.")
    capture_id: int | None = reference("captures.id", "The first capture with this text.")
    first_seen_at: str = text("First time that it was seen (UTC).")
    last_seen_at: str = text("Last time that it was seen (UTC).")
    codes: str | None = text("Codes of its flags that stand, in order (JSON list); empty where there are none.")
    withheld: str | None = text("Why this archive withholds it (a code); its text is blank. Empty where it does not.")
    capture_position: int | None = integer(
        "Which comment of that capture had this text, from 0; empty in archives of version 0.1.0."
    )
    title: str | None = text("Heading of the comment, where the source has one.")
    edited_at: str | None = text("When the source says that its author last changed it (UTC), as far as known.")
    edited_at_text: str | None = text("That time as the source wrote it.")
    edited_precision: str | None = text("How exact edited_at is: second, minute, hour, day, month or year.")


class ReactionRow(SQLModel, table=True):
    __tablename__ = "reactions"
    __table_args__ = options(
        "How often readers reacted to a comment in a way that is no vote for or against it, as last seen.",
        UniqueConstraint("comment_id", "kind"),
    )

    id: int | None = id_column("Number of the row.")
    comment_id: int = reference("comments.id", "The comment.")
    kind: str = text("The source's own name for it; score is votes for less votes against.")
    count: int = integer("How often, as last seen.")
    seen_at: str = text("When it was last seen (UTC).")


class ReportRow(SQLModel, table=True):
    __tablename__ = "reports"
    __table_args__ = options(
        "How often readers, or programs, reported a comment to its moderators, as last seen.",
        UniqueConstraint("comment_id", "kind"),
    )

    id: int | None = id_column("Number of the row.")
    comment_id: int = reference("comments.id", "The comment.")
    kind: str = text("The source's own name for the reason.")
    count: int = integer("How often, as last seen.")
    seen_at: str = text("When it was last seen (UTC).")


class DecisionRow(SQLModel, table=True):
    __tablename__ = "decisions"
    __table_args__ = options(
        "What the moderation of its source decided about a comment, one after the other.",
        CheckConstraint("decider is null or decider in ('moderator', 'system', 'author')", name="known_decider"),
        Index("decisions_comment_id", "comment_id"),
        Index("decisions_status", "status"),
    )

    id: int | None = id_column("Number of the decision.")
    comment_id: int = reference("comments.id", "The comment.")
    status: str = text("What was decided, by the source's own name.")
    state: str | None = text("State that it gave the comment: visible, removed, author_deleted or withheld.")
    decided_at: str | None = text("When (UTC), where stated.")
    decider: str | None = text("Who decided: moderator, system or author; empty where the source does not say.")
    reason: str | None = text("Why, by the source's own name for it.")
    explanation: str | None = text("Why, in the words of who decided.")
    seen_at: str = text("When the source was first seen to say so (UTC).")


class CommentRevisionRow(SQLModel, table=True):
    __tablename__ = "comment_revisions"
    __table_args__ = options("A text that a comment used to have.", UniqueConstraint("comment_id", "revision"))

    id: int | None = id_column("Number of the row.")
    comment_id: int = reference("comments.id", "The comment.")
    revision: int = integer(
        "Which of its texts: from 0 those that visits saw, below 0 those that only the source itself has on record."
    )
    body: str = text("Text at that time.")
    body_sha256: str = text("SHA-256 of body in UTF-8.")
    capture_id: int | None = reference("captures.id", "The first capture with that text.")
    seen_from: str = text("First time that this text was seen (UTC).")
    seen_until: str = text("Last time that this text was seen (UTC).")
    capture_position: int | None = integer(
        "Which comment of that capture had this text, from 0; empty in archives of version 0.1.0."
    )
    written_at: str | None = text("When it was written (UTC), where the source itself has it on record.")


class LabelRow(SQLModel, table=True):
    __tablename__ = "labels"
    __table_args__ = options(
        "What the people or programs of a dataset said of a comment, a thread or an article: a finding, and no flag.",
        one_subject(),
        Index("labels_comment_id", "comment_id"),
        partial_index("labels_thread_id", "thread_id"),
        partial_index("labels_article_id", "article_id"),
        Index("labels_name", "dataset_id", "name", "number"),
    )

    id: int | None = id_column("Number of the label.")
    comment_id: int | None = reference("comments.id", "The comment that it speaks of, or empty.")
    thread_id: int | None = reference("threads.id", "The thread that it speaks of, or empty.")
    article_id: int | None = reference("articles.id", "The article that it speaks of, or empty.")
    dataset_id: int = reference("datasets.id", "The dataset that has it.")
    name: str = text("What was asked, as the dataset names it.")
    value: str = text("What was said, as it stands there.")
    number: float | None = column(NUMBER, "The value as a number, where it is one; shares lie between 0 and 1.")
    raters: int | None = integer("How many were asked, where the dataset says so.")


class EventRow(SQLModel, table=True):
    __tablename__ = "events"
    __table_args__ = options(
        "What one visit found changed.",
        Index("events_thread_id", "thread_id"),
        Index("events_comment_id", "comment_id"),
        Index("events_kind_seen_at", "kind", "seen_at"),
    )

    id: int | None = id_column("Number of the event.")
    run_id: int = reference("runs.id", "The run that saw it.")
    thread_id: int = reference("threads.id", "The thread.")
    comment_id: int | None = reference("comments.id", "The comment.")
    kind: str = text("added, edited, removed, restored, moved, renamed or votes.")
    before: str | None = text("What it was: text, state, parent, name or votes.")
    after: str | None = text("What it is now.")
    seen_at: str = text("When it was seen (UTC): it happened before that and after the visit before.")
    confidence: str = text("high, medium or low: how sure the kind is.")


class TextCopyRow(SQLModel, table=True):
    __tablename__ = "text_copies"
    __table_args__ = options(
        "Comments with the same text, or nearly, as of the last `btl copies` or publication.",
        Index("text_copies_group_id", "group_id"),
    )

    comment_id: int = reference("comments.id", "The comment.", primary_key=True)
    group_id: int = reference("comments.id", "The first comment with this text: the same for all that have it.")
    similarity: float = column(
        NUMBER,
        "Share of their three-word sequences that the first text and this one have in common; 1 for equal words.",
    )


class TotalRow(SQLModel, table=True):
    __tablename__ = "totals"
    __table_args__ = options("Numbers that the site opens with, kept current by every save.")

    name: str = text(
        "comments, threads, articles, outlets, commenters, flags:CODE or rules:RULE (flags that stand).",
        primary_key=True,
    )
    value: int = integer("How many.")
