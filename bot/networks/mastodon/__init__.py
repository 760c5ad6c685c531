"""Mastodon, and every server that speaks its API: reading and posting by httpx, logging in by Mastodon.py."""

from bot.networks.mastodon.adapter import Mastodon

__all__ = ["Mastodon"]
