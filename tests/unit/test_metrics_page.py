"""docs/metrics.md and the code name the same metrics, labels and values of labels."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.core import Metric

from bot.bootstrap.metrics import Look, registry_of
from bot.domain.errands import ErrandKind
from bot.domain.outbox import DeliveryState
from bot.domain.places import PlaceState
from bot.domain.vitals import Gauges, Hearing, Mode, Outgoing, Pending, Pulse
from bot.ports import Budget, Condition

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
NOW = datetime(2027, 1, 7, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*)\| (.+) \|$", re.MULTILINE)


def look(**changes: object) -> Look:
    """All there is to know of one account."""
    states = dict.fromkeys(get_args(DeliveryState), 3)
    ours = Outgoing(states, due_since=NOW - HOUR, errands={"delete": Pending(2, NOW - 2 * HOUR)})
    places = {"web": PlaceState(NOW - 5 * HOUR, NOW - HOUR), "former": PlaceState(NOW)}
    gauges = Gauges({"sky": ours}, held=4, posts=5, checked_since=NOW - 3 * HOUR, worked_at=NOW, places=places)
    condition = Condition(NOW - HOUR, NOW - 2 * HOUR, Budget(100, 25, NOW + HOUR), NOW + 4 * HOUR)
    pulse = Pulse(7.0, ("house hangs",), {"sky": Hearing("asking", 2.5)})
    given = {"at": NOW, "gauges": gauges, "conditions": {"sky": condition}, "pulse": pulse, "places": ("site", "web")}
    given |= changes
    return Look(**given)  # type: ignore[arg-type]


def families(found: Look) -> list[Metric]:
    return list(registry_of(lambda: found).collect())


def names(family: Metric) -> str:
    """As it is written: a counter and an info get an ending of their own."""
    return family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")


def test_the_page_and_the_code_name_the_same_metrics() -> None:
    page = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels, _ in ROW.findall(PAGE)}
    code = {
        names(family): {label for sample in family.samples for label in sample.labels} - {"le"}
        for family in families(look())
    }
    assert page == code


def test_alert_rules_name_metrics_that_exist() -> None:
    page = {name for name, _, _ in ROW.findall(PAGE)}
    rules = re.findall(r"expr: (.+)", PAGE)
    used = {
        re.sub(r"_bucket$", "", name) for rule in rules for name in re.findall(r"\b(?:staffroom|process)_\w+", rule)
    }
    assert len(rules) >= 10
    assert used <= page


@pytest.mark.parametrize(
    ("metric", "kinds"),
    [
        ("staffroom_deliveries", DeliveryState),
        ("staffroom_errands", ErrandKind),
        ("staffroom_listening_mode", Mode),
    ],
)
def test_the_page_names_every_value_of_a_label(metric: str, kinds: object) -> None:
    [words] = [words for name, _, words in ROW.findall(PAGE) if name == metric]
    assert {one for one in get_args(kinds) if f"`{one}`" in words} == set(get_args(kinds))


def test_names_and_words_follow_prometheus() -> None:
    units = ("_seconds", "_ratio", "_bytes")
    for family in families(look()):
        assert re.fullmatch(r"(staffroom|process)_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        assert not family.name.endswith(("_ms", "_minutes", "_percent", "_count"))
        if any(isinstance(sample.value, float) and sample.value % 1 for sample in family.samples):
            assert family.name.endswith(units)


def value(found: Look, name: str, **labels: str) -> float | None:
    samples = [sample for family in families(found) for sample in family.samples]
    fitting = [one.value for one in samples if one.name == name and labels.items() <= one.labels.items()]
    return fitting[0] if fitting else None


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("staffroom_healthy", {}, 0),
        ("staffroom_deliveries", {"state": "sent"}, 3),
        ("staffroom_delivery_overdue_seconds", {}, 3600),
        ("staffroom_account_silent_seconds", {}, 3600),
        ("staffroom_login_refused_seconds", {}, 7200),
        ("staffroom_login_remaining_seconds", {}, 14400),
        ("staffroom_api_budget_left_ratio", {}, 0.25),
        ("staffroom_listening_mode", {"mode": "asking"}, 1),
        ("staffroom_listening_mode", {"mode": "stream"}, 0),
        ("staffroom_listening_lag_seconds", {}, 2.5),
        ("staffroom_lock_age_seconds", {}, 7),
        ("staffroom_duties_stuck", {}, 1),
        ("staffroom_errands", {"kind": "delete"}, 2),
        ("staffroom_errands", {"kind": "like"}, 0),
        ("staffroom_errand_wait_seconds", {"kind": "delete"}, 7200),
        ("staffroom_answers_held", {}, 4),
        ("staffroom_posts_kept", {}, 5),
        ("staffroom_check_age_seconds", {}, 10800),
        ("staffroom_worked_timestamp_seconds", {}, NOW.timestamp()),
        ("staffroom_place_failing_seconds", {"place": "web"}, 3600),
        ("staffroom_place_failing_seconds", {"place": "site"}, 0),
        ("staffroom_place_updated_timestamp_seconds", {"place": "web"}, (NOW - 5 * HOUR).timestamp()),
    ],
)
def test_what_is_found_is_what_is_shown(name: str, labels: dict[str, str], expected: float) -> None:
    assert value(look(), name, **labels) == expected


def test_what_is_not_known_is_left_out() -> None:
    bare = look(gauges=None, conditions={"sky": Condition()}, pulse=None)
    for name in ("staffroom_posts_kept", "staffroom_lock_age_seconds", "staffroom_login_remaining_seconds"):
        assert value(bare, name) is None
    assert value(bare, "staffroom_api_budget_left_ratio") is None
    assert value(bare, "staffroom_account_silent_seconds") == 0
    assert value(bare, "staffroom_database_up") == 0
    assert value(bare, "staffroom_place_failing_seconds", place="web") is None
    assert value(look(), "staffroom_place_updated_timestamp_seconds", place="site") is None
    assert value(look(), "staffroom_place_failing_seconds", place="former") is None


def test_a_budget_whose_window_is_over_is_whole_again() -> None:
    spent = Condition(budget=Budget(100, 0, NOW))
    assert value(look(conditions={"sky": spent}), "staffroom_api_budget_left_ratio") == 1
