"""The only place that names concrete adapters. Network clients are imported where an account is opened, not before."""

from bot.bootstrap.alerting import duties_of
from bot.bootstrap.backups import back_up, restore
from bot.bootstrap.badges import badge_key, revoke_badges
from bot.bootstrap.checking import check_folder
from bot.bootstrap.desk import (
    cancel_chat,
    export_chat,
    migrate_database,
    plan_of,
    publish,
    rehearse_folder,
)
from bot.bootstrap.digests import change_digest, digest_now, digest_preview, write_digest
from bot.bootstrap.doctor import examine, send_test_alert
from bot.bootstrap.events import new_event, print_event, who_comes
from bot.bootstrap.house import read_settings
from bot.bootstrap.impact import explain_impact, impact_of, write_impact
from bot.bootstrap.linked import say_of
from bot.bootstrap.logins import login_account
from bot.bootstrap.newsletter import newsletter_of, send_newsletter, unsubscribe
from bot.bootstrap.people import about_person, ask_for, everybody, export_person, forget_account
from bot.bootstrap.permissions import note_permission, permissions_of
from bot.bootstrap.places import end_programs, place_duties
from bot.bootstrap.record import make_record
from bot.bootstrap.research import export_research
from bot.bootstrap.review import decide, decisions, held_answer, held_answers, hide_answer
from bot.bootstrap.running import running_house
from bot.bootstrap.sending import send_record
from bot.bootstrap.status import status_of
from bot.bootstrap.stories import new_story, stories_of
from bot.config.scaffold import scaffold as scaffold_folder

__all__ = [
    "about_person",
    "ask_for",
    "back_up",
    "badge_key",
    "cancel_chat",
    "change_digest",
    "check_folder",
    "decide",
    "decisions",
    "digest_now",
    "digest_preview",
    "duties_of",
    "end_programs",
    "everybody",
    "examine",
    "explain_impact",
    "export_chat",
    "export_person",
    "export_research",
    "forget_account",
    "held_answer",
    "held_answers",
    "hide_answer",
    "impact_of",
    "login_account",
    "make_record",
    "migrate_database",
    "new_event",
    "new_story",
    "newsletter_of",
    "note_permission",
    "permissions_of",
    "place_duties",
    "plan_of",
    "print_event",
    "publish",
    "read_settings",
    "rehearse_folder",
    "restore",
    "revoke_badges",
    "running_house",
    "say_of",
    "scaffold_folder",
    "send_newsletter",
    "send_record",
    "send_test_alert",
    "status_of",
    "stories_of",
    "unsubscribe",
    "who_comes",
    "write_digest",
    "write_impact",
]
