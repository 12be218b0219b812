"""Runs: opened with their work, and closed however that ends."""

import signal

import pytest
from sqlalchemy import event

OUTCOMES = "select kind, outcome from runs"


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


def test_a_run_whose_block_raises_has_failed(archive, query):
    with pytest.raises(LookupError), archive.running("flag", {}, dict):
        raise LookupError
    assert query(OUTCOMES) == [("flag", "failed")]
