"""The full text of a copy: the archive's own index, page by page, without the words that are not public."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from archive.store import views
from archive.store.views import FULL_TEXT

PAGE_CACHE_KB = 400_000
REBUILD_SHARE = 0.3
SHADOW = ("data", "idx", "docsize", "config")


def take_out(connection: sqlite3.Connection, name: str) -> None:
    """Takes what differs out of full text, by the words that it holds."""
    words = ", ".join(FULL_TEXT[name])
    connection.execute(
        f"insert into main.{name}_fts({name}_fts, rowid, {words}) select 'delete', id, {words} from main.{name} "
        "where id in temp.gone or id in (select id from temp.differing)"
    )


def copy(connection: sqlite3.Connection, name: str, *, use: bool) -> bool:
    """Copies the archive's index of words, and notes in `work` what is to go out of it; False where making it anew is
    less work."""
    fts = f"{name}_fts"
    connection.execute(views.full_text_table(name))
    differs = " or ".join(f"{name}.{column} is not was.{column}" for column in FULL_TEXT[name])
    connection.execute(
        f"create table work.{name}_words as select was.id, {', '.join(f'was.{column}' for column in FULL_TEXT[name])}, "
        f"{name}.id is not null as is_there from src.{name} as was left join main.{name} on {name}.id = was.id "
        f"where {name}.id is null or {differs}"
    )
    differing = connection.execute(f"select count(*) from work.{name}_words").fetchone()[0]
    total = connection.execute(f"select count(*) from src.{name}").fetchone()[0]
    if not use or differing > REBUILD_SHARE * total:
        return False
    for shadow in SHADOW:
        connection.execute(f"delete from main.{fts}_{shadow}")
        connection.execute(f"insert into main.{fts}_{shadow} select * from src.{fts}_{shadow}")
    return True


def merge(target: Path, rebuild: Iterable[str], *, whole: bool) -> None:
    """Takes out of a copied index what is not in the copy, and merges each into one.

    It needs a connection of its own: one that has made the index does not see what was copied into it."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        for pragma in (
            "journal_mode = off",
            "synchronous = off",
            f"cache_size = -{PAGE_CACHE_KB}",
            "secure_delete = on",
        ):
            connection.execute(f"pragma {pragma}").fetchall()
        connection.execute("attach ? as work", (str(work(target)),))
        for name, columns in FULL_TEXT.items():
            fts, words = f"{name}_fts", ", ".join(columns)
            if name in rebuild:
                connection.execute(f"insert into {fts}({fts}) values ('rebuild')")
            elif whole:
                connection.execute(
                    f"insert into {fts}({fts}, rowid, {words}) select 'delete', id, {words} from work.{name}_words"
                )
                there = f"(select id from work.{name}_words where is_there)"
                connection.execute(
                    f"insert into {fts}(rowid, {words}) select id, {words} from main.{name} where id in {there}"
                )
            connection.execute(f"insert into {fts}({fts}) values ('optimize')")


def work(target: Path) -> Path:
    return target.with_name("work.db")
