"""CSV of the view `comment_list`: one comment a row, text exactly as archived (RFC 4180, UTF-8)."""

import csv
import sqlite3
from typing import TextIO


def write(connection: sqlite3.Connection, out: TextIO) -> int:
    """Gives the number of comments."""
    rows = connection.execute("select * from comment_list order by thread_id, position")
    writer = csv.writer(out)
    writer.writerow([column[0] for column in rows.description])
    written = 0
    for written, row in enumerate(rows, 1):  # noqa: B007
        writer.writerow(row)
    return written
