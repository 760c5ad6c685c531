"""What services need of the world, as protocols, and no more."""

from bot.ports.clock import Clock
from bot.ports.network import Heard, Identity, LookUp, Network, Sent
from bot.ports.publishing import Archived, Composer, PlannedPage, Renderer, Target
from bot.ports.store import Due, Standing, Store, Stored

__all__ = [
    "Archived",
    "Clock",
    "Composer",
    "Due",
    "Heard",
    "Identity",
    "LookUp",
    "Network",
    "PlannedPage",
    "Renderer",
    "Sent",
    "Standing",
    "Store",
    "Stored",
    "Target",
]
