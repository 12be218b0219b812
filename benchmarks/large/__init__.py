"""A whole archive of any size, as crawls and imports would have left it, for measuring what only size shows."""
