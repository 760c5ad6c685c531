"""What services need of the world, as protocols, and no more."""

from bot.domain.records import Said
from bot.ports.alerts import AlertBook, Mail, Notice
from bot.ports.clock import Clock
from bot.ports.network import Budget, Condition, Heard, Identity, LookUp, Network, Sent, Spoiled, Wanted
from bot.ports.outbox import OutboxBook
from bot.ports.people import Held, PeopleBook, Person
from bot.ports.posts import Due, PostBook, Standing, Stored
from bot.ports.publishing import Archived, Composer, PlannedPage, Renderer, Target
from bot.ports.store import Store

__all__ = [
    "AlertBook",
    "Archived",
    "Budget",
    "Clock",
    "Composer",
    "Condition",
    "Due",
    "Heard",
    "Held",
    "Identity",
    "LookUp",
    "Mail",
    "Network",
    "Notice",
    "OutboxBook",
    "PeopleBook",
    "Person",
    "PlannedPage",
    "PostBook",
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
