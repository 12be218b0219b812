"""The crawler's commands of `btl`."""
