"""The wheel holds what an installed `btl` needs."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_templates_styles_sample_and_metadata_are_inside(tmp_path):
    left_out = shutil.ignore_patterns(".git", ".venv", ".*cache", "__pycache__", "*.db*", ".hypothesis")
    source = shutil.copytree(ROOT, tmp_path / "source", ignore=left_out)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "wheel")]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheel").iterdir()
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("archive", "crawler"):
        files = {str(path.relative_to(source)) for path in (source / folder).rglob("*") if path.is_file()}
        assert files <= inside
    assert "archive/site/datasette-metadata.json" in inside
    assert not any(name.startswith(("tests/", "docs/", "benchmarks/")) for name in inside)
