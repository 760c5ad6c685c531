"""Records as anybody's app wrote them: each field that is not what it should be is left out alone."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def lenient(raw: msgspec.Raw, kind: type[T]) -> T:
    """Decode what somebody's app wrote. Fields that are not what they should be are left at their defaults."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fields = {}
    sound = {}
    for field in msgspec.structs.fields(kind):
        try:
            sound[field.name] = msgspec.json.decode(fields[field.encode_name], type=field.type)
        except (KeyError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return kind(**sound)
