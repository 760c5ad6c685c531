"""The systemd unit: what it promises stands in it, and what it calls exists."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from bot.cli import main

UNIT = Path(__file__).parents[2] / "deploy" / "staffroom.service"

# systemd.exec(5), systemd.service(5): what keeps a service from harming its computer, each as strict as a bot can bear.
HARDENING = {
    "AmbientCapabilities": "",
    "CapabilityBoundingSet": "",
    "KeyringMode": "private",
    "LockPersonality": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateIPC": "yes",
    "PrivateMounts": "yes",
    "PrivateTmp": "yes",
    "PrivateUsers": "yes",
    "ProcSubset": "pid",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "ReadWritePaths": "/srv/staffroom",
    "RemoveIPC": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def directives() -> dict[str, dict[str, list[str]]]:
    """Sections, their directives, and each one's values in order: a directive may stand more than once."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in UNIT.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[section][name].append(value)
    return found


@pytest.mark.parametrize(("name", "value"), HARDENING.items())
def test_hardening(name: str, value: str) -> None:
    assert directives()["Service"][name] == [value]


def test_system_calls_are_those_of_a_service_without_privileges() -> None:
    assert directives()["Service"]["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


def test_it_is_watched_and_started_again() -> None:
    service = directives()["Service"]
    assert service["Type"] == ["notify"]
    assert service["NotifyAccess"] == ["main"]
    assert service["Restart"] == ["always"]
    assert int(service["WatchdogSec"][0]) >= 60  # the loop's slowest duty may take that long on a small computer
    assert service["RestartPreventExitStatus"] == ["2"]  # a mistake in a file is no better after a restart
    assert directives()["Unit"]["StartLimitIntervalSec"] == ["0"]


def test_the_command_it_starts_exists() -> None:
    program, command, *options = directives()["Service"]["ExecStart"][0].split()
    assert program.endswith("/bin/staffroom")
    known = {spelling for one in main.commands[command].params for spelling in one.opts}
    given = {option for option in options if option.startswith("-")}
    assert given
    assert given <= known


def test_credentials_have_names_that_are_looked_for() -> None:
    names = [value.partition(":")[0] for value in directives()["Service"]["LoadCredential"]]
    assert names
    assert all(re.fullmatch(r"STAFFROOM_[A-Z0-9_]+_(PASSWORD|TOKEN)", name) for name in names)
    assert not any("password" in value.lower() for value in directives()["Service"]["Environment"])
