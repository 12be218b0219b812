"""The crawler: collects articles with their comment sections into the archive. The archive never imports it."""
