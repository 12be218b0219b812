"""WARC files: written, read, searched."""
