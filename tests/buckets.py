"""Object storage on this machine: moto's server, and fsspec's view of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
import pytest
from moto.server import ThreadedMotoServer


@contextmanager
def object_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield a file system of empty object storage, which addresses (`s3://`) of this process and its children open.

    fsspec keeps a file system for each set of arguments, whatever the environment says: that of an earlier test would
    ask a server that has ended.
    """
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {"ENDPOINT_URL": f"http://{host}:{port}", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}
    for name, value in (settings | {"DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    kind = fsspec.get_filesystem_class("s3")
    kind.clear_instance_cache()
    system = fsspec.filesystem("s3")
    try:
        yield system
    finally:
        for bucket in system.ls("", refresh=True):  # moto's servers of one process share them
            system.rm(bucket, recursive=True)
        kind.clear_instance_cache()
        server.stop()
