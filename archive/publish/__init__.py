"""Public copies of an archive: what they may show, how they are built, proved and described."""
