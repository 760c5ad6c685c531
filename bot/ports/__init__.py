"""What services need of the world, as protocols, and no more."""

from bot.domain.records import Said
from bot.ports.alerts import AlertBook, Mail, Notice
from bot.ports.clock import Clock
from bot.ports.digests import DigestBook
from bot.ports.network import Budget, Condition, Heard, Identity, LookUp, Network, Sent, Spoiled, Wanted
from bot.ports.outbox import OutboxBook
from bot.ports.people import Held, PeopleBook, Person
from bot.ports.pictures import PictureBook
from bot.ports.posts import Due, PostBook, Standing, Stored
from bot.ports.publishing import (
    Album,
    Archived,
    Brought,
    Composer,
    Copied,
    Indexer,
    Place,
    PlannedBundle,
    PlannedPage,
    Quoting,
    Renderer,
    Target,
)
from bot.ports.store import Store

__all__ = [
    "Album",
    "AlertBook",
    "Archived",
    "Brought",
    "Budget",
    "Clock",
    "Composer",
    "Condition",
    "Copied",
    "DigestBook",
    "Due",
    "Heard",
    "Held",
    "Identity",
    "Indexer",
    "LookUp",
    "Mail",
    "Network",
    "Notice",
    "OutboxBook",
    "PeopleBook",
    "Person",
    "PictureBook",
    "Place",
    "PlannedBundle",
    "PlannedPage",
    "PostBook",
    "Quoting",
    "Renderer",
    "Said",
    "Sent",
    "Spoiled",
    "Standing",
    "Store",
    "Stored",
    "Target",
    "Wanted",
]
