"""Facets of a public copy: counts that the release was made with, or of what is left where that is little."""

import sqlite3
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from datasette.facets import Facet
from datasette.utils import escape_sqlite, path_with_added_args, path_with_removed_args

from archive.site.guarded import MOST_COUNTED, Copy

SIZE = 30
KEPT = "select value, count from facets where list = :list and column = :column order by count desc, value limit :most"


class Counted(Facet):  # type: ignore[misc]  # Datasette has no types
    """What stands in a table's metadata as `counted_facets`, which only public copies have."""

    type = "counted"

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        wanted = (self.metadata or {}).get("counted_facets") or []
        db = self.ds.databases[self.database]
        pairs = [(name, value) for name, value in self.get_querystring_pairs() if not _is_special(name)]
        if not wanted or not isinstance(db, Copy):
            return [], []
        if pairs and (self.row_count is None or self.row_count > MOST_COUNTED or self.request.args.get("_next")):
            return [], []
        results = []
        for one in wanted:
            column, is_array = (one, False) if isinstance(one, str) else (one["array"], True)
            found = await self._counts(db, column, is_array, filtered=bool(pairs))
            if found:
                results.append(await self._shown(column, is_array, found, pairs))
        return results, []

    async def _counts(self, db: Copy, column: str, is_array: bool, *, filtered: bool) -> list[tuple[Any, int]]:
        if not filtered:
            return await self._kept(db, column)
        name = escape_sqlite(column)
        source = f"({self.sql}) as rows, json_each(rows.{name}) as one" if is_array else f"({self.sql})"
        value = "one.value" if is_array else name
        sql = (
            f"select {value}, count(*) from {source} where {value} is not null "  # noqa: S608
            f"group by 1 order by 2 desc, 1 limit {SIZE + 1}"
        )
        try:
            rows = (await db.execute(sql, self.params)).rows
        except sqlite3.OperationalError:  # a list that is no JSON
            return []
        return [(row[0], row[1]) for row in rows]

    async def _kept(self, db: Copy, column: str) -> list[tuple[Any, int]]:
        async def ask() -> list[tuple[Any, int]]:
            rows = await db.execute(KEPT, {"list": self.table, "column": column, "most": SIZE})
            return [(row[0], row[1]) for row in rows.rows]

        found: list[tuple[Any, int]] = await db.known(("facet", self.table, column), ask)
        return found

    async def _shown(
        self, column: str, is_array: bool, found: Iterable[tuple[Any, int]], pairs: list[tuple[str, str]]
    ) -> dict[str, Any]:
        counts = list(found)
        labels = await self.ds.expand_foreign_keys(self.database, self.table, column, [value for value, _ in counts])
        values = [
            {
                "value": value,
                "label": labels.get((column, value), value),
                "count": count,
                "toggle_url": self._link(column, value, is_array, pairs),
                "selected": (column, str(value)) in pairs,
            }
            for value, count in counts[:SIZE]
        ]
        return {
            "name": column,
            "type": "array" if is_array else "column",
            "hideable": False,
            "toggle_url": "",
            "results": values,
            "truncated": len(counts) > SIZE,
        }

    def _link(self, column: str, value: Any, is_array: bool, pairs: list[tuple[str, str]]) -> str:
        if is_array:
            return str(self.ds.urls.path("/search?" + urlencode({"flag": value})))
        if (column, str(value)) in pairs:
            changed = path_with_removed_args(self.request, {column: str(value)})
        else:
            changed = path_with_added_args(self.request, {column: value, "_next": None})
        return str(self.ds.urls.path(changed))


def _is_special(name: str) -> bool:
    return name.startswith("_") and "__" not in name
