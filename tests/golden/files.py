"""Where golden outputs are kept."""

from pathlib import Path

EXPECTED = Path(__file__).parent / "expected"


def kept(group: str = "*") -> dict[str, Path]:
    """The files that are kept, by `group/name`."""
    paths = sorted(path for path in EXPECTED.glob(f"{group}/**/*.txt") if path.is_file())
    return {path.relative_to(EXPECTED).as_posix(): path for path in paths}
