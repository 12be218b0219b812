"""`python -m archive.cli`: the same as `btl`."""

from archive import main

main()
