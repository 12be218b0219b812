"""How long `btl publish` takes beside copying the archive's file: the first time, after a small crawl, and unchanged.

python -m benchmarks.publish_speed [--comments 200000] [--db ARCHIVE.db] [--folder FOLDER] [--json]

Without --db an archive is generated. The archive is copied and left alone; all is written below --folder (by default
where temporary files go), which needs room for the archive eight times over. Exit status 1 where a command fails, or
where `btl verify` finds a fault in a release.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.large.again import crawl
from benchmarks.large.fill import fill

PIECE = 16 << 20


def copied(source: Path, target: Path) -> float:
    """Seconds of copying a file until the disk has it."""
    began = time.perf_counter()
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, PIECE)
        write.flush()
        os.fsync(write.fileno())
    return time.perf_counter() - began


def command(*arguments: str) -> tuple[float, int]:
    """Seconds of one `btl` command and the peak memory (MB) of its process. Raises RuntimeError where it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        actions = [(os.POSIX_SPAWN_DUP2, said.fileno(), 1), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
        run = [sys.executable, "-m", "archive.cli", *arguments]
        process = os.posix_spawn(sys.executable, run, os.environ, file_actions=actions)
        _, status, used = os.wait4(process, 0)
        if status:
            said.seek(0)
            raise RuntimeError(f"btl {' '.join(arguments)} failed: {said.read().decode()[-2000:]}")
    return time.perf_counter() - began, used.ru_maxrss // 1024


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` gives, in a process of its own: the peak memory of a command counts that of who started it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def size_of(folder: Path) -> int:
    """Bytes of the files below a folder; a file with several names counts once."""
    found = {
        (at.st_dev, at.st_ino): at.st_size for at in (path.lstat() for path in folder.rglob("*") if path.is_file())
    }
    return sum(found.values())


def measure(source: Path, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Times in seconds, and as ratios to the copy that was made right before."""
    archive, spare, out = folder / "archive.db", folder / "spare.db", folder / "public" / "archive.db"
    copied(source, archive)
    out.parent.mkdir()
    found: dict[str, Any] = {"archive_mb": round(archive.stat().st_size / 1e6)}

    def publish(name: str) -> None:
        copy = copied(archive, spare)
        spare.unlink()
        seconds, peak = command("publish", str(out), "--db", str(archive))
        row = {"copy_s": round(copy, 2), "publish_s": round(seconds, 2), "ratio": round(seconds / copy, 2)}
        found[name] = row | {"peak_mb": peak, "public_mb": round(out.stat().st_size / 1e6)}
        say(f"{name:<22}" + "  ".join(f"{key} {value:>10,}" for key, value in found[name].items()))

    publish("first")
    found["release_mb"] = round(size_of(out.resolve().parent) / 1e6)
    found["crawled"] = apart(crawl, archive)
    publish("after a small crawl")
    publish("with nothing changed")
    found["all_releases_mb"] = round(size_of(folder / "public") / 1e6)
    seconds, _ = command("verify", str(out.resolve().parent))
    found["verify_s"] = round(seconds, 2)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", type=int, default=200_000)
    parser.add_argument("--db", type=Path, help="an archive to measure instead of a generated one")
    parser.add_argument("--folder", type=Path, help="where to write: the disk that is measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    say: Callable[[str], None] = (lambda _: None) if options.json else (lambda line: print(line, flush=True))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        source = options.db or Path(folder) / "generated.db"
        if not options.db:
            apart(fill, source, options.comments)
        try:
            found = measure(source, Path(folder), say)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            if not isinstance(value, dict):
                say(f"{name:<22}{value:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
