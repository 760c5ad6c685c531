"""A network in memory, for rehearsals: it keeps what is said to it and answers like the network it plays."""

from bot.networks.sandbox.adapter import Sandbox
from bot.networks.sandbox.server import SandboxServer

__all__ = ["Sandbox", "SandboxServer"]
