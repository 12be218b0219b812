"""Where exports go: files and folders that are there when they are whole, and not before; compressed by their name."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

ZSTD_LEVEL = 3


@contextmanager
def output(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which stands at `path` once the block is done; where it raises, what stood there stays. Is
    compressed where the name ends in .gz or .zst. A device or pipe is written as it is."""
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
    """A folder to fill, which stands at `path` once the block is done. Raises FileExistsError if something is there."""
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

        # Without time and name, so that the same rows are the same bytes.
        with cast("Any", igzip).IGzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            yield cast("BinaryIO", packed)
    elif suffix == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(level=ZSTD_LEVEL).stream_writer(file, closefd=False) as packed:
            yield cast("BinaryIO", packed)
    else:
        yield file
