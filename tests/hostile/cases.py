"""The corpus: what somebody may send us, read from the files beside this one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent / "corpus"
DEEP = 400  # nested lists for ``__DEEP__``


class Case(NamedTuple):
    """One hostile thing.

    Attributes:
        number: its place in the corpus; a canary that fires says it.
        name: file and name.
        attacks: what it is after.
        say: the text.
        facets: Bluesky's facets for it, as they come over the wire.
        big: it belongs on no page that a browser opens in a test.
    """

    number: int
    name: str
    attacks: str
    say: str
    facets: tuple[Any, ...] = ()
    big: bool = False


@cache
def corpus() -> tuple[Case, ...]:
    """Every case."""
    found = [
        (f"{file.stem}: {raw['name']}", raw)
        for file in sorted(HERE.glob("*.json"))
        for raw in json.loads(file.read_text(encoding="utf-8"))
    ]
    return tuple(_case(number, name, raw) for number, (name, raw) in enumerate(found))


def _case(number: int, name: str, raw: dict[str, Any]) -> Case:
    say = raw["say"]
    text = say if isinstance(say, str) else "".join(piece * times for piece, times in say)
    facets = tuple(one for facet in raw.get("facets", ()) for one in _facets(facet, number))
    return Case(number, name, raw["attacks"], _armed(text, number), facets, raw.get("big", False))


def _armed(text: str, number: int) -> str:
    return text.replace("__FIRE__", f"__fire({number})")


def _facets(facet: Any, number: int) -> list[Any]:
    if not (isinstance(facet, dict) and "times" in facet):
        armed = json.loads(_armed(json.dumps(facet), number))
        if isinstance(armed, dict) and armed.get("x") == "__DEEP__":
            for _ in range(DEEP):
                armed["x"] = [armed["x"]]
        return [armed]
    index, features = facet["facet"]["index"], facet["facet"]["features"]
    return [
        {"index": {end: at + facet["step"] * turn for end, at in index.items()}, "features": features}
        for turn in range(facet["times"])
    ]
