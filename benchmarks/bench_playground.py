"""How long a player waits: from opening the playground to its first try, and for each try.

Run it on a quiet machine: ``python benchmarks/bench_playground.py``. It opens the page from a
folder in the same headless Chromium as ``tests/browser``, and prints for each table, in
milliseconds: until a try can be pressed, as the browser's own clock has it from the start of the
navigation, and the median and the longest of ten games' tries, each until its picture is laid out.
The processor's time is printed beside it, as this is what remains of it on a busy machine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from _timing import save

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

_GAMES = 10
# Plays a game with knobs at random; answers the milliseconds of each try, layout included.
_GAME = """() => {
    const root = document.getElementById('hpt-playground'), times = [];
    root.querySelector('[data-hpt=again]').click();
    const button = root.querySelector('[data-hpt=try]');
    return new Promise(done => setTimeout(() => {
        for (let turn = 0; turn < 200 && !button.disabled; turn += 1) {
            for (const knob of root.querySelectorAll('[data-hpt=knobs] input[type=range]')) {
                knob.value = Math.floor(Math.random() * (Number(knob.max) + 1));
                knob.dispatchEvent(new Event('input'));
            }
            const began = performance.now();
            button.click();
            root.getBoundingClientRect();
            times.push(performance.now() - began);
        }
        done(times);
    }, 300));
}"""
_READY = """() => new Promise(done => {
    const root = document.getElementById('hpt-playground');
    const look = () => root.dataset.ready ? done(performance.now()) : setTimeout(look, 2);
    look();
})"""


def measure(browser: Any, file: Path, table: str) -> dict[str, float]:
    """Return the milliseconds of one table."""
    page = browser.new_page()
    client = browser.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(f"{file.as_uri()}#table={table}")
    ready = page.evaluate(_READY)
    loading = processor(client)
    times = [time for _ in range(_GAMES) for time in page.evaluate(_GAME)]
    playing = processor(client) - loading
    page.close()
    return {
        "ready": round(ready),
        "ready, processor": round(loading),
        "try, median": round(statistics.median(times), 1),
        "try, longest": round(max(times), 1),
        "try, processor": round(playing / len(times), 1),  # all knobs turned included
    }


def processor(client: Any) -> float:
    """Return the milliseconds that the page has kept a processor busy."""
    metrics = client.send("Performance.getMetrics")["metrics"]
    return 1000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def main() -> None:
    """Measure each table, print and keep the figures."""
    from tests.browser.notebook import open_browser
    from tools.site.playground import shipped, stage_alone

    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        file = stage_alone(ROOT / "docs" / "_static", Path(folder))
        figures = {table: measure(browser, file, table) for table in shipped()}
    for table, times in figures.items():
        print(table, ", ".join(f"{name} {value}" for name, value in times.items()), "ms")
    save("playground", figures)


if __name__ == "__main__":
    main()
