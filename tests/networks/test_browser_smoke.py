"""The browser opens pages off the network, at a size and in a scheme, and notes what they ask for."""

from pathlib import Path

from networks.browser import Browser

GOOD = (
    '<!doctype html><html lang="en"><head><title>A chat</title></head>'
    "<body><main><h1>Marking: keep it?</h1><p>Yes.</p></main></body></html>"
)


def test_it_opens_a_page_from_an_address_alone(browser: Browser) -> None:
    with browser.visit(f"data:text/html,{GOOD}", width=390, height=844, colour_scheme="dark") as visit:
        assert visit.page.title() == "A chat"
        assert visit.page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [390, True]
        assert visit.axe() == []


def test_it_opens_a_file_and_refuses_third_parties(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("h1 { color: rgb(1, 2, 3) }")
    page = tmp_path / "index.html"
    page.write_text(
        GOOD.replace(
            "</head>",
            '<link rel="stylesheet" href="style.css"><link rel="stylesheet" href="https://fonts.example/a.css"></head>',
        ).replace("<p>", '<img src="https://tracker.example/dot.png" alt=""><p>')
    )

    with browser.visit(page.as_uri()) as visit:
        assert visit.page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
        assert sorted(visit.refused) == ["https://fonts.example/a.css", "https://tracker.example/dot.png"]
        assert {Path(url).name for url in visit.asked} == {"index.html", "style.css"}


def test_without_javascript_nothing_runs(browser: Browser) -> None:
    script = "<script>document.title = 'ran'</script>"
    with browser.visit(f"data:text/html,{GOOD}{script}", javascript=False) as visit:
        assert visit.page.title() == "A chat"


def test_axe_names_the_rule_and_the_element(browser: Browser) -> None:
    with browser.visit("data:text/html,<html lang=en><title>t</title><img src='data:,'>") as visit:
        assert [line for line in visit.axe() if line.startswith("image-alt:") and "(img)" in line]
