"""Flags on what was read, and what reviewers say of them."""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from archive.store.tables.columns import NUMBER, column, id_column, integer, one_subject, options, reference, text

# In the words of an index: the codes content.*, and these with context.*.
CLAIMS_OF_TEXT = "code >= 'content.' and code < 'content/'"
MATCHED_IN_TEXT = "code >= 'content.' and code < 'context/'"


class FlagCodeRow(SQLModel, table=True):
    __tablename__ = "flag_codes"
    __table_args__ = options("What a flag means.")

    code: str = text("Name of the code, as namespace.name.", primary_key=True)
    title: str = text("Short name for people.")
    definition: str = text("What it claims, and what it does not.")
    namespace: str = text("Who claims it: platform, crawl, capture, content, context, review or archive.")
    level: str = text("What it can stand on: c comment, t thread, a article, u author.")
    severity: int = integer("0 info, 1 low, 2 medium, 3 high, 4 critical.")
    blur: bool = integer("1 where the site folds the text.")
    public: bool = integer("1 where public copies show it.")
    mappings: str = text("What other vocabularies call it (JSON list of vocabulary:name).", server_default="'[]'")


class FlagRuleRow(SQLModel, table=True):
    __tablename__ = "flag_rules"
    __table_args__ = options("A rule that flags are raised by, as the last version of its detector has it.")

    rule: str = text("Its id, as in flags.", primary_key=True)
    code: str = text("What it claims.", foreign_key="flag_codes.code")
    language: str | None = text("Language that it reads (BCP 47); empty where it reads all.")
    pattern: str = text("What it looks for, in the words of its file.")
    note: str = text("What it is for.")


class DetectorRow(SQLModel, table=True):
    __tablename__ = "detectors"
    __table_args__ = options(
        "What raised flags.",
        Index("detectors_identity", "name", "version", sql("coalesce(lexicon_sha256, '')"), unique=True),
    )

    id: int | None = id_column("Number of the detector.")
    name: str = text("Importer, platform, crawl or rule set.")
    version: str = text("Its version.")
    lexicon_sha256: str | None = text("SHA-256 of its lexicon, where it has one.")


class FlagRow(SQLModel, table=True):
    __tablename__ = "flags"
    __table_args__ = options(
        "One flag on one comment, thread or article.",
        one_subject(),
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

    id: int | None = id_column("Number of the flag.")
    code: str = text("What it claims.", foreign_key="flag_codes.code")
    comment_id: int | None = reference("comments.id", "The comment that it stands on, or empty.")
    thread_id: int | None = reference("threads.id", "The thread that it stands on, or empty.")
    article_id: int | None = reference("articles.id", "The article that it stands on, or empty.")
    revision: int = integer("Which text of the subject it speaks of.")
    detector_id: int = reference("detectors.id", "What raised it.")
    rule: str = text("The rule that it was raised by.")
    evidence: str | None = text("What was seen, where it is not a place in the text.")
    target: str | None = text("Group that is meant, for content codes.")
    score: float | None = column(NUMBER, "How sure the detector is, 0 to 1, where it says.")
    created_at: str = text("When it was raised (UTC).")
    withdrawn_at: str | None = text("When it was withdrawn (UTC): flags are never deleted.")
    run_id: int | None = reference("runs.id", "The run that raised it, where a run did.")
    severity: int = integer("Of its code: 0 info to 4 critical.", server_default="0")
    status: str = text(
        "unreviewed, confirmed, dismissed, corrected, or disputed (reviewers differ).", server_default="'unreviewed'"
    )
    priority: float | None = column(NUMBER, "Place in the review queue, the highest first, where a model orders it.")
    corrects: int | None = reference("flags.id", "The flag that reviewers corrected to this one.")


class FlagSpanRow(SQLModel, table=True):
    __tablename__ = "flag_spans"
    __table_args__ = options("Where in the text a flag matched.", Index("flag_spans_flag_id", "flag_id"))

    id: int | None = id_column("Number of the row.")
    flag_id: int = reference("flags.id", "The flag.")
    start: int = integer("First code point of the body, from 0.")
    end: int = integer("Code point after the last.")
    exact: str = text("The words between them.")


class ReviewRow(SQLModel, table=True):
    __tablename__ = "reviews"
    __table_args__ = options(
        "One person's verdict on a flag. Their latest one that they did not take back counts; none is deleted.",
        CheckConstraint("verdict in ('confirmed', 'dismissed', 'corrected')", name="known_verdict"),
        CheckConstraint("(verdict = 'corrected') = (corrected_code is not null)", name="a_correction_has_a_code"),
        Index("reviews_flag_id", "flag_id", "reviewer"),
        Index("reviews_reviewed_at", "reviewed_at"),
    )

    id: int | None = id_column("Number of the review.")
    flag_id: int = reference("flags.id", "The flag.")
    reviewer: str = text("Who judged: the name that they sign in with. Not published.")
    verdict: str = text("confirmed, dismissed or corrected.")
    corrected_code: str | None = text("What it should have been, where corrected.", foreign_key="flag_codes.code")
    corrected_start: int | None = integer("Where it should have begun (code points), where the span was corrected.")
    corrected_end: int | None = integer("Where it should have ended (code points), where the span was corrected.")
    note: str | None = text("Why, in the reviewer's words.")
    reviewed_at: str = text("When (UTC).")
    retracted_at: str | None = text("When the reviewer took the verdict back (UTC): it counts no more.")
