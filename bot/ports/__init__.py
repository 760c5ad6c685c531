"""What services need of the world, as protocols, and no more."""

from bot.ports.clock import Clock
from bot.ports.network import Heard, Identity, LookUp, Network, Sent, Spoiled, Wanted
from bot.ports.publishing import Archived, Composer, PlannedPage, Renderer, Target
from bot.ports.store import Due, Held, Person, Standing, Store, Stored

__all__ = [
    "Archived",
    "Clock",
    "Composer",
    "Due",
    "Heard",
    "Held",
    "Identity",
    "LookUp",
    "Network",
    "Person",
    "PlannedPage",
    "Renderer",
    "Sent",
    "Spoiled",
    "Standing",
    "Store",
    "Stored",
    "Target",
    "Wanted",
]
