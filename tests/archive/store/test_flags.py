"""Cached counts equal a recount, whatever happened to an archive before."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from archive.review.verdicts import Verdict, record
from archive.store.archive import Archive
from archive.store.flags import recounted_totals
from archive.store.reflag import flag_all
from archive.takedown import withhold
from archive.takedown.withhold import NotThere
from archive.text.formatting import now
from archive.thread import Flag
from tests.trees import made, said

BODIES = [
    "The first ferry is early.",
    "You are a clown, mayor, and everybody on the quay knows it.",
    "Write to anna.quay@example.org or call 07700 900123.",
    "Whoever voted for it should be thrown off the pier, ballot first, said the clown.",
    "",
]
SOURCE_FLAGS = [(), (Flag("platform.featured", "sticky"),), (Flag("platform.edited", "notice", "edited at noon"),)]
CODES = """
select coalesce(json_group_array(code), '[]') from (select distinct code from flags
where comment_id = comments.id and withdrawn_at is null and status not in ('dismissed', 'corrected')
  and code not like 'context.%' and (revision = comments.revision or code not like 'content.%') order by code)"""
FLAG_COUNT = """
select count(*) from flags where withdrawn_at is null and status not in ('dismissed', 'corrected')
and code not like 'context.%'
and (thread_id = threads.id or comment_id in (select id from comments where thread_id = threads.id))"""


class Histories(RuleBasedStateMachine):
    """Visits, reviews, takedowns and new rules, in any order."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "archive.db"
        self.archive = Archive(self.path)
        self.day = 0

    def teardown(self):
        self.archive.close()
        self.folder.cleanup()

    def ids(self, sql):
        return [row[0] for row in self.archive.read(sql)]

    @rule(
        texts=st.lists(st.tuples(st.sampled_from(BODIES), st.sampled_from(SOURCE_FLAGS)), max_size=4),
        completeness=st.sampled_from(["full", "partial", "unknown"]),
        stated=st.sampled_from([None, 1, 9]),
        native=st.booleans(),
    )
    def visit(self, texts, completeness, stated, native):
        self.day += 1
        comments = [
            said(body, f"reader {i % 2}", native_id=str(i) if native else None, flags=flags)
            for i, (body, flags) in enumerate(texts)
        ]
        at = f"2026-03-{1 + self.day % 28:02}T06:00:00Z"
        thread = made(*comments, at=at, native_id="t1", completeness=completeness, stated_count=stated)
        run = self.archive.begin_run("import", {"paths": []})
        assert not self.archive.save([thread], run).failures

    @rule(
        data=st.data(), word=st.sampled_from(["confirmed", "dismissed"]), reviewer=st.sampled_from(["irene", "oskar"])
    )
    def review(self, data, word, reviewer):
        flags = self.ids("select id from flags where withdrawn_at is null and code like 'content.%' order by id")
        if flags:
            with self.archive.transaction() as connection:
                record(connection, Verdict(data.draw(st.sampled_from(flags)), reviewer, word), now())

    @rule(data=st.data(), subject=st.sampled_from(["comment", "commenter", "thread", "article"]))
    def withhold(self, data, subject):
        if ids := self.ids(f"select id from {subject}s order by id"):
            withhold.withhold(self.archive, subject, data.draw(st.sampled_from(ids)), "privacy")

    @rule(data=st.data(), subject=st.sampled_from(["comment", "commenter", "thread", "article"]))
    def restore(self, data, subject):
        if ids := self.ids(f"select id from {subject}s order by id"):
            try:
                withhold.restore(self.archive, subject, data.draw(st.sampled_from(ids)))
            except NotThere:
                return

    @rule()
    def apply_rules(self):
        flag_all(self.archive, workers=0)

    @invariant()
    def counts_equal_a_recount(self):
        read = self.archive.read
        with self.archive.transaction() as connection:
            recounted = recounted_totals(connection)
        cached = Counter(dict(read("select name, value from totals where name like '%:%' and value <> 0")))
        assert cached == recounted
        for name in ("comments", "threads", "articles", "commenters", "outlets"):
            assert (
                sum(self.ids(f"select value from totals where name = '{name}'"))
                == self.ids(f"select count(*) from {name}")[0]
            )
        assert read(f"select id, codes, ({CODES}) from comments where coalesce(codes, '[]') <> ({CODES})") == []
        assert read(f"select id, flag_count, ({FLAG_COUNT}) from threads where flag_count <> ({FLAG_COUNT})") == []
        assert (
            read(
                "select id from threads where comment_count <> (select count(*) from comments where thread_id = threads.id)"
            )
            == []
        )
        assert (
            read(
                "select id from comments where (withheld is not null) <> exists (select 1 from flags "
                "where comment_id = comments.id and code = 'archive.withheld' and withdrawn_at is null)"
            )
            == []
        )


TestHistories = pytest.mark.slow(Histories.TestCase)
TestHistories.settings = settings(
    max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
