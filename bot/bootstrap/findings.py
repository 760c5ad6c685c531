"""What ``staffroom doctor`` finds."""

from __future__ import annotations

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that was examined: what, how it is, in words, and what to do where it is not well."""

    subject: str
    state: Literal["well", "note", "wrong"]
    message: str
    mend: str = ""
