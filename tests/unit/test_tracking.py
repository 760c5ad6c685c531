import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.patterns import is_web
from bot.domain.tracking import leads_to, untracked


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("https://a.example/x?utm_source=y&b=1&fbclid=z#f", "https://a.example/x?b=1#f"),
        ("https://a.example/x?utm_source=y", "https://a.example/x"),
        ("https://a.example/x?UTM_Source=y&FBCLID=1", "https://a.example/x"),
        ("https://a.example/x?q=a%20b&n=", "https://a.example/x?q=a%20b&n="),
        ("https://a.example/x?utm_source", "https://a.example/x"),
        ("https://a.example/x?my_utm_source=1", "https://a.example/x?my_utm_source=1"),
        ("https://a.example/x?gclid=1&gbraid=2&msclkid=3&mkt_tok=4&_hsenc=5&mc_eid=6", "https://a.example/x"),
        ("https://www.youtube.com/watch?v=abc&si=xyz&t=42s&feature=share", "https://www.youtube.com/watch?v=abc&t=42s"),
        ("https://youtu.be/abc?si=xyz", "https://youtu.be/abc"),
        ("https://a.example/x?si=xyz&t=1&ref=2&r=3&s=4&tag=5", "https://a.example/x?si=xyz&t=1&ref=2&r=3&s=4&tag=5"),
        ("https://notyoutube.com/watch?si=1", "https://notyoutube.com/watch?si=1"),
        ("https://x.com/a/status/1?s=20&t=ab", "https://x.com/a/status/1"),
        ("https://www.nytimes.com/a.html?smid=url&unlocked_article_code=1", "https://www.nytimes.com/a.html?unlocked_article_code=1"),
        ("https://www.bbc.co.uk/news/1?at_medium=social", "https://www.bbc.co.uk/news/1"),
        ("https://a.example/x#part:~:text=some%20words", "https://a.example/x#part"),
        ("https://a.example/x#:~:text=some%20words", "https://a.example/x"),
    ],
)  # fmt: skip
def test_untracked(uri: str, kept: str) -> None:
    assert untracked(uri) == kept


@pytest.mark.parametrize(
    "names",
    [
        "utm_id _ga _gl gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid srsltid",
        "mtm_campaign pk_kwd piwik_keyword matomo_group",
        "fbclid fb_action_ids fb_ref fb_source mibextid igsh igshid",
        "msclkid yclid ysclid _openstat",
        "twclid ttclid li_fat_id epik rdt_cid sc_click_id",
        "mc_cid mc_eid _ke _kx _hsenc _hsmi __hssc __hstc __hsfp hsctatracking",
        "mkt_tok vero_id vero_conv oly_anon_id oly_enc_id elqtrack elqtrackid dm_i",
        "ck_subscriber_id ml_subscriber ml_subscriber_hash _bta_tid _bta_cid",
        "s_cid wt_mc wt_zmc ns_mchannel ns_source ns_campaign ns_linkname ns_fee",
        "_branch_match_id _branch_referrer guccounter guce_referrer guce_referrer_sig",
    ],
)
def test_what_only_measures_is_taken_off_anywhere(names: str) -> None:
    for name in names.split():
        assert untracked(f"https://a.example/x?b=1&{name}=z") == "https://a.example/x?b=1"
        assert untracked(f"https://a.example/x?{name}x-y=z") == f"https://a.example/x?{name}x-y=z"


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("www.youtube.com", "si feature pp ab_channel app"),
        ("open.spotify.com", "si nd"),
        ("twitter.com", "s t cxt ref_src ref_url"),
        ("uk.linkedin.com", "trk trackingId lipi rcm originalSubdomain refId"),
        ("www.tiktok.com", "_r _t is_from_webapp sender_device web_id"),
        ("www.reddit.com", "share_id rdt"),
        ("bsky.app", "ref_src ref_url"),
        ("www.bbc.com", "at_medium at_campaign"),
        ("www.theguardian.com", "CMP ins_x"),
        ("www.nytimes.com", "smid smtyp partner"),
        ("teaching.substack.com", "r triedRedirect"),
        ("docs.google.com", "usp"),
        ("drive.google.com", "usp"),
        ("www.amazon.co.uk", "ref ref_ tag pd_rd_w pf_rd_p content-id dib dib_tag"),
        ("amazon.de", "ref tag"),
    ],
)
def test_what_follows_people_on_one_site_is_taken_off_there_and_nowhere_else(host: str, names: str) -> None:
    for name in names.split():
        assert untracked(f"https://{host}/x?b=1&{name}=z") == f"https://{host}/x?b=1"
        assert untracked(f"https://{host}.example/x?{name}=z") == f"https://{host}.example/x?{name}=z"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x", "http://www.a.example/x/"),
        ("https://a.example/x?b=1&a=2", "https://a.example/x?a=2&b=1&utm_id=3"),
        ("https://a.example/x#part", "https://a.example/x#another"),
        ("https://a.example/%7Eme/%e2%82%ac", "https://a.example/~me/%E2%82%AC"),
        ("https://a.example/%41%7a%30", "https://a.example/Az0"),
        ("https://A.Example:443/x", "https://a.example/x"),
        ("https://a.example:/x", "https://a.example/x"),
        ("https://[::1]:443/x", "https://[::1]/x"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://youtu.be/abc?si=1", "https://m.youtube.com/watch?v=abc"),
        ("https://youtu.be/abc?t=42", "https://www.youtube.com/watch?t=42&v=abc"),
        ("https://cy.m.wikipedia.org/wiki/Addysg", "https://cy.wikipedia.org/wiki/Addysg"),
    ],
)
def test_addresses_of_one_page(one: str, other: str) -> None:
    assert leads_to(one) == leads_to(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x", "https://a.example/X"),
        ("https://a.example/x?a=1", "https://a.example/x?a=2"),
        ("https://a.example/x?a=1&a=2", "https://a.example/x?a=2&a=1"),
        ("https://a.example/x?a=", "https://a.example/x"),
        ("https://a.example/x%2Fy", "https://a.example/x/y"),
        ("https://a.example:8443/x", "https://a.example/x"),
        ("https://a.example:99999/x", "https://a.example/x"),
        ("https://a.example:443.evil.example/", "https://a.example/"),
        ("https://[::1]:8080/x", "https://[::1]/x"),
        ("https://a.example/#/one", "https://a.example/#/two"),
        ("https://a.example/#!2", "https://a.example/#!3"),
        ("https://a.example/volume-X", "https://a.example/volume-"),
        ("https://m.a.example/x", "https://b.example/x"),
        ("https://cy.wikipedia.org/wiki/Addysg", "https://en.wikipedia.org/wiki/Addysg"),
        ("https://youtu.be/abc", "https://youtu.be/abd"),
    ],
)
def test_addresses_of_two_pages(one: str, other: str) -> None:
    assert leads_to(one) != leads_to(other)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("https://www.a.example/x/?b=1&a=2#part", "//a.example/x?a=2&b=1"),
        ("http://a.example:8443/%e2%82%ac#/one", "//a.example:8443/%E2%82%AC#/one"),
        ("https://team.example/x", "//team.example/x"),
    ],
)
def test_a_pages_name_is_its_address_without_what_may_differ(uri: str, name: str) -> None:
    assert leads_to(uri) == name


@given(st.text("abc&=?#%/2F:utm_sourcexy~", max_size=40))
def test_any_address_stays_one_and_cleaning_twice_changes_nothing(rest: str) -> None:
    uri = f"https://www.a.example/{rest}"
    clean = untracked(uri)
    assert is_web(clean)
    assert untracked(clean) == clean
    assert leads_to(clean) == leads_to(uri)
