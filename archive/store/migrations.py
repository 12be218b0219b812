"""How an old archive becomes a new one. Append only: what has been released here is history and stays as it is."""

from sqlite_utils import Database, Migrations

migrations = Migrations("belowtheline")


def _run(db: Database, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def m001_foundation(db: Database) -> None:
    _run(db, FOUNDATION)


@migrations()
def m002_crawl(db: Database) -> None:
    _run(db, CRAWL)


@migrations()
def m003_flags(db: Database) -> None:
    _run(db, FLAGS)


@migrations()
def m004_publication(db: Database) -> None:
    _run(db, PUBLICATION)


FOUNDATION = """\
CREATE TABLE detectors (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    lexicon_sha256 TEXT,
    PRIMARY KEY (id)
) STRICT;
CREATE UNIQUE INDEX detectors_identity ON detectors (name, version, coalesce(lexicon_sha256, ''));
CREATE TABLE flag_codes (
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    definition TEXT NOT NULL,
    namespace TEXT NOT NULL,
    level TEXT NOT NULL,
    severity INTEGER NOT NULL,
    blur INTEGER NOT NULL,
    public INTEGER NOT NULL,
    PRIMARY KEY (code)
) STRICT;
CREATE TABLE outlets (
    id INTEGER NOT NULL,
    domain TEXT NOT NULL,
    name TEXT,
    PRIMARY KEY (id),
    UNIQUE (domain)
) STRICT;
CREATE TABLE runs (
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    outcome TEXT,
    software_version TEXT NOT NULL,
    settings TEXT NOT NULL,
    counts TEXT,
    PRIMARY KEY (id)
) STRICT;
CREATE TABLE totals (
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT;
CREATE TABLE captures (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    url TEXT,
    fetched_at TEXT,
    http_status INTEGER,
    media_type TEXT,
    sha256 TEXT NOT NULL,
    warc_file TEXT,
    warc_offset INTEGER,
    warc_length INTEGER,
    line INTEGER,
    metadata_json TEXT,
    furniture TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY(run_id) REFERENCES runs (id)
) STRICT;
CREATE INDEX captures_sha256 ON captures (sha256);
CREATE TABLE commenters (
    id INTEGER NOT NULL,
    platform TEXT NOT NULL,
    outlet_id INTEGER,
    native_id TEXT,
    name TEXT,
    is_guest INTEGER,
    is_staff INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(outlet_id) REFERENCES outlets (id)
) STRICT;
CREATE UNIQUE INDEX commenters_identity ON commenters (platform, coalesce(outlet_id, 0), coalesce(native_id, ''), case when native_id is null then name else '' end);
CREATE INDEX commenters_name ON commenters (name);
CREATE TABLE articles (
    id INTEGER NOT NULL,
    outlet_id INTEGER,
    url TEXT NOT NULL,
    title TEXT,
    byline TEXT,
    published_at TEXT,
    published_at_text TEXT,
    published_precision TEXT,
    language TEXT,
    section TEXT,
    body TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    revision INTEGER NOT NULL,
    capture_id INTEGER,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(outlet_id) REFERENCES outlets (id),
    UNIQUE (url),
    FOREIGN KEY(capture_id) REFERENCES captures (id)
) STRICT;
CREATE INDEX articles_outlet_id ON articles (outlet_id);
CREATE INDEX articles_published_at ON articles (published_at);
CREATE TABLE article_revisions (
    id INTEGER NOT NULL,
    article_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    title TEXT,
    body TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    capture_id INTEGER,
    seen_from TEXT NOT NULL,
    seen_until TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (article_id, revision),
    FOREIGN KEY(article_id) REFERENCES articles (id),
    FOREIGN KEY(capture_id) REFERENCES captures (id)
) STRICT;
CREATE TABLE threads (
    id INTEGER NOT NULL,
    article_id INTEGER NOT NULL,
    platform TEXT NOT NULL,
    native_id TEXT NOT NULL,
    url TEXT,
    stated_count INTEGER,
    completeness TEXT NOT NULL,
    closed INTEGER,
    comment_count INTEGER NOT NULL,
    flag_count INTEGER NOT NULL,
    capture_id INTEGER,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (platform, native_id),
    FOREIGN KEY(article_id) REFERENCES articles (id),
    FOREIGN KEY(capture_id) REFERENCES captures (id)
) STRICT;
CREATE INDEX threads_article_id ON threads (article_id);
CREATE INDEX threads_comment_count ON threads (comment_count);
CREATE INDEX threads_flag_count ON threads (flag_count);
CREATE INDEX threads_last_seen_at ON threads (last_seen_at);
CREATE TABLE comments (
    id INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    parent_id INTEGER,
    native_id TEXT,
    parent_native_id TEXT,
    identity TEXT NOT NULL,
    commenter_id INTEGER,
    position INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    posted_at TEXT,
    posted_at_text TEXT,
    posted_precision TEXT,
    parent_source TEXT,
    body TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    likes INTEGER,
    dislikes INTEGER,
    url TEXT,
    capture_id INTEGER,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (thread_id, identity),
    FOREIGN KEY(thread_id) REFERENCES threads (id),
    FOREIGN KEY(parent_id) REFERENCES comments (id),
    FOREIGN KEY(commenter_id) REFERENCES commenters (id),
    FOREIGN KEY(capture_id) REFERENCES captures (id)
) STRICT;
CREATE INDEX comments_commenter_id ON comments (commenter_id);
CREATE INDEX comments_gone ON comments (state) WHERE state <> 'visible';
CREATE INDEX comments_parent_id ON comments (parent_id);
CREATE INDEX comments_posted_at ON comments (posted_at);
CREATE INDEX comments_thread_id_position ON comments (thread_id, position);
CREATE TABLE comment_revisions (
    id INTEGER NOT NULL,
    comment_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    capture_id INTEGER,
    seen_from TEXT NOT NULL,
    seen_until TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (comment_id, revision),
    FOREIGN KEY(comment_id) REFERENCES comments (id),
    FOREIGN KEY(capture_id) REFERENCES captures (id)
) STRICT;
CREATE TABLE events (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    comment_id INTEGER,
    kind TEXT NOT NULL,
    "before" TEXT,
    "after" TEXT,
    seen_at TEXT NOT NULL,
    confidence TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(run_id) REFERENCES runs (id),
    FOREIGN KEY(thread_id) REFERENCES threads (id),
    FOREIGN KEY(comment_id) REFERENCES comments (id)
) STRICT;
CREATE INDEX events_comment_id ON events (comment_id);
CREATE INDEX events_kind_seen_at ON events (kind, seen_at);
CREATE INDEX events_thread_id ON events (thread_id);
CREATE TABLE flags (
    id INTEGER NOT NULL,
    code TEXT NOT NULL,
    comment_id INTEGER,
    thread_id INTEGER,
    article_id INTEGER,
    revision INTEGER NOT NULL,
    detector_id INTEGER NOT NULL,
    rule TEXT NOT NULL,
    evidence TEXT,
    target TEXT,
    score REAL,
    created_at TEXT NOT NULL,
    withdrawn_at TEXT,
    PRIMARY KEY (id),
    CONSTRAINT one_subject CHECK ((comment_id is not null) + (thread_id is not null) + (article_id is not null) = 1),
    FOREIGN KEY(code) REFERENCES flag_codes (code),
    FOREIGN KEY(comment_id) REFERENCES comments (id),
    FOREIGN KEY(thread_id) REFERENCES threads (id),
    FOREIGN KEY(article_id) REFERENCES articles (id),
    FOREIGN KEY(detector_id) REFERENCES detectors (id)
) STRICT;
CREATE INDEX flags_article_id ON flags (article_id) WHERE article_id is not null;
CREATE INDEX flags_code ON flags (code, comment_id);
CREATE INDEX flags_comment_id ON flags (comment_id) WHERE comment_id is not null;
CREATE INDEX flags_thread_id ON flags (thread_id) WHERE thread_id is not null;
CREATE TABLE flag_spans (
    id INTEGER NOT NULL,
    flag_id INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    exact TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(flag_id) REFERENCES flags (id)
) STRICT;
CREATE INDEX flag_spans_flag_id ON flag_spans (flag_id);
"""

CRAWL = """\
ALTER TABLE captures ADD COLUMN page_of INTEGER REFERENCES captures (id);
ALTER TABLE captures ADD COLUMN payload_digest TEXT;
CREATE INDEX captures_page_of ON captures (page_of) WHERE page_of is not null;
CREATE INDEX captures_url ON captures (url) WHERE url is not null;
CREATE TABLE visits (
    id INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    capture_id INTEGER,
    seen_at TEXT NOT NULL,
    outcome TEXT NOT NULL,
    completeness TEXT,
    stated_count INTEGER,
    comment_count INTEGER,
    reason TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY(thread_id) REFERENCES threads (id),
    FOREIGN KEY(run_id) REFERENCES runs (id),
    FOREIGN KEY(capture_id) REFERENCES captures (id)
) STRICT;
CREATE INDEX visits_capture_id ON visits (capture_id) WHERE capture_id is not null;
CREATE INDEX visits_thread_id ON visits (thread_id, seen_at);
CREATE TABLE frontier (
    id INTEGER NOT NULL,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    outlet TEXT NOT NULL,
    kind TEXT NOT NULL,
    added_at TEXT NOT NULL,
    published_at TEXT,
    next_at TEXT,
    interval_s INTEGER NOT NULL,
    lease_until TEXT,
    visited_at TEXT,
    etag TEXT,
    last_modified TEXT,
    content_sha256 TEXT,
    capture_id INTEGER,
    comment_count INTEGER,
    failures INTEGER NOT NULL,
    last_error TEXT,
    PRIMARY KEY (id),
    UNIQUE (url),
    FOREIGN KEY(capture_id) REFERENCES captures (id)
) STRICT;
CREATE INDEX frontier_host ON frontier (host);
CREATE INDEX frontier_next_at ON frontier (next_at) WHERE next_at is not null;
INSERT INTO visits (thread_id, run_id, capture_id, seen_at, outcome)
SELECT seen.thread_id, captures.run_id, captures.id, coalesce(captures.fetched_at, runs.started_at),
    CASE WHEN row_number() OVER (PARTITION BY seen.thread_id ORDER BY captures.id) = 1 THEN 'new' ELSE 'changed' END
FROM (SELECT id AS thread_id, capture_id FROM threads UNION SELECT thread_id, capture_id FROM comments) AS seen
JOIN captures ON captures.id = seen.capture_id
JOIN runs ON runs.id = captures.run_id;
"""

FLAGS = """\
ALTER TABLE flag_codes ADD COLUMN mappings TEXT DEFAULT '[]' NOT NULL;
ALTER TABLE comments ADD COLUMN codes TEXT;
ALTER TABLE flags ADD COLUMN run_id INTEGER REFERENCES runs (id);
ALTER TABLE flags ADD COLUMN severity INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE flags ADD COLUMN status TEXT DEFAULT 'unreviewed' NOT NULL;
ALTER TABLE flags ADD COLUMN priority REAL;
ALTER TABLE flags ADD COLUMN corrects INTEGER REFERENCES flags (id);
CREATE UNIQUE INDEX flags_found ON flags (comment_id, revision, code, detector_id, rule, coalesce(target, '')) WHERE code >= 'content.' and code < 'context/' and withdrawn_at is null;
CREATE INDEX flags_queue ON flags (severity desc, priority desc, id) WHERE status = 'unreviewed' and code >= 'content.' and code < 'content/' and withdrawn_at is null;
CREATE INDEX flags_corrects ON flags (corrects) WHERE corrects is not null;
CREATE TABLE flag_rules (
    rule TEXT NOT NULL,
    code TEXT NOT NULL,
    language TEXT,
    pattern TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (rule),
    FOREIGN KEY(code) REFERENCES flag_codes (code)
) STRICT;
CREATE TABLE reviews (
    id INTEGER NOT NULL,
    flag_id INTEGER NOT NULL,
    reviewer TEXT NOT NULL,
    verdict TEXT NOT NULL,
    corrected_code TEXT,
    corrected_start INTEGER,
    corrected_end INTEGER,
    note TEXT,
    reviewed_at TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT known_verdict CHECK (verdict in ('confirmed', 'dismissed', 'corrected')),
    CONSTRAINT a_correction_has_a_code CHECK ((verdict = 'corrected') = (corrected_code is not null)),
    FOREIGN KEY(flag_id) REFERENCES flags (id),
    FOREIGN KEY(corrected_code) REFERENCES flag_codes (code)
) STRICT;
CREATE INDEX reviews_flag_id ON reviews (flag_id, reviewer);
CREATE INDEX reviews_reviewed_at ON reviews (reviewed_at);
UPDATE flags SET severity = coalesce((SELECT severity FROM flag_codes WHERE flag_codes.code = flags.code), 0);
UPDATE comments SET codes = (SELECT json_group_array(code) FROM (SELECT DISTINCT code FROM flags WHERE comment_id = comments.id AND withdrawn_at IS NULL ORDER BY code))
WHERE id IN (SELECT comment_id FROM flags WHERE comment_id IS NOT NULL AND withdrawn_at IS NULL);
"""

PUBLICATION = """\
ALTER TABLE captures ADD COLUMN redacted_at TEXT;
CREATE TABLE settings (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT;
CREATE TABLE suppressions (
    id INTEGER NOT NULL,
    subject TEXT NOT NULL,
    number INTEGER,
    keys TEXT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT,
    run_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    lifted_at TEXT,
    erased_at TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY(run_id) REFERENCES runs (id)
) STRICT;
CREATE TABLE withheld (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    comment_id INTEGER,
    held TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name, row_id),
    FOREIGN KEY(comment_id) REFERENCES comments (id)
) STRICT;
CREATE INDEX withheld_comment_id ON withheld (comment_id) WHERE comment_id is not null;
"""
