"""The archive's tables: the one description of the schema. Statements go through SQLAlchemy Core, not through objects.

Times are ISO-8601 text in UTC that ends in `Z`; booleans are 0 or 1; hashes are SHA-256 in hexadecimal.
"""

from sqlmodel import SQLModel

from archive.store.tables import content, flags, private  # noqa: F401  # their classes are the tables

TABLES = {table.name: table for table in SQLModel.metadata.sorted_tables}
