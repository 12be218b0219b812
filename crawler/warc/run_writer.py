"""The WARC files of a run: one beside the archive, or several at an address, such as object storage.

Nothing can be appended to a file there.
"""

import os
import re
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from archive.store.archive import Archive, Run
from archive.store.paths import warc_folder
from archive.store.remote_files import put
from crawler.warc.writer import EarlierPayload, WarcFile


class RemoteWarc(WarcFile):
    """The WARC files of one run: at each flush what was written becomes a file of its own at the address.

    It is there before the rows that point at it are committed, so that a run that is killed leaves no row without its
    record. What was written since the last flush is lost then, and those pages are asked for again.
    """

    flush_s = 2.0  # each flush is a file

    def __init__(self, prefix: str, info: Mapping[str, str], *, earlier: EarlierPayload | None = None) -> None:
        self.prefix = prefix
        self.folder = Path(mkdtemp(prefix="btl-warc-"))
        self.number = 0
        super().__init__(self.folder, info, earlier=earlier)
        self._begin()

    def flush(self) -> None:
        """Put what was written at its address. Raise RemoteError; it is then put there by the next flush."""
        super().flush()
        if self.file is not None and self.whole > self.head:
            put(self.path, self.name)
            self.file.close()
            self.file = None
            self.path.unlink()
            self._begin()

    def close(self) -> None:
        """Put what is left at its address. Raise RemoteError where that fails: it is lost then."""
        try:
            self.flush()
        finally:
            if self.file is not None:
                with suppress(OSError):
                    self.file.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        self.number += 1
        self.name = f"{self.prefix}-{self.number:05}.warc.gz"
        self.path = self.folder / self.name.rpartition("/")[2]


def remote_prefix(address: str, run: str) -> str:
    """Return how the addresses of a run's WARC files begin: with the run, and with the worker."""
    machine = re.sub(r"[^\w.-]", "-", socket.gethostname())
    return f"{address.rstrip('/')}/{run}-{machine}-{os.getpid()}"


def open_warc(
    archive: Archive, run: Run, info: Mapping[str, str], address: str | None, *, earlier: EarlierPayload | None
) -> WarcFile:
    """Return the WARC file of a run, or those that it puts at an address. `info` is for their warcinfo records."""
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-run{run.id}"
    if address is not None:
        prefix = remote_prefix(address, name)
        archive.note_setting(run, "warc", prefix)
        return RemoteWarc(prefix, info, earlier=earlier)
    return WarcFile(warc_folder(archive.path) / f"{name}.warc.gz", info, earlier=earlier)
