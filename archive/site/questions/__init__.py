"""Questions that the site answers without SQL: each a page with a table, a chart where it helps, and a CSV."""
