"""A private PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.services.service import Service

_NAME, _PASSWORD = "ivr", "open-sesame"

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a path in a temporary folder may be too long for one
    # What was acknowledged is in the system's hands, and outlives the processes.
    "fsync": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "huge_pages": "off",
    "dynamic_shared_memory_type": "mmap",  # in the folder, and so gone with it
    "jit": "off",
}


class PostgresServer(Service):
    """A PostgreSQL of this run alone, which keeps all it has acknowledged.

    It refuses to run as root; root has it run as the user of the system's own PostgreSQL, who
    may not look into every folder, so that its files are in one right below ``/tmp`` then.

    Args:
        folder: where it keeps its files.
        settings: more of its settings, as in ``postgresql.conf``.
    """

    end = signal.SIGQUIT

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self._settings = {**_SETTINGS, **(settings or {})}
        self.user = None if os.getuid() else _unprivileged()

    @staticmethod
    def is_installed() -> bool:
        """Return whether there is a PostgreSQL to start."""
        return _programs() is not None

    @property
    def url(self) -> str:
        """The URL of its database ``ivr``."""
        return self._url(_NAME)

    def fresh_url(self) -> str:
        """Return the URL of a database of its own, for one test."""
        name = f"ivr_{uuid4().hex}"
        self._create(name)
        return self._url(name)

    def start(self) -> None:
        """Start it, and wait until it answers; the first time, make its files before."""
        is_first = self.home is None
        if is_first:
            self._make_home()
        super().start()
        if is_first:
            self._create(_NAME)

    def stop(self) -> None:
        """End it, and remove its files."""
        super().stop()
        if self.home is not None:
            shutil.rmtree(self.home, ignore_errors=True)  # there are none unless it was killed
            self.home = None

    def command(self) -> list[str]:
        """Return the program and its arguments."""
        settings = {**self._settings, "port": str(self.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(_program("postgres")), "-D", f"{self.home}/data", *options]

    def answers(self) -> bool:
        """Return whether it has recovered what there is to, and lets clients in."""
        import psycopg

        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://{_NAME}:{_PASSWORD}@127.0.0.1:{self.port}/{database}"

    def _create(self, database: str) -> None:
        import psycopg
        from psycopg.sql import SQL, Identifier

        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(database)))

    def _make_home(self) -> None:
        """Make the files of a server, and its superuser with a password."""
        if self.user is None:
            self.home = Path(tempfile.mkdtemp(prefix="postgres-", dir=self.folder))
            self._initialize({})
        else:
            uid, gid = self.user
            self.home = Path(tempfile.mkdtemp(prefix="postgres-"))
            os.chown(self.home, uid, gid)
            self._initialize({"user": uid, "group": gid, "extra_groups": []})

    def _initialize(self, user: dict[str, Any]) -> None:
        assert self.home is not None
        password = self.home / "password"
        password.write_text(_PASSWORD)
        password.chmod(0o644)  # initdb is somebody else
        command = f"{_program('initdb')} -D {self.home}/data -U {_NAME} --pwfile={password}"
        options = "--auth=scram-sha-256 --no-locale --encoding=UTF8 --wal-segsize=1 --no-sync"
        subprocess.run(
            [*command.split(), *options.split()],
            cwd=self.home,
            check=True,
            stdout=subprocess.DEVNULL,
            **user,
        )


def _programs() -> Path | None:
    """Return the folder of the newest PostgreSQL: that on PATH, or one of Debian's."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((path.parent for path in folders), key=_version, default=None)


def _version(folder: Path) -> int:
    return int(folder.parent.name)


def _program(name: str) -> Path:
    folder = _programs()
    assert folder is not None, "PostgreSQL is not installed"
    return folder / name


def _unprivileged() -> tuple[int, int]:
    """Return the user of the system's PostgreSQL, or nobody."""
    users = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    return user.pw_uid, user.pw_gid
