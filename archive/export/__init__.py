"""Ways out: one module a format, for all comments or for a selection of them."""

FORMATS = ("convokit", "csv", "jsonl", "parquet", "sql")
