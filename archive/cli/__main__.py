"""`python -m archive.cli`: the same as `btl`."""

from archive.cli import main

main()
