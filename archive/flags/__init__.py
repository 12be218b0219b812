"""Flags: claims about a comment, a thread or an article, each with its source and its evidence; never verdicts."""
