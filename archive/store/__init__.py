"""The SQL archive: its schema, and everything that reads rows to change them."""
