"""Rehearsals: a whole chat on a network in memory, at full speed, with made-up teachers and the real code."""

from bot.rehearsal.play import Rehearsed, rehearse

__all__ = ["Rehearsed", "rehearse"]
