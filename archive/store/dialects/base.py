"""What a save and every other transaction ask of an engine."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, ExceptionContext, Table, event

# In the environment: each transaction is on the disk itself before a command goes on.
DURABLE = "BTL_DURABLE"
# The ids of one table that may be given out next: the first of them, and the one after the last.
IdBlock = list[int]


def outlast_interrupts(engine: Engine) -> None:
    """Have a connection stay open whose statement Ctrl-C interrupted: it rolls back, and notes that its run has ended.

    SQLAlchemy would close it, which here is the only one: whatever else of this process reads by it.
    """

    @event.listens_for(engine, "handle_error")
    def keep(context: ExceptionContext) -> None:
        if not isinstance(context.original_exception, Exception):
            context.is_disconnect = False


class StoreDialect(Protocol):
    """How an engine begins, locks and writes. Everything else is SQLAlchemy, or SQL that both engines read alike."""

    # Statements outside of transactions, before and after an erasure: they have deleted rows overwritten on the disk.
    before_erasure: tuple[str, ...]
    after_erasure: tuple[str, ...]
    # Whether a text may have the character NUL.
    holds_nul: bool

    def synchronous(self, *, always: bool = False) -> str:
        """Return the statement that says whether transactions wait for the disk: `always`, or as BTL_DURABLE has it."""

    def begin_reading(self, connection: Connection) -> None:
        """Begin a transaction that sees everything as it is at one moment, and writes nothing."""

    def begin(self, connection: Connection, *, alone: bool, on_wait: Callable[[], None]) -> None:
        """Begin to write: `alone`, or beside others that are not alone either, as far as the engine can do that."""

    def lock(self, connection: Connection, names: Iterable[str]) -> None:
        """Have nobody else write what these names stand for, until the transaction ends."""

    def is_locked(self, error: Exception) -> bool:
        """Return whether a statement failed since another process writes, and may be run again."""

    def is_conflict(self, error: Exception) -> bool:
        """Return whether a transaction failed since another one was faster: it is to be run again, from its start."""

    def id_blocks(self, connection: Connection) -> dict[str, IdBlock]:
        """Return the ids that were taken and not given out yet, by table."""

    def take_ids(self, connection: Connection, table: str, count: int) -> IdBlock:
        """Take ids that no other row has or gets, at least `count` in one piece."""

    def bulk(self, connection: Connection) -> AbstractContextManager[None]:
        """Return a context for the inserts of one flush, in which the engine may postpone what it does for each row."""

    def insert_rows(self, connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows that have their ids, in ascending order."""

    def end_copy(self, connection: Connection) -> None:
        """Go on from the ids of rows that were copied."""

    def upsert(self, table: Table) -> Any:
        """Return an insert statement that has `on_conflict_do_update`."""

    def open_run(self, connection: Connection, run_id: int) -> None:
        """Let others see that this process works on a run, for as long as it lives."""

    def dead_runs(self, connection: Connection, run_ids: Sequence[int]) -> list[int]:
        """Return those of these runs, which never ended, that no process works on any more."""

    def unchecked(self, connection: Connection) -> AbstractContextManager[None]:
        """Stand around a transaction in which references between rows may be broken, until `broken_references`."""

    def defer_references(self, connection: Connection) -> None:
        """Begin the transaction that `unchecked` stands around."""

    def broken_references(self, connection: Connection) -> list[str]:
        """Return the tables with rows that refer to rows which are not there."""
