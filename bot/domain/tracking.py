"""What a web address leads to, without what only follows its readers around.

A parameter stands in these lists if its makers say that it only measures, and the page is the same without it. What
may change the page stays: a video's ``t``, a search's ``q``, a newspaper's ``unlocked_article_code``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from bot.domain.patterns import host_of

if TYPE_CHECKING:
    from collections.abc import Iterable

EVERYWHERE = {
    r"utm_\w+": "Google Analytics and most others: which campaign",
    r"_g[al]|gclid|gclsrc|dclid|[gw]braid|gad_(?:source|campaignid)|srsltid": "Google: whose click",
    r"(?:mtm|pk|piwik|matomo)_\w+": "Matomo: which campaign",
    r"fbclid|fb_(?:action|ref|source)\w*|mibextid": "Facebook: whose click, from which app",
    r"igsh(?:id)?": "Instagram: who shared it",
    r"msclkid": "Microsoft: whose click",
    r"yclid|ysclid|_openstat": "Yandex: whose click",
    r"twclid|ttclid|li_fat_id|epik|rdt_cid|sc_click_id": "X, TikTok, LinkedIn, Pinterest, Reddit, Snapchat: clicks",
    r"mc_[ce]id|_ke|_kx": "Mailchimp, Klaviyo: which newsletter, which reader",
    r"_hs(?:enc|mi)|__hs(?:sc|tc|fp)|hsctatracking": "HubSpot: which mail, which reader",
    r"mkt_tok|vero_(?:id|conv)|oly_(?:anon|enc)_id|elqtrack\w*|dm_i": "Marketo, Vero, Omeda, Eloqua, Dotdigital: whom",
    r"(?:ck|ml)_subscriber(?:_(?:id|hash))?|_bta_[ct]id": "Kit, MailerLite, Bronto: which reader",
    r"s_cid|wt_z?mc|ns_(?:mchannel|source|campaign|linkname|fee)|_branch_(?:match_id|referrer)": "Adobe, Mapp, Branch",
    r"guc(?:counter|e_referrer(?:_sig)?)": "Yahoo: where a consent banner was seen",
}
"""Parameters of any site: a pattern of whole names, small letters, and who follows what by them."""

AT_HOME = {
    r"youtube\.com|youtu\.be": r"si|feature|pp|ab_channel|app",
    r"open\.spotify\.com": r"si|nd",
    r"(?:x|twitter)\.com": r"s|t|cxt|ref_src|ref_url",
    r"linkedin\.com": r"trk|trackingid|lipi|rcm|originalsubdomain|refid",
    r"tiktok\.com": r"_[rt]|is_from_webapp|sender_device|web_id",
    r"reddit\.com": r"share_id|rdt",
    r"bsky\.app": r"ref_src|ref_url",
    r"bbc\.(?:com|co\.uk)": r"at_\w+",
    r"theguardian\.com": r"cmp|ins_\w+",
    r"nytimes\.com": r"smid|smtyp|partner",
    r"substack\.com": r"r|triedredirect",
    r"docs\.google\.com|drive\.google\.com": r"usp",
    r"amazon\.(?:com|de|es|fr|it|co\.uk)": r"ref_?|tag|pd_rd_\w+|pf_rd_\w+|content-id|dib|dib_tag",
}
"""Parameters that only follow people on one site and may mean something on another: patterns of hosts and of names."""

_EVERYWHERE = re.compile("|".join(EVERYWHERE))
_AT_HOME = [(re.compile(rf"(?:.+\.)?(?:{host})"), re.compile(names)) for host, names in AT_HOME.items()]
_HANDHELD = re.compile(r"^(?:(?:www|m|mobile)\.|(?P<language>[a-z-]{2,12}\.)m\.(?=wikipedia\.org$))")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PORT = re.compile(r":(?!(?:80|443)?$).*$")
_TEXT_FRAGMENT = ":~:"


def untracked(uri: str) -> str:
    """A web address without the parameters that only follow its readers, and without a browser's ``#:~:text=``.

    All else stays as it was written. The text fragment only makes a browser mark words
    (https://wicg.github.io/scroll-to-text-fragment/); what stands before it in the fragment stays.
    """
    if "?" not in uri and _TEXT_FRAGMENT not in uri:
        return uri
    parts = urlsplit(uri)
    if not parts.query and _TEXT_FRAGMENT not in parts.fragment:
        return uri
    query = "&".join(_kept(parts.query.split("&"), host_of(uri))) if parts.query else ""
    return urlunsplit(parts._replace(query=query, fragment=parts.fragment.partition(_TEXT_FRAGMENT)[0]))


@lru_cache(4096)  # a chat's page and data, and the page of a year's links, ask it of the same addresses
def leads_to(uri: str) -> str:
    """What names the page that an address opens: addresses with the same name count as one link.

    Alike are ``http`` and ``https``, ``www.`` and the mobile host, letters that need no escape and their escapes, a
    slash more or less at the end, parameters in another order, and another place on the same page. A fragment with a
    path of its own (``#/chapter/2``, ``#!2``) is a page of its own.
    """
    clean = untracked(uri)
    parts = urlsplit(clean)
    host = _HANDHELD.sub(lambda found: found["language"] or "", host_of(clean))
    path, query = _plainly(parts.path).rstrip("/"), parts.query
    if host == "youtu.be":  # its short form of one video's page
        host, path, query = "youtube.com", "/watch", "&".join(filter(None, (f"v={path[1:]}", query)))
    port = _PORT.search(parts.netloc.rpartition("]")[2])
    asked = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(query, keep_blank_values=True), key=_name))
    own = parts.fragment if parts.fragment[:1] in ("/", "!") else ""
    return urlunsplit(SplitResult("", host + (port[0] if port else ""), path, asked, own))


def _name(pair: tuple[str, str]) -> str:
    return pair[0]


def _kept(pairs: Iterable[str], host: str) -> list[str]:
    here = [names for where, names in _AT_HOME if where.fullmatch(host)]
    kept = []
    for pair in pairs:
        name = pair.partition("=")[0].lower()
        if not _EVERYWHERE.fullmatch(name) and not any(names.fullmatch(name) for names in here):
            kept.append(pair)
    return kept


def _plainly(path: str) -> str:
    """A path in one spelling (https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2)."""

    def spelt(escape: re.Match[str]) -> str:
        letter = chr(int(escape[0][1:], 16))
        return letter if letter in _PLAIN else escape[0].upper()

    return _ESCAPED.sub(spelt, path)
