"""The wheel holds what an installed `btl` needs, and is built from no more than what the Dockerfile copies."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from archive.cli.commands import COMMANDS

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a bare directory with what the Dockerfile copies, and the names in the wheel that is built from it."""
    source = tmp_path_factory.mktemp("source")
    for listed, target in re.findall(r"(?m)^COPY (?!--from)(.+) (\S+)$", (ROOT / "Dockerfile").read_text()):
        for name in listed.split():
            if (ROOT / name).is_dir():
                left_out = shutil.ignore_patterns("__pycache__", "*.db*")
                shutil.copytree(ROOT / name, source / target, ignore=left_out)
            else:
                shutil.copy(ROOT / name, source / target)
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.iterdir()
    return source, set(zipfile.ZipFile(wheel).namelist())


def test_templates_styles_sample_examples_and_metadata_are_inside(built):
    source, inside = built
    for folder in ("archive", "crawler"):
        files = {str(path.relative_to(source)) for path in (source / folder).rglob("*") if path.is_file()}
        assert files <= inside
    assert {
        *("archive/site/datasette-metadata.json", "archive/sample/verdicts.toml", "crawler/outlets.example.toml"),
        *("archive/publish/publish.example.toml", "archive/sample/visits/2026-05-10.warc"),
    } <= inside
    assert not any(name.startswith(("tests/", "docs/", "benchmarks/")) for name in inside)


def test_the_container_gets_all_that_it_copies(built):
    kept = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")}
    assert kept == {path.name for path in built[0].iterdir()}


def test_the_versions_that_the_container_installs_have_no_hashes():
    script = re.search(r"sed -E '([^']+)' constraints\.txt", (ROOT / "Dockerfile").read_text())[1]
    done = subprocess.run(["sed", "-E", script, ROOT / "constraints.txt"], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    assert len(lines) > 50
    assert all(re.fullmatch(r"[\w.\[\]-]+==\S+( ; .+[^\\ ])?", line) for line in lines)


def test_the_services_run_commands_that_exist():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    commands = [" ".join(("btl", service["command"])) if isinstance(service["command"], str) else service["command"][0]
                for service in services.values()]  # fmt: skip
    named = [name for command in commands for name in re.findall(r"\bbtl (\w+)", command)]
    assert named == ["serve", "crawl", "crawl"]
    assert set(named) <= set(COMMANDS)


def test_the_crawling_service_makes_the_archive_and_then_visits_what_is_due(tmp_path):
    """Its script, as it stands, with a btl and a sleep that only note that they ran; the second sleep ends it."""
    script = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["crawl"]["command"][0]
    log, tools = tmp_path / "log", tmp_path / "tools"
    tools.mkdir()
    stubs = {
        "btl": f'echo "$*" >> {log}; touch {tmp_path}/archive.db',
        "sleep": f'echo "sleep $*" >> {log}; if [ "$(grep -c sleep {log})" = 2 ]; then kill $PPID; fi',
    }
    for name, lines in stubs.items():
        (tools / name).write_text(f"#!/bin/sh\n{lines}\n")
        (tools / name).chmod(0o755)
    script = script.replace("/opt/btl/bin/btl", str(tools / "btl")).replace("/data", str(tmp_path))
    subprocess.run(["/bin/sh", "-c", script], env={"PATH": f"{tools}:/usr/bin:/bin"}, check=False, timeout=60)
    files = f"{tmp_path}/outlets.toml --db {tmp_path}/archive.db --quiet"
    due = [f"crawl --due {files}", "sleep 900"]
    assert log.read_text().splitlines() == [f"crawl {files}", *due, *due]


def test_no_service_takes_an_image_of_that_name_from_elsewhere():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert {(service["build"], service["pull_policy"]) for service in services.values()} == {(".", "build")}
