"""List the captures of a WACZ file: WARC files in a zip, which are read where they stand, or unpacked."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from archive.takedown.warc_records import Problem
from crawler.warc.record_heads import RecordHead, list_captures
from crawler.warc.stored import LARGEST_MEMBER, MOST_RATIO

WARC_SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".wet", ".wet.gz")
NAME_LENGTHS = 26  # offset of two 16-bit numbers in a zip's local header of 30 bytes
LOCAL_HEADER = 30


def list_wacz(path: Path) -> Iterator[tuple[Path, RecordHead | Problem]]:
    """Yield each capture with the file that it is read from: the WACZ itself, or `WACZ!MEMBER` where it is packed.

    Of a WACZ of several WACZ files, those of each of them. Raise ValueError where the file holds no WARC file.
    """
    try:
        with path.open("rb") as file:
            archive = ZipFile(file)
            names = [info.filename for info in archive.infolist()]
            members = [info for info in archive.infolist() if info.filename.endswith(WARC_SUFFIXES)]
            inner = [info for info in archive.infolist() if info.filename.endswith(".wacz")] if not members else []
            nested = [entry for info in inner for entry in _nested_members(archive, info, path)]
    except BadZipFile as error:
        raise ValueError(f"{path}: {error}") from error
    if not members and not nested:
        raise ValueError(f"{path}: holds no WARC file, but {', '.join(names[:3]) or 'nothing'}")
    for info in members:
        yield from _list_member(path, info)
    for entry in nested:
        yield from [(path, entry)] if isinstance(entry, Problem) else _list_stored(path, *entry)


def _nested_members(archive: ZipFile, outer: ZipInfo, path: Path) -> Iterator[tuple[str, int, int] | Problem]:
    """Yield name, offset of the local header and size of each WARC file of a WACZ within a WACZ, neither packed."""
    name = f"{path}!{outer.filename}"
    if outer.compress_type != ZIP_STORED:
        yield Problem(name, "is a WACZ that is packed itself: unpack the outer one")
        return
    start = zip_data_offset(path, outer.header_offset)
    with archive.open(outer) as file, ZipFile(file) as container:
        for info in container.infolist():
            if info.filename.endswith(WARC_SUFFIXES):
                if info.compress_type == ZIP_STORED and not info.filename.endswith(".zst"):
                    yield f"{name}!{info.filename}", start + info.header_offset, info.file_size
                else:
                    yield Problem(f"{name}!{info.filename}", "is packed within a WACZ of several: unpack the outer one")


def _list_stored(path: Path, name: str, header: int, size: int) -> Iterator[tuple[Path, RecordHead | Problem]]:
    """Yield the captures of a WARC file that stands as it is in a zip, whose local header begins at `header`."""
    start = zip_data_offset(path, header)
    yield from ((path, item) for item in list_captures(path, start, start + size, name))


def _list_member(path: Path, info: ZipInfo) -> Iterator[tuple[Path, RecordHead | Problem]]:
    name = f"{path}!{info.filename}"
    is_zstd = info.filename.endswith(".zst")
    if info.compress_type == ZIP_STORED and not is_zstd:
        yield from _list_stored(path, name, info.header_offset, info.file_size)
    elif info.file_size > LARGEST_MEMBER or info.file_size > MOST_RATIO * max(1, info.compress_size):
        yield path, Problem(name, f"is a member of {info.file_size >> 20} MB")
    else:
        try:
            items = list(list_captures(Path(name), 0, None, name, is_zstd=is_zstd))
        except (OSError, ValueError, zlib.error) as error:
            items = [Problem(name, str(error))]
        yield from ((Path(name), item) for item in items)


def zip_data_offset(path: Path, header_offset: int) -> int:
    """Return where a stored member's bytes begin: after the zip's local header, its file name and extra field."""
    with path.open("rb") as file:
        file.seek(header_offset + NAME_LENGTHS)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return header_offset + LOCAL_HEADER + name + extra
