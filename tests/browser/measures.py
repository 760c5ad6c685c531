"""Questions to a page in a browser, as scripts: what is too small to hit, what is cut off, what keeps its colours."""

IN_A_SENTENCE = ".to, .e-content, .asked, .from, .kicker, .hosts, .foot"
"""Links within a line of text may be as high as its letters
(https://www.w3.org/WAI/WCAG22/Understanding/target-size-minimum.html)."""

SMALL = """([least, sentence]) => [...document.querySelectorAll("a, summary")]
    .filter(one => !one.closest(sentence) && one.checkVisibility() && !one.matches(".skip"))
    .map(one => [one.textContent.trim(), one.getBoundingClientRect()])
    .filter(([, box]) => box.height < least || box.width < 24)
    .map(([text, box]) => `${text}: ${box.width} x ${box.height}`)"""

CUT = """() => [...document.querySelectorAll("body *")]
    .filter(one => !one.closest(".vh, .visually-hidden, .skip, .rows thead, svg"))
    .filter(one => getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1
        && one.clientWidth)
    .map(one => one.outerHTML.slice(0, 120))"""

SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
SPACED += " p { margin-block-end: 2em !important; }"

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""By how many CSS pixels the page has to be scrolled sideways."""

UNFORCED = """() => {
    const resolved = name => { document.body.style.color = name; return getComputedStyle(document.body).color; };
    const system = new Set(["none", "rgba(0, 0, 0, 0)", ...["Canvas", "CanvasText"].map(resolved)]);
    return [...document.querySelectorAll("svg, svg :is(rect, circle, path, line, text)")]
        .filter(one => one.checkVisibility())
        .map(one => [one.outerHTML.slice(0, 80), getComputedStyle(one)])
        .map(([html, look]) => [html, html.startsWith("<svg") ? [look.backgroundColor] : [look.fill, look.stroke]])
        .filter(([, colours]) => !colours.every(one => system.has(one)))
        .map(([html, colours]) => `${html}: ${colours}`);
}"""
"""Drawn shapes whose colours are the page's own where the reader's system wants its own few."""
