"""Bluesky: the AT Protocol over plain HTTP, with records of our own making and no SDK."""

from bot.networks.bluesky.adapter import Bluesky, mark_as_bot

__all__ = ["Bluesky", "mark_as_bot"]
