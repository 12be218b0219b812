"""The archive's tables, by what they are for; `archive/store/schema.py` lists them."""
