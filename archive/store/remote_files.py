"""WARC files in object storage, or wherever else fsspec opens an address: put, list, delete, and read from copies."""

import re
import shutil
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://.")
WARC_SUFFIXES = (".warc", ".warc.gz")
MOST_COPIED_BYTES = 1 << 30  # where files are read one after another


class RemoteError(OSError):
    """An address cannot be read or written; says which, and why."""


def is_address(name: str) -> bool:
    """Return whether a name is an address that fsspec opens, and no path: s3://bucket/corpus/, https://host/a.jsonl."""
    return ADDRESS.match(name) is not None


def is_remote_warc(name: str) -> bool:
    """Return whether a name of `captures` is the address of a WARC file."""
    return name.endswith(WARC_SUFFIXES) and is_address(name)


def require_file_system(address: str) -> None:
    """Raise RemoteError where nothing opens an address, or a package is missing for it."""
    file_system(address)


def put(file: Path, address: str) -> None:
    """Write a file to an address, whole or not at all. Raise RemoteError."""
    system, name = file_system(address)
    try:
        with _errors(address):
            if "file" in system.protocol:  # where a copy that is broken off would stay
                system.makedirs(name.rpartition("/")[0], exist_ok=True)
                system.put_file(str(file), f"{name}.part")
                system.mv(f"{name}.part", name)
            else:
                system.put_file(str(file), name)
    except FileNotFoundError as error:
        raise RemoteError(f"{address}: {error}") from error


def exists(address: str) -> bool:
    """Return whether there is a file at an address. Raise RemoteError."""
    system, name = file_system(address)
    with _errors(address):
        system.invalidate_cache()
        return bool(system.exists(name))


def delete(address: str) -> None:
    """Delete a file, if it is there. Raise RemoteError."""
    system, name = file_system(address)
    with _errors(address):
        if system.exists(name):
            system.rm_file(name)
        system.invalidate_cache()


def list_warcs(address: str) -> list[str]:
    """Return the addresses of the WARC files that begin with an address: a folder, or a part of a name."""
    system, name = file_system(address)
    with _errors(address):
        system.invalidate_cache()
        name = f"{name.rstrip('/')}/" if address.endswith("/") else name
        parent = name.rpartition("/")[0]
        addresses = (system.unstrip_protocol(file) for file in sorted(system.find(parent)) if file.startswith(name))
        return [file for file in addresses if is_remote_warc(file)]


class DownloadedFiles:
    """Copies of remote files in a temporary folder, which goes with this object."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._sizes: dict[Path, int] = {}

    def path(self, address: str) -> Path:
        """Return where the copy of a file is, or would be."""
        if self._folder is None:
            self._folder = Path(mkdtemp(prefix="btl-warc-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder / sha256(address.encode()).hexdigest()[:16] / address.rpartition("/")[2]

    def fetch(self, address: str, *, keep: bool = False) -> Path:
        """Return a copy of a file; older ones are deleted where they take much room, unless all are to be kept.

        There is no file at the path where there is none at the address. Raise RemoteError.
        """
        copy = self.path(address)
        if copy not in self._sizes:
            system, name = file_system(address)
            copy.parent.mkdir(exist_ok=True)
            part = copy.with_name("part")
            try:
                with _errors(address):
                    system.get_file(name, str(part))
            except FileNotFoundError:
                return copy
            part.rename(copy)
            self._sizes[copy] = copy.stat().st_size
            while not keep and len(self._sizes) > 1 and sum(self._sizes.values()) > MOST_COPIED_BYTES:
                self.forget(next(iter(self._sizes)))
        return copy

    def forget(self, copy: Path) -> None:
        """Delete a copy."""
        self._sizes.pop(copy, None)
        copy.unlink(missing_ok=True)


def file_system(address: str) -> tuple[Any, str]:
    """Return what opens an address, and its path there. Raise RemoteError, also where a package is missing for it."""
    from fsspec.core import url_to_fs  # only addresses need it

    try:
        system, name = url_to_fs(address)
    except ImportError as error:
        raise RemoteError(f"{address}: it needs the extra: pip install 'belowtheline[s3]' ({error})") from error
    except ValueError as error:
        raise RemoteError(f"{address}: {error}") from error
    return system, name


@contextmanager
def _errors(address: str) -> Iterator[None]:
    """Raise what a file system raises as RemoteError: each has its own errors."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise RemoteError(f"{address}: {error or type(error).__name__}") from error
