"""Runs: opened with their work, and closed however that ends."""

import signal

import pytest
from sqlalchemy import event

OUTCOMES = "select kind, outcome from runs"


@pytest.fixture(autouse=True)
def _ctrl_c_interrupts():
    """As it does in a process that nothing else has run in: servers and crawls have handlers of their own."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    signal.signal(signal.SIGINT, handler)


def interrupt_next_statement(archive):
    event.listen(archive.engine, "after_cursor_execute", lambda *_: signal.raise_signal(signal.SIGINT), once=True)


def test_ctrl_c_while_a_run_is_opened_closes_it(archive, query):
    """At the worst moment: the row is committed, and nobody has taken the run over yet."""

    interrupted: list[str] = []

    @event.listens_for(archive.engine, "after_cursor_execute")
    def interrupt(connection, cursor, statement, *_):
        if statement == "commit" and not interrupted:
            interrupted.append(statement)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), archive.running("import", {}, lambda: {"documents": 1}):
        pytest.fail("the block was entered")
    assert interrupted
    assert query(OUTCOMES) == [("import", "interrupted")]


def test_ctrl_c_within_a_statement_rolls_back_and_closes_the_run(archive, query):
    """SQLAlchemy would give up a connection that was interrupted: here it is the only one, and stays."""

    def insert_outlets():
        with archive.transaction() as connection:
            connection.exec_driver_sql("insert into outlets (domain) values ('gull.example')")
            interrupt_next_statement(archive)
            connection.exec_driver_sql("insert into outlets (domain) values ('kelp.example')")

    with pytest.raises(KeyboardInterrupt), archive.running("import", {}, dict):
        insert_outlets()
    assert query(OUTCOMES) == [("import", "interrupted")]
    assert query("select count(*) from outlets") == [(0,)]
    archive.end_run(archive.begin_run("flag", {}), "done", {})
    assert query(OUTCOMES + " order by id") == [("import", "interrupted"), ("flag", "done")]


def test_ctrl_c_within_a_statement_beside_the_transactions_closes_the_run(archive, query):
    """What only reads opens a connection for it, which on SQLite is the same one."""

    def read():
        with archive.engine.connect() as connection:
            interrupt_next_statement(archive)
            connection.exec_driver_sql("select count(*) from comments")

    with pytest.raises(KeyboardInterrupt), archive.running("import", {}, dict):
        read()
    assert query(OUTCOMES) == [("import", "interrupted")]


def test_a_run_whose_block_raises_has_failed(archive, query):
    with pytest.raises(LookupError), archive.running("flag", {}, dict):
        raise LookupError
    assert query(OUTCOMES) == [("flag", "failed")]
