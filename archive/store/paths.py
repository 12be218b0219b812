"""Name the files that belong to an archive."""

from pathlib import Path


def warc_folder(archive: Path) -> Path:
    """Return the folder of an archive's own WARC files, which lies beside it."""
    return archive.with_name(f"{archive.stem}-warc")


def kept_folder(archive: Path) -> Path:
    """Return the folder of the imported bytes that an archive keeps, which lies beside it."""
    return archive.with_name(f"{archive.stem}-kept")
