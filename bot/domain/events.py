"""What is told to whoever watches the bot: a line for people that also carries its parts for machines."""

from __future__ import annotations

from typing import Literal, Self

Level = Literal["info", "warning", "error"]
Field = str | int | float | bool | None


class Event(str):
    """One thing that happened, in words; a ``str``, so that whoever only wants the line just takes it.

    Args:
        name: what happened, in plain words that are always the same (``sent``, ``stream broken``).
        line: the whole in words; by default the name and the fields' values.
        level: how grave it is.
        fields: its parts, such as ``delivery`` or ``account``; never text of posts, never a handle.
    """

    __slots__ = ("fields", "level", "name")

    name: str
    level: Level
    fields: dict[str, Field]

    def __new__(cls, name: str, line: str = "", *, level: Level = "info", **fields: Field) -> Self:
        """Make the line; ``sent`` with ``delivery=x`` reads ``sent: x``."""
        values = ", ".join(str(value) for value in fields.values())
        made = super().__new__(cls, line or (f"{name}: {values}" if values else name))
        made.name, made.level, made.fields = name, level, fields
        return made

    @classmethod
    def of(cls, line: str) -> Event:
        """The same line if it is an event already, else one that has no parts."""
        return line if isinstance(line, Event) else Event("told", line)


__all__ = ["Event", "Field", "Level"]
