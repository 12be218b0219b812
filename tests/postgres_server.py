"""A PostgreSQL cluster for one test session: on a Unix socket alone, without fsync, gone with the session."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "40",
    "autovacuum": "off",
    "jit": "off",
}
_numbers = count(1)


def find_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs, or None where there is none."""
    if own := shutil.which("initdb"):
        return Path(own).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return folders[-1] if folders else None


class Cluster:
    """A running cluster; `address` names a database of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def address(self, database: str) -> str:
        return f"postgresql://tester@/{database}?host={self.folder}"

    def run(self, sql: str) -> None:
        """Run one statement outside of transactions."""
        import psycopg

        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def wait(self, server: subprocess.Popen[bytes]) -> None:
        """Wait until it can be connected to. Raise RuntimeError where it ends instead."""
        import psycopg

        while True:
            try:
                self.run("select 1")
                return
            except psycopg.OperationalError:
                if server.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def create(self, template: str = "template0") -> str:
        """Create a database as a copy of another one, and return its name."""
        name = f"archive_{next(_numbers)}"
        self.run(f"create database {name} template {template}")
        return name

    def drop(self, name: str) -> None:
        self.run(f"drop database {name} with (force)")


@contextmanager
def running_cluster(programs: Path) -> Iterator[Cluster]:
    """Start a cluster in a folder of its own, as another user where this is root, which PostgreSQL refuses to be."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=os.environ.get("TMPDIR")))
    account = _account()
    options: dict[str, Any] = (
        {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    )
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"LC_ALL": "C"}
    if account is not None:
        shutil.chown(folder, account.pw_uid, account.pw_gid)
        for parent in folder.parents:
            if parent.owner() == "root" and parent != Path("/") and str(parent) not in ("/tmp", "/dev/shm", "/dev"):
                parent.chmod(parent.stat().st_mode | 0o711)
    data = folder / "data"

    def call(*command: object) -> None:
        subprocess.run(list(map(str, command)), check=True, env=environment, cwd=folder, capture_output=True, **options)

    try:
        call(programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        settings = SETTINGS | {"unix_socket_directories": str(folder)}
        with (data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        command = [str(programs / "postgres"), "-D", str(data)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log, **options)
        try:
            cluster = Cluster(folder)
            cluster.wait(server)
            yield cluster
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
            server.wait()
    finally:
        shutil.rmtree(folder)


def _account() -> pwd.struct_passwd | None:
    """Return whom the server runs as: nobody in place of root, and else this user."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None
