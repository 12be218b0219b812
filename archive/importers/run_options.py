"""Read how runs imported their files, so that these are read the same way again: as which format, by which mapping."""

import json
from typing import Any

from sqlalchemy import Connection

from archive.importers.base import Options
from archive.importers.tables.mapping import ColumnMapping, parse_mapping

SETTINGS = "select settings from runs where id = ?"


class RunOptions:
    """The options of import runs. Those read last are kept: captures come run by run, and file by file."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._settings: tuple[int, dict[str, Any]] | None = None
        self._mapping: tuple[int, str, ColumnMapping | None] | None = None

    def of_file(self, run_id: int, name: str) -> Options:
        """Return how a run read a file; `name` is what `captures` call it."""
        mapping = self.mapping(run_id, name)
        return Options(format=self.format(run_id) if mapping is None else "table", mapping=mapping)

    def format(self, run_id: int) -> str | None:
        """Return the format that was stated by `--as`; None where it was recognised."""
        return self._read_settings(run_id).get("format")

    def mapping(self, run_id: int, name: str) -> ColumnMapping | None:
        """Return how the columns of a table were read; None for a file that is none."""
        if self._mapping is None or self._mapping[:2] != (run_id, name):
            stored = self._read_settings(run_id).get("mappings", {}).get(name)
            mapping = None if stored is None else parse_mapping(stored, f"run {run_id}")
            self._mapping = run_id, name, mapping
        return self._mapping[2]

    def _read_settings(self, run_id: int) -> dict[str, Any]:
        if self._settings is None or self._settings[0] != run_id:
            row = self.connection.exec_driver_sql(SETTINGS, (run_id,)).scalar()
            self._settings = run_id, json.loads(row or "{}")
        return self._settings[1]
