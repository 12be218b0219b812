"""Withhold, restore and erase."""
