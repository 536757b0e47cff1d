"""Frames a second of ``gigsim app`` while it plays, as a headless Chromium sees them.

    python benchmarks/page_fps.py [SECONDS]

Drawing is what is measured: people follow thresholds and the platform never retrains. A frame is a
change of the period on the page, noted by the page itself; beside it, milliseconds of processor
time a figure, from the frame to the bytes of its picture.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
from selenium import webdriver

from gigsim.app.live import LiveEconomy, Settings, quick_config
from gigsim.app.network_picture import NetworkPicture
from gigsim.app.panels import OverTime, People, against_alpha
from gigsim.society.layout import layout

_WATCH = """
window.frames_seen = [];
const period = document.querySelector('[data-gigsim="period"] b');
new MutationObserver(() => window.frames_seen.push([performance.now(), period.textContent]))
  .observe(period, {childList: true, characterData: true, subtree: true});
"""


def settings(size: int) -> list[str]:
    """A population of this size in which only drawing takes time."""
    return [
        f"population.size={size}",
        f"collective.first_movers={size // 20}",
        "society.rule=threshold",
        "society.reference_group=neighbours",
        "platform.retrain_every=100000",
        "measure.reference=0",
    ]


def seen(size: int, seconds: float) -> tuple[float, float, int]:
    """Periods a second that reach the screen, the longest pause in ms, and periods played."""
    arguments = [word for text in settings(size) for word in ("--set", text)]
    program = "from gigsim.cli import main; main()"
    server = subprocess.Popen(
        [sys.executable, "-c", program, "app", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1500,1300"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tempfile.mkdtemp()}")
    driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    try:
        assert server.stdout is not None
        driver.get(re.findall(r"http\S+", server.stdout.readline())[0])
        driver.implicitly_wait(60)
        driver.find_element("css selector", '[data-gigsim="people"] img')
        driver.execute_script(_WATCH)
        buttons = driver.find_elements("tag name", "button")
        next(b for b in buttons if "▶" in b.text).click()
        time.sleep(seconds + 2)
        frames = driver.execute_script("return window.frames_seen")
    finally:
        driver.quit()
        server.terminate()
        server.wait(30)
    clock = np.array([at for at, _ in frames[3:]])
    periods = len({period for _, period in frames[3:]})
    passed = (clock[-1] - clock[0]) / 1000
    return (periods - 1) / passed, float(np.diff(clock).max()), int(frames[-1][1])


def milliseconds(draw: Callable[[], object]) -> float:
    """Processor time of one call, mean of 20."""
    draw()
    began = time.process_time()
    for _ in range(20):
        draw()
    return 1000 * (time.process_time() - began) / 20


def figures(size: int) -> dict[str, float]:
    """Milliseconds a figure, and a period, by name."""
    live = LiveEconomy(Settings(quick_config(settings(size))))
    for _ in range(20):
        live.step()
    economy, frame, theory = live.economy, live.frame, live.theory
    assert economy is not None
    assert frame is not None
    assert theory is not None
    network, first = economy.stage.network, economy.population.first_mover
    picture = NetworkPicture(network, layout(network, 1), first, 1)
    over_time, people = OverTime(), People()
    return {
        "a period": milliseconds(live.step),
        "network": milliseconds(lambda: picture.draw(frame)),
        "over time": milliseconds(lambda: over_time.draw(frame)),
        "people": milliseconds(lambda: people.draw(frame)),
        "S against alpha, at retrainings": milliseconds(lambda: against_alpha(frame, theory)),
    }


if __name__ == "__main__":
    duration = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    for people_count in (200, 2000):
        rate, pause, played = seen(people_count, duration)
        print(
            f"{people_count:,} freelancers: {rate:.1f} periods a second on the screen,"
            f" longest pause {pause:.0f} ms, {played} periods"
        )
        for name, spent in figures(people_count).items():
            print(f"  {name}: {spent:.0f} ms")
