"""What is installed for the project, its tests and CI is written down version by version, and file by file by its hash."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FILES = [
    "constraints.txt",
    "tests/servers/isso-build.txt",
    "tests/servers/isso.txt",
    "tests/servers/xtd.txt",
    "tests/servers/node.txt",
]
LOCKS = ["tests/servers/npm/waline/package-lock.json", "tests/servers/npm/ghost/package-lock.json"]


def entries(path):
    """Yield each requirement of a file and its hashes."""
    text = (ROOT / path).read_text("utf-8").replace("\\\n", " ")
    for line in filter(None, (line.partition("#")[0].strip() for line in text.splitlines())):
        requirement, *hashes = re.split(r"\s+--hash=", line)
        yield Requirement(requirement), hashes


@pytest.mark.parametrize("path", FILES)
def test_each_entry_is_one_version_with_its_hashes_and_names_no_index(path):
    rows = list(entries(path))
    assert rows
    assert "://" not in (ROOT / path).read_text("utf-8")
    for requirement, hashes in rows:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), requirement


@pytest.mark.parametrize("path", LOCKS)
def test_each_package_of_a_lockfile_has_its_hash_and_names_no_registry(path):
    packages = json.loads((ROOT / path).read_text("utf-8"))["packages"]
    own = packages.pop("")["dependencies"]
    if (stated := (ROOT / path).with_name("package.json")).exists():
        assert own == json.loads(stated.read_text("utf-8"))["dependencies"]
    assert packages
    for name, package in packages.items():
        assert re.fullmatch(r"sha512-[\w+/]{86}==", package["integrity"]), name
        assert package.get("resolved", "file:").startswith("file:"), name


def test_every_requirement_of_the_project_is_met():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = stated["project"]
    wanted = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
        *stated["build-system"]["requires"],
        *stated["dependency-groups"]["dev"],
    ]
    versions = {canonicalize_name(row.name): next(iter(row.specifier)).version for row, _ in entries("constraints.txt")}
    for requirement in map(Requirement, wanted):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in constraints.txt: make constraints"
        assert version in requirement.specifier, f"{requirement} is {version} in constraints.txt: make constraints"


def test_nothing_is_installed_past_the_hashes():
    """Every `pip install` of the project's own commands asks for hashes, or installs the project without anything else."""
    for path in ("Makefile", "tests/servers/install.sh", ".ci/run"):
        for line in (ROOT / path).read_text("utf-8").splitlines():
            if re.search(r"\bpip install\b", line):
                assert "--require-hashes" in line or "--no-deps --no-build-isolation -e ." in line, f"{path}: {line}"
            assert not re.search(r"\bnpm (?:i|install|add|exec)\b|\bnpx\b", line), f"{path}: {line}"
            if re.search(r"\bnpm ci\b", line):
                assert "--ignore-scripts" in line, f"{path}: {line}"
