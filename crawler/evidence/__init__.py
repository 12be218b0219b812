"""Captured bytes behind the rows: read back, and held against what is stored."""
