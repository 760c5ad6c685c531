"""List what the bot is made of, from what is installed and pinned: CycloneDX with licences, dependencies and hashes.

    python deploy/sbom.py build/sbom.json
    python deploy/sbom.py --requirements build/requirements.txt    the same as pinned lines, for an audit

Development tools are left out: they ship nowhere.
"""

import argparse
import json
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
NAME = "staffroom"
UNSAID = {"pyrage": "MIT"}
"""Licences of those whose metadata only names a file with the text, read there."""


def needed(name: str, extras: frozenset[str]) -> dict[str, frozenset[str]]:
    """All that a distribution needs on this computer, itself included, each with the extras that are asked of it."""
    found: dict[str, frozenset[str]] = {}
    waiting = [(canonicalize_name(name), extras)]
    while waiting:
        one, asked = waiting.pop()
        if one in found and asked <= found[one]:
            continue
        found[one] = found.get(one, frozenset()) | asked
        for line in distribution(one).requires or ():
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *found[one]}):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def pinned(constraints: str) -> dict[str, str]:
    """The lines of a constraints file by distribution, each with its version, marker and hashes."""
    blocks = re.split(r"(?<!\\)\n", constraints)
    return {canonicalize_name(block.partition("==")[0]): block for block in blocks if "==" in block}


def hashes(block: str) -> list[dict[str, str]]:
    """SHA-256 of every file of a pinned version."""
    return [{"alg": "SHA-256", "content": found} for found in re.findall(r"sha256:([0-9a-f]{64})", block)]


def bill(parts: set[str], pins: dict[str, str]) -> dict[str, Any]:
    """The bill of materials (https://cyclonedx.org/docs/1.6/json/), of these parts alone, without times or paths."""
    command = [Path(sys.executable).parent / "cyclonedx-py", "environment", "--output-reproducible", "--no-validate"]
    done = subprocess.run(  # noqa: S603 - our own tool, from our own environment
        [*command, "--of", "JSON", "--pyproject", ROOT / "pyproject.toml", "--mc-type", "application", sys.executable],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    whole: dict[str, Any] = json.loads(done.stdout)
    kept = [one for one in whole["components"] if canonicalize_name(one["name"]) in parts]
    for one in kept:
        name = canonicalize_name(one["name"])
        one["hashes"] = hashes(pins[name])
        if name in UNSAID:
            one.setdefault("licenses", [{"license": {"id": UNSAID[name]}}])
        one.pop("externalReferences", None)  # may name this computer
    whole["components"] = kept
    refs = {one["bom-ref"] for one in kept} | {whole["metadata"]["component"]["bom-ref"]}
    whole["dependencies"] = [
        {"ref": one["ref"], "dependsOn": sorted(refs & set(one.get("dependsOn", ())))}
        for one in whole["dependencies"]
        if one["ref"] in refs
    ]
    return whole


def main() -> None:
    """Write the list."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--requirements", action="store_true", help="pinned lines instead of CycloneDX")
    asked.add_argument("file", type=Path)
    told = asked.parse_args()
    extras = frozenset(distribution(NAME).metadata.get_all("Provides-Extra") or ())
    parts = set(needed(NAME, extras)) - {NAME}
    pins = pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    if told.requirements:
        text = "".join(f"{pins[part]}\n" for part in sorted(parts))
    else:
        text = json.dumps(bill(parts, pins), indent=2, ensure_ascii=False) + "\n"
    told.file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
