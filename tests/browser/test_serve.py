"""``gigsim app`` short of a browser: what it refuses, and what importing gigsim does not bring."""

from __future__ import annotations

import socket
import subprocess
import sys
import warnings

import pytest

from gigsim.app import serve
from tests.cli.conftest import Gigsim, gigsim

__all__ = ["gigsim"]


def test_without_the_extra_it_says_how_to_get_it(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None if "solara" in name else name)
    done = gigsim("app")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "error: gigsim app: solara, solara_assets not installed;"
        ' install with pip install "gigsim[app]"'
    ]


def test_a_bad_scenario_is_refused_before_anything_is_served(gigsim: Gigsim) -> None:
    pytest.importorskip("solara", reason="solara is not installed: the extra `app`")
    done = gigsim("app", "--set", "population.size=3")
    assert done.code == 2
    assert "population.size" in done.err
    assert gigsim("app", "no-such-scenario").code == 2


def test_a_taken_port_is_a_sentence(gigsim: Gigsim) -> None:
    pytest.importorskip("solara", reason="solara is not installed: the extra `app`")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = gigsim("app", "--port", str(port))
    assert done.code == 2
    assert done.err.startswith(f"error: --port {port}: cannot be used")


def test_solaras_word_on_cookies_is_not_passed_on(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("solara", reason="solara is not installed: the extra `app`")

    def complain(*_: object) -> None:
        warnings.warn("Cookies with samesite=none require https, but", UserWarning, stacklevel=2)
        warnings.warn("something else", UserWarning, stacklevel=2)

    monkeypatch.setattr(serve, "serve", complain)
    before = list(warnings.filters)
    with pytest.warns(UserWarning, match="something else") as seen:
        assert gigsim("app").code == 0
    assert len(seen) == 1
    assert warnings.filters == before


def test_importing_gigsim_imports_no_browser_parts() -> None:
    code = (
        "import sys, gigsim, gigsim.cli.app, gigsim.app.live, gigsim.app.controls;"
        "found = {'solara', 'ipywidgets', 'mesa.visualization', 'matplotlib.pyplot'}"
        " & set(sys.modules); sys.exit(', '.join(sorted(found)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
