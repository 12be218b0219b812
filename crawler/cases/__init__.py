"""Test cases of platforms, made from visits that were crawled."""
