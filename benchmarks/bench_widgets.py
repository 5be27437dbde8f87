"""How long a learner waits: from a key press on a slider to the new picture in the page.

Run it on a quiet machine: ``python benchmarks/bench_widgets.py``. It opens JupyterLab in the same
headless Chromium as ``tests/browser``, and prints the median and the 90th percentile of 20 steps
for each widget, and of ``interact`` with the inline figure, which is what a learner would write:
first for a learner who looks at each picture for a second (the panels draw the slider's next stop
meanwhile), then for one who presses the key as soon as the picture is there. ``--kernel`` leaves
the browser out: it times the callbacks alone, and the trainings of the knob panel.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _timing import save

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

_STEPS = 20
_TRAININGS = 7
# Seconds for which a learner looks at each picture.
_LOOKS = {"looking": 1.0, "hurrying": 0.0}
# Resolves when the panel's picture has been replaced and is ready to be painted.
_NEXT_PICTURE = """(panel) => new Promise(done => {
    const began = performance.now();
    const old = panel.querySelector('img').src;
    const look = () => {
        const image = panel.querySelector('img');
        const waited = performance.now() - began;
        if (image && image.src !== old && image.complete) done(waited);
        else if (waited > 10000) done(null);  // this step changes nothing in the picture
        else requestAnimationFrame(look);
    };
    look();
})"""


def milliseconds(seconds: list[float]) -> dict[str, int]:
    """Return median and 90th percentile."""
    ninth = statistics.quantiles(seconds, n=10)[-1]
    return {"median": round(1000 * statistics.median(seconds)), "p90": round(1000 * ninth)}


def in_the_kernel(build: Callable) -> list[float]:
    """Return how long the callback of one knob takes, step by step."""
    from hpotutor.widgets._base import Knob

    panel = build()
    knob = next(one for one in panel.controls.values() if isinstance(one, Knob))
    times = []
    for _ in range(_STEPS):
        new = knob.slider.min + (knob.slider.value + 1 - knob.slider.min) % len(knob.stops)
        panel._pictures.clear()  # else it would show one again that it has kept
        began = time.perf_counter()
        knob.slider.value = new
        times.append(time.perf_counter() - began)
    panel.close()
    return times


def in_the_page(panel: object, look: float, slider: int = 0) -> list[float]:
    """Return the time from a key press to the new picture, step by step."""
    handle = panel.place.locator(".noUi-handle").nth(slider)
    times, key = [], "ArrowRight"
    for _ in range(_STEPS):
        panel.settle()
        panel.page.wait_for_timeout(1000 * look)
        least, at, most = (
            float(handle.get_attribute(f"aria-value{end}")) for end in ("min", "now", "max")
        )
        if at in (least, most):  # turn round, and go on to pictures that were not shown yet
            key = "ArrowRight" if at == least else "ArrowLeft"
        handle.focus()
        waiting = panel.place.evaluate_handle(f"panel => ({{done: ({_NEXT_PICTURE})(panel)}})")
        panel.page.keyboard.press(key)
        waited = waiting.evaluate("async waiting => await waiting.done")
        if waited is not None:
            times.append(waited / 1000)
    return times


def knob_panel_seconds() -> tuple[float, float]:
    """Return the seconds to the first curves, and to the end of 16 networks and 15 epochs."""
    import hpotutor as ht

    panel = ht.widgets.knob_panel(start={"networks": 16, "epochs": 15})
    taken = []
    for change in range(_TRAININGS):
        first: list[float] = []
        panel.image.observe(lambda _, first=first: first.append(time.perf_counter()), names="value")
        began = time.perf_counter()
        panel.set(learning_rate=0.01 + change / 1000)
        taken.append((first[0] - began, time.perf_counter() - began))
        panel.image.unobserve_all("value")
    panel.close()
    firsts, wholes = zip(*taken, strict=True)
    return statistics.median(firsts), statistics.median(wholes)


def main() -> None:
    """Print a table, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", action="store_true", help="time the callbacks alone")
    options = parser.parse_args()
    import hpotutor as ht

    browsing = [name for name in ht.widgets.__all__ if name not in ("Panel", "knob_panel")]
    print("median and 90th percentile in ms, 20 steps of a slider")
    if not options.kernel:
        save("widgets", {"key_to_picture_ms": in_the_pages(browsing)})
        return
    steps = {}
    for name in browsing:
        steps[name] = milliseconds(in_the_kernel(getattr(ht.widgets, name)))
        print(f"{name:20}{steps[name]['median']:6}{steps[name]['p90']:6}")
    first, whole = knob_panel_seconds()
    print(f"knob panel, 16 networks x 15 epochs: first curves {first:.2f} s, all {whole:.2f} s")
    panel = {"first_curves_s": round(first, 2), "16_networks_15_epochs_s": round(whole, 2)}
    save("widgets_kernel", {"callback_ms": steps, "knob_panel": panel})


def in_the_pages(names: list[str]) -> dict[str, dict[str, dict[str, int]]]:
    """Time every widget in a page of its own, and ``interact`` for comparison."""
    from tests.browser.notebook import Notebook, notebook_of, open_browser, open_lab

    cells = {name: f"ht.widgets.{name}()" for name in names}
    cells["interact"] = (
        "from ipywidgets import interact\n"
        "def draw(n=3):\n    ht.plots.grid_cost({'a': n, 'b': 3, 'c': 3, 'd': 3})\n"
        "interact(draw, n=(1, 12));"
    )
    steps = {}
    with tempfile.TemporaryDirectory() as home, open_browser() as browser:
        with open_lab(Path(home), ROOT) as lab:
            for name, call in cells.items():
                book = notebook_of([f"import hpotutor as ht\n{call}"])
                notebook = Notebook(browser, lab, f"bench_{name}", book)
                steps[name] = {}
                for how, look in _LOOKS.items():
                    notebook.run()  # a new panel, which has no pictures yet
                    steps[name][how] = milliseconds(in_the_page(notebook.panel(), look))
                found = [f"{how} {ms['median']:5}{ms['p90']:5}" for how, ms in steps[name].items()]
                print(f"{name:20}", *found, sep="  ", flush=True)
                notebook.close()
    return steps


if __name__ == "__main__":
    main()
