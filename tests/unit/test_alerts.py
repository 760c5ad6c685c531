"""Which alerts begin, go on, end and are told: a table, and what holds whatever happens."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.alerts import MOST, Alert, Decision, Health, News, Sight, Troubled, decide, is_mailbox
from bot.domain.alertwords import LISTED, SHORT, message, trial, unusable, usable_again
from bot.domain.chats import Chat
from bot.domain.occurrences import Weekly
from bot.domain.records import StoredChat
from bot.domain.series import Series

START = datetime(2027, 1, 7, 20, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOTH = ("bluesky", "mastodon")


def chat(
    start: datetime = START, length: timedelta = HOUR, *, cancelled: bool = False, accounts: tuple[str, ...] = BOTH
) -> StoredChat:
    series = Series(
        slug="edchat", title="", hashtag="EdChat", timezone="UTC", rhythm=Weekly(3), at=time(20), accounts=accounts
    )
    one = Chat(
        id=f"edchat/{start:%Y-%m-%d}",
        series="edchat",
        date=date(start.year, start.month, start.day),
        topic="",
        starts_at=start,
        ends_at=start + length,
        timezone="UTC",
        questions=(),
        hosts=(),
        resources=(),
    )
    return StoredChat(one, series, 1, cancelled)


def prompt(name: str = "q1", state: str = "missed", at: datetime = START, account: str = "mastodon") -> Troubled:
    return Troubled(f"edchat/2027-01-07/{name}@{account}", account, state, at, at + 10 * MINUTE)  # type: ignore[arg-type]


class Play:
    """Decides again and again, as `run` or one `tick` after another does, and remembers as the store does."""

    def __init__(self) -> None:
        self.known: dict[str, Alert] = {}
        self.messages: list[datetime] = []
        self.written = 0

    def at(self, now: datetime, **seen: object) -> Decision:
        sight = {"accounts": BOTH, "health": {}, "chats": (chat(),), "messages": tuple(self.messages)} | seen
        found = decide(Sight(**sight), tuple(self.known.values()), now)  # type: ignore[arg-type]
        self.known.update({alert.key: alert for alert in found.remember})
        for key in found.forget:
            del self.known[key]
        self.written += bool(found.remember or found.forget)
        if found.news:
            self.messages.append(now)
        return found

    def silent(self, now: datetime, since: datetime, **seen: object) -> Decision:
        return self.at(now, health={"mastodon": Health(silent_since=since)}, **seen)


def keys(alerts: tuple[Alert, ...]) -> list[str]:
    return [alert.key for alert in alerts]


@pytest.mark.parametrize(
    ("now", "since", "chats", "told"),
    [
        (START + 5 * MINUTE, START, (chat(),), True),
        (START + 4 * MINUTE, START, (chat(),), False),  # it may be back at once
        (START - 30 * MINUTE, START - DAY, (chat(),), True),  # half an hour before there is time to do something
        (START - 31 * MINUTE, START - DAY, (chat(),), False),
        (START + HOUR, START, (chat(),), False),  # the chat is over
        (START + HOUR - MINUTE, START, (chat(),), True),
        (START + 30 * MINUTE, START, (), False),
        (START + 30 * MINUTE, START, (chat(cancelled=True),), False),
        (START + 30 * MINUTE, START, (chat(accounts=("bluesky",)),), False),
        (START + 30 * MINUTE, START, (chat(length=5 * DAY),), False),  # a slow chat can wait for an hour
        (START + HOUR, START, (chat(length=5 * DAY),), True),
    ],
)
def test_a_silent_network_matters_around_a_chat(now: datetime, since: datetime, chats: tuple, told: bool) -> None:  # type: ignore[type-arg]
    found = Play().silent(now, since, chats=chats)
    assert keys(found.news.bad) == (["silent:mastodon"] if told else [])
    assert found.news.chats == (("edchat/2027-01-07",) if told else ())


def test_down_and_back_are_one_message_each() -> None:
    play = Play()
    down = START + 10 * MINUTE
    for minute in range(11, 30):
        play.silent(START + minute * MINUTE, down)
    assert play.messages == [START + 15 * MINUTE]
    back = [play.at(START + minute * MINUTE, health={"mastodon": Health()}) for minute in range(30, 40)]
    assert keys(back[0].news.well) == ["silent:mastodon"]
    assert play.messages[1:] == [START + 30 * MINUTE]
    assert play.known == {}


def test_a_silence_that_nobody_was_told_of_ends_silently() -> None:
    play = Play()
    play.silent(START + 2 * MINUTE, START)
    assert "silent:mastodon" in play.known
    assert not play.at(START + 3 * MINUTE, health={"mastodon": Health()}).news
    assert play.known == {}


def test_processes_of_a_minute_add_up_to_one_silence() -> None:
    """Each tick only knows that its own first request was not answered."""
    play = Play()
    told = [play.silent(now, now).news for now in (START + minute * MINUTE for minute in range(8))]
    assert [bool(news) for news in told] == [False] * 5 + [True] + [False] * 2
    assert told[5].bad[0].since == START


def test_a_silence_that_is_found_to_be_longer_counts_from_its_beginning() -> None:
    play = Play()
    assert not play.silent(START + 4 * MINUTE, START + 4 * MINUTE).news
    assert play.silent(START + 6 * MINUTE, START).news.bad[0].since == START


def test_a_tick_that_asked_nothing_changes_nothing() -> None:
    play = Play()
    play.silent(START, START)
    assert play.at(START + MINUTE) == Decision((), (), play.at(START + MINUTE).news)
    assert play.silent(START + 5 * MINUTE, START + 5 * MINUTE).news


def test_a_silence_of_yesterday_does_not_count_for_today() -> None:
    play = Play()
    play.silent(START - DAY, START - DAY)
    assert not play.silent(START + MINUTE, START + MINUTE).news
    assert play.known["silent:mastodon"].since == START + MINUTE


def test_what_lasts_is_told_daily() -> None:
    play = Play()
    for hour in range(73):
        play.at(START + hour * HOUR, health={"mastodon": Health(refused_since=START)})
    assert play.messages == [START, START + DAY, START + 2 * DAY, START + 3 * DAY]


def test_looking_again_writes_nothing() -> None:
    play = Play()
    for second in range(0, 590, 20):
        now = START + timedelta(seconds=second)
        play.at(now, health={"mastodon": Health(refused_since=START)}, troubled=(prompt(),))
    assert play.written == 1


def test_a_silence_that_matters_to_nobody_is_hardly_written() -> None:
    play = Play()
    for second in range(0, 3600, 20):
        play.silent(START + timedelta(seconds=second), START, chats=())
    assert play.written == 6


def test_a_missed_prompt_is_told_once_and_forgotten_when_it_is_old() -> None:
    play = Play()
    for hour in range(100):
        now = START + 10 * MINUTE + hour * HOUR
        play.at(now, troubled=(prompt(), prompt("q2", "refused")))
    assert len(play.messages) == 1
    assert play.known == {}


def test_an_old_one_is_never_told() -> None:
    assert not Play().at(START + 3 * DAY, troubled=(prompt(),)).news


def test_a_prompt_that_was_moved_and_missed_again_is_told_again() -> None:
    play = Play()
    assert play.at(START + 10 * MINUTE, troubled=(prompt(),)).news
    play.at(START + 20 * MINUTE)
    assert play.at(START + 40 * MINUTE, troubled=(prompt(at=START + 30 * MINUTE),)).news


@pytest.mark.parametrize(
    ("beats", "away"),
    [
        ((-30, -1), ((-1, 25),)),  # down over the prompt's whole life
        ((-30, -1, 4, 9, 14), ()),  # at work all the time: something else was wrong
        ((-30, -1, 20, 21), ((-1, 20),)),  # back before this look
        ((-30, -20), ((-20, 25),)),
        ((-1, 4, 20), ((4, 20),)),  # at work when it fell due, but not for long
        ((-1, 6, 11, 16, 21), ()),  # back in time to say it
        ((), ()),
    ],
)
def test_time_away_is_named_where_it_made_a_prompt_be_missed(
    beats: tuple[int, ...], away: tuple[tuple[int, int], ...]
) -> None:
    now = START + 25 * MINUTE
    found = Play().at(now, troubled=(prompt(),), beats=tuple(START + beat * MINUTE for beat in beats))
    assert found.news.away == tuple((START + last * MINUTE, START + first * MINUTE) for last, first in away)


def test_a_login_that_ends_is_told_weekly_and_then_daily() -> None:
    play = Play()
    ends = START + 20 * DAY
    for hour in range(20 * 24):
        play.at(START + hour * HOUR, health={"mastodon": Health(login_ends=ends)})
    assert [(at - START).days for at in play.messages] == [6, 13, 17, 18, 19]
    assert not play.at(ends, health={"mastodon": Health(login_ends=ends + 90 * DAY)}).news
    assert play.known == {}


def test_a_login_that_is_found_to_end_soon_is_told_at_once_and_in_its_last_days() -> None:
    play = Play()
    for hour in range(5 * 24):
        play.at(START + hour * HOUR, health={"mastodon": Health(login_ends=START + 5 * DAY)})
    assert [(at - START).days for at in play.messages] == [0, 2, 3, 4]


def test_several_at_once_are_one_message() -> None:
    sick = {"bluesky": Health(refused_since=START), "mastodon": Health(START, login_ends=START + 90 * DAY)}
    found = Play().at(START + 10 * MINUTE, health=sick, troubled=(prompt(), prompt("q2")))
    assert found.news.ends == {}
    assert keys(found.news.bad) == [
        "silent:mastodon",
        "login:bluesky",
        "missed:edchat/2027-01-07/q1@mastodon",
        "missed:edchat/2027-01-07/q2@mastodon",
    ]


def test_more_than_a_few_messages_an_hour_wait_and_come_together() -> None:
    play = Play()
    missed: list[Troubled] = []
    for minute in range(61):
        missed.append(prompt(f"q{minute}", at=START))
        found = play.at(START + minute * MINUTE, troubled=tuple(missed))
    assert len(play.messages) == MOST + 1
    assert len(found.news.bad) == 61 - MOST


def test_an_account_that_is_no_more_is_forgotten() -> None:
    play = Play()
    play.silent(START + 10 * MINUTE, START)
    found = play.at(START + 11 * MINUTE, accounts=("bluesky",), health={})
    assert (found.forget, play.known) == (("silent:mastodon",), {})
    assert not found.news


def test_a_network_that_falls_silent_before_it_was_told_well_just_goes_on() -> None:
    play = Play()
    play.messages = [START] * (MOST - 1)
    assert play.silent(START + 10 * MINUTE, START).news
    assert not play.at(START + 11 * MINUTE, health={"mastodon": Health()}).news  # enough for this hour
    assert play.known["silent:mastodon"].ended_at == START + 11 * MINUTE
    assert not play.silent(START + 12 * MINUTE, START + 12 * MINUTE).news
    assert not play.silent(START + 50 * MINUTE, START + 12 * MINUTE).news
    assert keys(play.at(START + 2 * HOUR, health={"mastodon": Health()}).news.well) == ["silent:mastodon"]


def test_a_clock_that_was_years_ahead_silences_nobody() -> None:
    play = Play()
    ahead = START + 900 * DAY
    play.at(ahead, health={"mastodon": Health(refused_since=ahead)})
    play.messages = [ahead] * MOST
    assert play.at(START, health={"mastodon": Health(refused_since=START)}).news


moments = st.integers(0, 60 * 24 * 4).map(lambda minutes: START - DAY + minutes * MINUTE)
healths = st.builds(Health, st.none() | moments, st.none() | moments, st.none() | moments)
prompts = st.builds(
    prompt, st.sampled_from(["q1", "q2", "q3"]), st.sampled_from(["missed", "refused"]), moments, st.sampled_from(BOTH)
)
sights = st.tuples(
    st.integers(1, 120),
    st.dictionaries(st.sampled_from(BOTH), healths),
    st.lists(prompts, unique_by=lambda one: one.delivery),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(sights, max_size=25))
def test_whatever_happens(story: list[tuple[int, dict[str, Health], list[Troubled]]]) -> None:
    play = Play()
    now = START - HOUR
    told: dict[str, list[datetime]] = {}
    for minutes, health, troubled in story:
        now += minutes * MINUTE
        before = dict(play.known)
        found = play.at(now, health=health, troubled=tuple(troubled))
        for alert in found.news.bad:
            earlier = before.get(alert.key)
            if earlier and earlier.told_at and earlier.ended_at is None:  # it lasts: not again within a day
                assert now - earlier.told_at >= DAY
            told.setdefault(alert.key, []).append(now)
        for alert in found.news.well:  # only what somebody was told of is told to be well
            assert alert.key in told
            assert alert.kind in ("silent", "login")
        assert len([at for at in play.messages if at > now - HOUR]) <= MOST
        assert all(alert.about in BOTH or alert.kind in ("missed", "refused") for alert in play.known.values())
        again = decide(
            Sight(BOTH, health, tuple(troubled), (chat(),), (), tuple(play.messages)), tuple(play.known.values()), now
        )
        assert (again.remember, again.forget) == ((), ())  # twice is once
        if found.news:
            words = message(found.news)
            assert len(words.short) <= SHORT
            assert words.subject.startswith("Staffroom: ")


# -- records that nobody was told of ----------------------------------------------------------------------------------
def test_a_record_that_waits_for_a_week_is_told_of_once_and_names_nobody() -> None:
    play = Play()
    asked = (START, START + HOUR)
    assert not play.at(START + 7 * DAY - MINUTE, records=asked).news
    found = play.at(START + 7 * DAY + HOUR, records=asked)
    assert keys(found.news.bad) == ["records:2027-01-07"]
    words = message(found.news)
    assert words.subject == "Staffroom: 2 requests for records wait"
    assert "2 requests for records wait for 7 days or more, and no host of theirs can be written to." in words.text
    assert "`staffroom record HANDLE --out DIR`" in words.short
    assert len(words.short) <= SHORT
    for days in (8, 9, 20):
        assert not play.at(START + days * DAY, records=asked).news
    assert not play.at(START + 20 * DAY, records=None).news
    assert keys(tuple(play.known.values())) == ["records:2027-01-07"]  # not looked at is not gone
    assert not play.at(START + 21 * DAY, records=()).news
    assert play.known == {}


def test_records_of_another_day_are_told_of_anew_and_only_those_are_counted() -> None:
    play = Play()
    play.at(START + 7 * DAY, records=(START,))
    found = play.at(START + 8 * DAY, records=(START, START + DAY))
    assert keys(found.news.bad) == ["records:2027-01-08"]
    assert message(found.news).subject == "Staffroom: 1 request for a record waits"
    assert "1 request for a record waits for 7 days or more" in message(found.news).text


def test_records_stand_behind_what_is_more_urgent() -> None:
    found = Play().at(START + 7 * DAY, records=(START,), troubled=(prompt(at=START + 7 * DAY - HOUR),))
    assert [alert.kind for alert in found.news.bad] == ["missed", "records"]
    assert message(found.news).subject == "Staffroom: a prompt was missed, and more"


# -- words -------------------------------------------------------------------------------------------------------


def test_the_words_of_a_whole_bad_evening() -> None:
    sick = {
        "bluesky": Health(refused_since=START, login_ends=START + 3 * DAY),
        "mastodon": Health(silent_since=START),
    }
    now = START + 25 * MINUTE
    troubled = (prompt(), prompt("q2", "refused", account="bluesky"))
    words = message(Play().at(now, health=sick, troubled=troubled, beats=(START - MINUTE,)).news)
    assert words.subject == "Staffroom: mastodon: not answering, and more"
    assert words.text.split("\n\n") == [
        (
            "mastodon has not answered since 7 Jan 20:00 UTC. On or near: edchat/2027-01-07."
            " What is due there is tried until its time is over."
        ),
        "bluesky refuses the login since 7 Jan 20:00 UTC. Run `staffroom login bluesky`.",
        "The login of bluesky ends on 10 Jan 20:00 UTC. Run `staffroom login bluesky` before.",
        "missed: edchat/2027-01-07/q1@mastodon, due 7 Jan 20:00 UTC: its time was over before it could be said.",
        "refused: edchat/2027-01-07/q2@bluesky, due 7 Jan 20:00 UTC: the network would not take it.",
        "Staffroom itself was not at work from 7 Jan 19:59 UTC to 7 Jan 20:25 UTC.",
        "`staffroom status` and `staffroom doctor` say more.",
        "The bot wrote this by itself; nobody reads answers to it.\n",
    ]
    assert words.short.startswith("Staffroom:\nmastodon has not answered since 7 Jan 20:00 UTC.")
    assert words.short.endswith("\n… and 3 more: `staffroom status`")


def test_the_words_of_a_good_end() -> None:
    play = Play()
    play.silent(START + 10 * MINUTE, START)
    words = message(play.at(START + 30 * MINUTE, health={"mastodon": Health()}).news)
    assert words.subject == "Staffroom: mastodon answers again"
    assert words.short == "Staffroom:\nmastodon answers again, since 7 Jan 20:30 UTC or shortly before."


def test_a_hundred_missed_prompts_are_a_short_message() -> None:
    missed = tuple(prompt(f"q{number}") for number in range(100))
    words = message(Play().at(START + 10 * MINUTE, troubled=missed).news)
    assert words.subject == "Staffroom: 100 prompts were missed"
    assert words.text.count("missed: ") == LISTED
    assert "And 88 more prompts." in words.text


def bad(*keys: str) -> tuple[Alert, ...]:
    return tuple(Alert(key, START, START, START) for key in keys)


def well(*keys: str) -> tuple[Alert, ...]:
    return tuple(Alert(key, START, START, START, START + HOUR) for key in keys)


@pytest.mark.parametrize(
    ("news", "subject"),
    [
        (News(bad("silent:a")), "a: not answering"),
        (News(bad("silent:a", "silent:b")), "a and b: not answering"),
        (News(bad("silent:a", "login:b")), "a: not answering, and more"),
        (News(bad("silent:a"), well("login:b")), "a: not answering, and more"),
        (News(bad("login:a")), "a: login refused"),
        (News(bad("ends:a")), "a: login ends soon"),
        (News(bad("missed:x")), "a prompt was missed"),
        (News(bad("missed:x", "missed:y")), "2 prompts were missed"),
        (News(bad("refused:x", "ends:a")), "a prompt was refused, and more"),
        (News(well=well("silent:a")), "a answers again"),
        (News(well=well("login:a")), "a accepts the login again"),
        (News(well=well("login:a", "silent:b")), "a accepts the login again, and more"),
    ],
)
def test_a_subject_says_the_worst(news: News, subject: str) -> None:
    assert message(news).subject == f"Staffroom: {subject}"


@pytest.mark.parametrize(
    ("news", "line"),
    [
        (News(bad("silent:a"), chats=("x", "y")), "a has not answered since 7 Jan 20:00 UTC. On or near: x, y."),
        (News(bad("silent:a")), "a has not answered since 7 Jan 20:00 UTC."),
        (News(bad("ends:a")), "The login of a ends soon. Run `staffroom login a` before."),
        (News(bad("missed:x")), "missed: x: its time was over before it could be said."),
        (News(well=well("login:a")), "a accepts the login again, since 7 Jan 21:00 UTC or shortly before."),
    ],
)
def test_a_line_says_what_is_known(news: News, line: str) -> None:
    more = " What is due there is tried until its time is over." if news.bad and news.bad[0].kind == "silent" else ""
    assert message(news).short == f"Staffroom:\n{line}{more}"


def test_twelve_prompts_are_listed_and_the_rest_is_counted() -> None:
    whole, more = (message(News(bad(*(f"missed:q{number}" for number in range(many))))).text for many in (12, 13))
    assert (whole.count("missed: "), "more prompts" in whole) == (12, False)
    assert (more.count("missed: "), "And 1 more prompts." in more) == (12, True)


@pytest.mark.parametrize(("length", "lines", "more"), [(0, 4, ""), (1, 3, "1"), (120, 2, "2"), (240, 1, "3")])
def test_a_private_message_holds_as_many_lines_as_fit(length: int, lines: int, more: str) -> None:
    """Of four lines that fill it to the last character, each longer by so much than would fit."""
    one = len(message(News(bad("missed:"))).short) - len("Staffroom:")
    names = ["x" * ((SHORT - len("Staffroom:")) // 4 - one)] * 3
    names.append("x" * (SHORT - len("Staffroom:") - 3 * (one + len(names[0])) - one + length))
    names = [names[-1], *names[:-1]] if length > 1 else names
    found = message(News(bad(*(f"missed:{name}" for name in names)))).short
    assert len(found) <= SHORT
    assert found.count("\nmissed: ") == lines
    assert found.endswith(f"\n… and {more} more: `staffroom status`" if more else "be said.")


def test_a_very_long_name_still_fits_a_private_message() -> None:
    long = msgspec.structs.replace(prompt(), delivery=f"{'a' * 500}@mastodon")
    assert len(message(Play().at(START + 10 * MINUTE, troubled=(long,)).news).short) == SHORT


def test_what_is_said_without_a_store() -> None:
    for words in (unusable("it is full."), usable_again(), trial()):
        assert words.subject.startswith("Staffroom: ")
        assert len(words.short) <= SHORT
    foot = "The bot wrote this by itself; nobody reads answers to it.\n"
    full = "Staffroom cannot keep what it does: it is full."
    lost = "While it is so nothing is posted and nothing is archived. Is the disk full, or the database server down?"
    more = "`staffroom status` and `staffroom doctor` say more."
    assert unusable("it is full.").text.split("\n\n") == [full, lost, more, foot]
    again = "The database and the disk can be used again. The bot goes on with what is still due."
    assert usable_again().text.split("\n\n") == [again, foot]
    test = "This is a test. Alerts about missed prompts, silent networks and refused logins will reach you here."
    assert trial().text.split("\n\n") == [test, foot]
    assert (usable_again().short, trial().short) == (f"Staffroom: {again}", f"Staffroom: {test}")


@pytest.mark.parametrize(
    ("recipient", "mail"), [("ops@example.org", True), ("@sam@social.example.org", False), ("sam.example.org", False)]
)
def test_mail_addresses_are_told_from_handles(recipient: str, mail: bool) -> None:
    assert is_mailbox(recipient) is mail
