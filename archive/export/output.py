"""Write files and folders that appear under their name only when they are complete; compress files by their suffix."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from typing import Any, BinaryIO, cast

ZSTD_LEVEL = 3
GZIP_BUFFER = 1 << 18


@contextmanager
def output(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `path` after the block; if the block raises, `path` stays as it was.

    The file is compressed if the name ends in .gz or .zst. A device or pipe is written directly.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as device, _compressed(device, path.suffix) as out:
            yield out
        return
    target = path.resolve()
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            with _compressed(file, path.suffix) as out:
                yield out
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """Make a temporary folder that is renamed to `path` after the block. Raise FileExistsError if `path` exists."""
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise FileExistsError(f"{path} is there already")
    target = path.resolve()
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    part.mkdir()
    try:
        yield part
        part.replace(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _compressed(file: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    if suffix == ".gz":
        from isal import igzip

        # Without time and file name in the header, so that the same rows give the same bytes.
        with (
            cast("Any", igzip).IGzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
            # Each write is a call of the compressor: JSON Lines comes in thousands of small ones.
            BufferedWriter(packed, GZIP_BUFFER) as buffered,
        ):
            yield cast("BinaryIO", buffered)
    elif suffix == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(level=ZSTD_LEVEL).stream_writer(file, closefd=False) as packed:
            yield cast("BinaryIO", packed)
    else:
        yield file
