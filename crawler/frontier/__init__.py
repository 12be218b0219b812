"""The frontier, in the archive's database: which pages and hosts are due when, and which worker may ask them."""
