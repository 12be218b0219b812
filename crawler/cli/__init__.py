"""The crawler's commands of `btl`, a module a command; archive/cli lists them."""
