"""Templates and migrations are found inside an installed package first, beside it in a checkout otherwise."""

from pathlib import Path

import pytest

from bot import shipped as module
from bot.shipped import shipped


@pytest.mark.parametrize(("name", "within"), [("templates", "site/look.css"), ("migrations", "env.py")])
def test_a_checkout_has_them_beside_the_package(name: str, within: str) -> None:
    assert (shipped(name) / within).is_file()  # type: ignore[arg-type]


def test_an_installed_package_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "bot"
    (package / "_data" / "templates").mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    monkeypatch.setattr(module, "__file__", str(package / "shipped.py"))
    assert shipped("templates") == package / "_data" / "templates"
    assert shipped("migrations") == tmp_path / "migrations"
