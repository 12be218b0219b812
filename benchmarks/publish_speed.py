"""Measure `btl publish` beside copying the archive's file: the first time, after a small crawl, and unchanged.

And `btl verify` beside `sha256sum` of the release's files, by processor time.

python -m benchmarks.publish_speed [--comments 200000] [--db ARCHIVE.db] [--folder FOLDER] [--json]

Without --db an archive is generated. The archive is copied and left alone; all is written below --folder (by default
where temporary files go), which needs eight times the space of the archive. Exit status 1 where a command fails, or
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
BTL = (sys.executable, "-m", "archive.cli")


def copy_file(source: Path, target: Path) -> float:
    """Copy a file until the disk has it; return the seconds."""
    began = time.perf_counter()
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, PIECE)
        write.flush()
        os.fsync(write.fileno())
    return time.perf_counter() - began


def run_command(*arguments: str) -> tuple[float, float, int]:
    """Run a command; return seconds, CPU seconds with those of its processes, and its peak memory (MB).

    Raise RuntimeError if it fails.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        actions = [(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, output.fileno(), 2)]
        process = os.posix_spawnp(arguments[0], arguments, os.environ, file_actions=actions)
        _, status, used = os.wait4(process, 0)
        if status:
            output.seek(0)
            raise RuntimeError(f"{' '.join(arguments)} failed: {output.read().decode()[-2000:]}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


def run_apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in a process of its own: a command inherits the peak memory of the process that starts it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def size_of(folder: Path) -> int:
    """Return the bytes of the files below a folder; a file with several names counts once."""
    sizes = {
        (at.st_dev, at.st_ino): at.st_size for at in (path.lstat() for path in folder.rglob("*") if path.is_file())
    }
    return sum(sizes.values())


def measure(source: Path, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Return times in seconds, and as ratios to a file copy made right before."""
    archive, spare, out = folder / "archive.db", folder / "spare.db", folder / "public" / "archive.db"
    copy_file(source, archive)
    out.parent.mkdir()
    results: dict[str, Any] = {"archive_mb": round(archive.stat().st_size / 1e6)}

    def publish(name: str) -> None:
        copy = copy_file(archive, spare)
        spare.unlink()
        seconds, cpu, peak = run_command(*BTL, "publish", str(out), "--db", str(archive))
        row = {"copy_s": round(copy, 2), "publish_s": round(seconds, 2), "ratio": round(seconds / copy, 2)}
        results[name] = row | {"cpu_s": round(cpu, 2), "peak_mb": peak, "public_mb": round(out.stat().st_size / 1e6)}
        say(f"{name:<22}" + "  ".join(f"{key} {value:>10,}" for key, value in results[name].items()))

    publish("first")
    results["release_mb"] = round(size_of(out.resolve().parent) / 1e6)
    results["crawled"] = run_apart(crawl, archive)
    publish("after a small crawl")
    publish("with nothing changed")
    results["all_releases_mb"] = round(size_of(folder / "public") / 1e6)
    release = out.resolve().parent
    seconds, cpu, _ = run_command(*BTL, "verify", str(release))
    _, hashing, _ = run_command("sha256sum", *(str(path) for path in release.rglob("*") if path.is_file()))
    results |= {"verify_s": round(seconds, 2), "verify_cpu_s": round(cpu, 2), "sha256sum_cpu_s": round(hashing, 2)}
    results["verify_ratio"] = round(cpu / hashing, 2)
    return results


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
            run_apart(fill, source, options.comments)
        try:
            results = measure(source, Path(folder), say)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
    if options.json:
        print(json.dumps(results))
    else:
        for name, value in results.items():
            if not isinstance(value, dict):
                say(f"{name:<22}{value:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
