"""The seed format: the plain text of an article and its nested comments."""
