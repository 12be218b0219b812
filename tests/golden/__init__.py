"""Golden outputs: what `btl` printed, served, exported and published at version 0.1.0, kept as files.

Nothing here imports the packages that it looks at: only the command line, addresses and files are asked, so that
modules may be moved and renamed. README.md says what is kept, how it is compared and how it is made anew.
"""
