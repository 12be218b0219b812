"""Full-text search: the query language, and the two engines that it is written for: Tantivy, and SQLite's FTS5."""
