"""The arrows of the design hold, and the contracts that say so bite."""

import ast
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def copy(tmp_path):
    for name in ("archive", "crawler"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "sample"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder):
    run = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder)})


def test_the_contracts_hold(copy):
    assert "0 broken" in lint_imports(copy).stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("archive/store/archive.py", "import crawler"),
        ("archive/cli/common.py", "import crawler"),
        ("archive/thread.py", "import archive.text"),
        ("archive/store/diff.py", "import archive.export"),
        ("archive/store/archive.py", "import archive.export"),
        ("archive/site/formatting.py", "import archive.cli"),
        ("crawler/platforms/isso.py", "import scrapy"),
        ("crawler/evidence/captures.py", "import crawler.state"),
        ("crawler/state.py", "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import crawler.spiders.news"),
        ("archive/importers/plain_text/importer.py", "import archive.publish"),
    ],
)
def test_a_planted_violation_is_found(copy, module, line):
    with (copy / module).open("a") as file:
        file.write(f"\n{line}\n")
    done = lint_imports(copy)
    assert done.returncode == 1
    assert "1 broken" in done.stdout


def test_generated_pages_are_current():
    """In a process of its own: click keeps a command's help option as it was first asked for, which tests do otherwise."""
    done = subprocess.run([sys.executable, "-m", "docs.generate", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_class_name_is_used_once():
    files_of = defaultdict(list)
    for path in sorted([*ROOT.glob("archive/**/*.py"), *ROOT.glob("crawler/**/*.py")]):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                files_of[node.name].append(str(path.relative_to(ROOT)))
    assert {name: files for name, files in files_of.items() if len(files) > 1} == {}
