"""What we depend on is pinned with hashes, and its list for others is whole."""

import importlib.util
import json
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sbom() -> ModuleType:
    found = importlib.util.spec_from_file_location("staffroom_sbom", ROOT / "deploy" / "sbom.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pins(sbom: ModuleType) -> dict[str, str]:
    found: dict[str, str] = sbom.pinned((ROOT / "constraints.txt").read_text())
    return found


@pytest.fixture(scope="module")
def parts(sbom: ModuleType) -> set[str]:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return set(sbom.needed("staffroom", frozenset(asked))) - {"staffroom"}


def test_every_version_is_pinned_with_the_hash_of_every_file(pins: dict[str, str], sbom: ModuleType) -> None:
    assert len(pins) > 90
    for name, block in pins.items():
        assert re.match(r"[a-z0-9-]+==[\w.]+( ;| \\)", block), name
        assert sbom.hashes(block), name


def test_no_address_of_a_registry_stands_beside_them() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text()
    assert '"resolved"' not in (ROOT / "tests" / "networks" / "package-lock.json").read_text()


def test_what_is_installed_is_what_is_pinned(pins: dict[str, str], parts: set[str]) -> None:
    from importlib.metadata import version

    assert {"httpx", "sqlalchemy", "psycopg", "httpcore"} <= parts
    assert not {"pytest", "ruff", "hypothesis"} & parts
    assert {name: pins[name].split()[0] for name in parts} == {name: f"{name}=={version(name)}" for name in parts}


def test_the_bill_of_materials_lists_each_with_licence_and_hash(
    sbom: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: set[str]
) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator  # nearly two seconds, in each process that collects this

    file = tmp_path / "sbom.json"
    monkeypatch.setattr(sys, "argv", ["sbom.py", str(file)])
    sbom.main()
    told: dict[str, Any] = json.loads(file.read_text())
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text()) is None
    assert (told["bomFormat"], told["metadata"]["component"]["name"]) == ("CycloneDX", "staffroom")
    listed = {one["name"].lower().replace("_", "-").replace(".", "-"): one for one in told["components"]}
    assert set(listed) == parts
    assert all(one["licenses"] and one["hashes"] for one in listed.values())
    (ours,) = (one for one in told["dependencies"] if one["ref"] == told["metadata"]["component"]["bom-ref"])
    assert any(ref.startswith("httpx==") for ref in ours["dependsOn"])
    assert str(ROOT) not in file.read_text()
    assert str(Path.home()) + "/" not in file.read_text()
