"""Outlets as the frontier has them: what is due when, what fails since when and why, which are paused or stopped."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete

from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.text.formatting import format_time
from archive.text.urls import canonical, domain, is_web_address
from crawler.outlets import outlet_key

PAUSED = TABLES["paused_outlets"]
MAX_FAILING = 1_000

ACTIVE = "(until is null or until > :now)"
OUTLETS = """
select outlet as home, count(*) as pages, count(next_at) as waiting,
  coalesce(sum(case when next_at <= :now then 1 else 0 end), 0) as due,
  min(next_at) as next_at, max(visited_at) as last_success,
  coalesce(sum(case when failures > 0 then 1 else 0 end), 0) as failing,
  min(failing_since) as failing_since,
  coalesce(sum(case when failures > 0 and next_at is null then 1 else 0 end), 0) as given_up
from frontier group by outlet order by outlet"""
# Lists of articles first: without them nothing new is found.
FAILING = """
select url, kind, failures, failing_since, last_error, next_at from frontier where outlet = ? and failures > 0
order by kind = 'article', failing_since, id limit ?"""
DUE = """
select outlet as home, count(*) as pages from frontier
where next_at <= :now and
  (cast(:ids as text) is null or id in (select cast(value as bigint) from json_each(cast(:ids as text))))
group by outlet order by outlet"""
STORED = f"""
select home, case is_stopped when 1 then 'stopped' else 'paused' end as status, since, until, note
from paused_outlets where {ACTIVE}"""  # noqa: S608


class NoSuchOutlet(Exception):
    """No outlet, or more than one, has this name."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Due pages that a crawl does not visit: of which outlet, how many, and why."""

    outlet: str
    pages: int
    reason: str


@dataclass(slots=True)
class OutletState:
    """What the frontier says of an outlet; `status` is active, paused, stopped, unlisted (not in the file) or new."""

    home: str
    status: str = "active"
    since: str | None = None
    until: str | None = None
    note: str | None = None
    pages: int = 0
    waiting: int = 0
    due: int = 0
    next_at: str | None = None
    last_success: str | None = None
    failing: int = 0
    failing_since: str | None = None
    given_up: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)


def list_outlets(archive: Archive, now: datetime, listed: Collection[str] | None = None) -> list[OutletState]:
    """Return all outlets of the frontier, and those of an outlets file (`listed`) that no crawl has visited."""
    values = {"now": format_time(now)}
    with archive.engine.connect() as connection:
        paused = _paused(connection, now)
        states = {row["home"]: OutletState(**row) for row in connection.exec_driver_sql(OUTLETS, values).mappings()}
        for home in {*paused, *(listed or ())} - states.keys():
            states[home] = OutletState(home, "new")
        for home, state in states.items():
            if listed is not None and home not in listed:
                state.status = "unlisted"
            if row := paused.get(home):
                state.status, state.since, state.until, state.note = (
                    row["status"],
                    row["since"],
                    row["until"],
                    row["note"],
                )
            if state.failing:
                failing = connection.exec_driver_sql(FAILING, (home, MAX_FAILING)).mappings()
                state.failures = [dict(row) for row in failing]
    return [states[home] for home in sorted(states)]


def find_outlet(archive: Archive, name: str) -> str:
    """Return the home of the outlet with this home, or of the only one with this host. Raise NoSuchOutlet."""
    with archive.engine.connect() as connection:
        rows = connection.exec_driver_sql("select outlet from frontier union select home from paused_outlets")
        homes = sorted(str(home) for home in rows.scalars())
    if is_web_address(name):
        matching = [home for home in homes if home == canonical(name)]
    else:
        wanted = outlet_key(canonical(f"https://{name}") or "")
        matching = [home for home in homes if outlet_key(home) == wanted]
        matching = matching or [home for home in homes if domain(home) == wanted]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise NoSuchOutlet(f"{name} may be {' or '.join(matching)}: name one of them")
    raise NoSuchOutlet(f"no crawl has visited {name}: `btl outlets` lists the outlets that there are")


def pause(
    archive: Archive, home: str, now: datetime, *, stop: bool = False, until: str | None = None, note: str | None = None
) -> None:
    """Let no crawl visit an outlet, not even one that runs now: until a time or for good where it is to `stop`."""
    values = {"is_stopped": int(stop), "since": format_time(now), "until": until, "note": note}
    with archive.transaction() as connection:
        statement = archive.dialect.upsert(PAUSED).values(home=home, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["home"], set_=values))


def resume(archive: Archive, home: str) -> bool:
    """Let crawls visit an outlet again; what became due meanwhile is due now. Return False if it was not paused."""
    with archive.transaction() as connection:
        return bool(connection.execute(delete(PAUSED).where(PAUSED.c.home == home)).rowcount)


def due_left_out(
    archive: Archive,
    now: datetime,
    *,
    homes: Collection[str] | None = None,
    file: str | None = None,
    ids: Iterable[int] | None = None,
) -> list[LeftOut]:
    """Return the outlets that have due pages (of `ids`) and are not visited: `homes` lacks them, or they are paused.

    `homes` are those that `file` lists, or None for all.
    """
    values = {"now": format_time(now), "ids": None if ids is None else json.dumps(list(ids))}
    left_out = []
    with archive.engine.connect() as connection:
        paused = _paused(connection, now)
        for home, pages in connection.exec_driver_sql(DUE, values):
            if row := paused.get(home):
                left_out.append(LeftOut(home, pages, describe_pause(row)))
            elif homes is not None and home not in homes:
                left_out.append(LeftOut(home, pages, f"not in {file}"))
    return left_out


def describe_pause(row: dict[str, Any]) -> str:
    """Say since when an outlet is not visited, until when, and why."""
    text = f"{row['status']} since {row['since']}"
    text += f" until {row['until']}" if row["until"] else ""
    return text + (f" ({row['note']})" if row["note"] else "")


def _paused(connection: Connection, now: datetime) -> dict[str, dict[str, Any]]:
    rows = connection.exec_driver_sql(STORED, {"now": format_time(now)}).mappings()
    return {row["home"]: dict(row) for row in rows}
