"""The widgets, driven as a page would drive them: through the values of their controls."""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections.abc import Callable, Iterator

import ipywidgets
import pytest
from ipywidgets.widgets import widget as core
from matplotlib.figure import Figure

import hpotutor as ht
from hpotutor.widgets import _base, _browse, _knob_panel
from hpotutor.widgets._base import Knob, Panel
from tests.small_table import small_objective as table


def noisy_race() -> Panel:
    """Return a race in which the seed of the noise matters."""
    panel = ht.widgets.optimizer_race()
    panel.set(noise=0.5, steps=40)
    return panel


def race_of_one() -> Panel:
    """Return a race in which the one seed matters."""
    panel = ht.widgets.method_race(table(), trials=20, repeats=30)
    panel.set(shown="one seed")
    return panel


PANELS: dict[str, Callable[[], Panel]] = {
    "bayesian_stepper": ht.widgets.bayesian_stepper,
    "bracket_stepper": lambda: ht.widgets.bracket_stepper(table()),
    "cluster": lambda: ht.widgets.cluster(table()),
    "front_explorer": lambda: ht.widgets.front_explorer(table()),
    "generation_stepper": lambda: ht.widgets.generation_stepper(table()),
    "grid_arithmetic": ht.widgets.grid_arithmetic,
    "grid_vs_random": ht.widgets.grid_vs_random,
    "knob_panel": lambda: ht.widgets.knob_panel("iris", start={"epochs": 6, "networks": 2}),
    "method_race": race_of_one,
    "optimizer_race": noisy_race,
    "winners_curse": lambda: ht.widgets.winners_curse(table()),
}
# Settings that alone need not change what is seen: early stopping of networks that still improve.
QUIET = {("knob_panel", "early_stopping"), ("knob_panel", "batch_size")}


@pytest.fixture(scope="module", params=PANELS)
def panel(request: pytest.FixtureRequest) -> Iterator[Panel]:
    made = PANELS[request.param]()
    made.kind = request.param
    yield made
    made.close()


def values_of(control: ipywidgets.Widget) -> list:
    """Return the ends of a control's range, or all that it has to choose from."""
    if isinstance(control, Knob):
        stops = list(control.stops)
        return [stops[0], stops[-1]]
    if isinstance(control, ipywidgets.Checkbox):
        return [not control.value, control.value]
    return [value for _, value in control._options_full]


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


# ── what holds for every panel ──────────────────────────────────────────────
def test_every_setting_draws_once_and_says_what_it_shows(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_knob_panel, "_SOON", 1e9)  # on the slowest machine, too
    start, size = panel.settings, size_of(panel.picture)
    at_first = panel.picture, panel.reading
    sent: list[str] = []
    panel.image.observe(lambda change: sent.append(change["new"]), names="value")
    for name, control in panel.controls.items():
        seen, values = set(), values_of(control)
        if panel.kind == "knob_panel":  # a value is enough, and not the slowest one
            quickest = {"epochs": 3, "networks": 4}
            values = [quickest.get(name) or next(v for v in values if v != start[name])]
            seen.add(at_first)
        for value in values:
            before = control.value
            sent.clear()
            control.value = value
            if value != before:
                assert len(sent) == 1, f"{name}={value} was drawn {len(sent)} times"
            assert size_of(panel.picture) == size
            assert "does not work" not in panel.reading
            assert panel.reading in panel.line.value.replace("&gt;", ">")
            seen.add((panel.picture, panel.reading))
        if (panel.kind, name) not in QUIET:
            assert len({picture for picture, _ in seen}) > 1, f"{name} does not move the picture"
            assert len({reading for _, reading in seen}) > 1, f"{name} does not move the reading"
        with panel.hold():
            control.value = start[name]


def test_start_over_sets_everything_as_it_was(panel: Panel) -> None:
    start = dict(panel._start)
    with panel.hold():
        for control in panel.controls.values():
            control.value = next(one for one in values_of(control) if one != control.value)
    assert panel.settings != start
    panel.start_over()
    assert panel.settings == start


def test_picture_has_a_text_and_nothing_is_unlabelled(panel: Panel) -> None:
    assert 'alt="Figure: ' in panel.image.value
    for name, control in panel.controls.items():
        labelled = control.box if isinstance(control, Knob) else control
        assert labelled.description, name


@pytest.mark.parametrize("name", PANELS)
def test_close_frees_every_part(name: str) -> None:
    before = alive()
    panel = PANELS[name]()
    assert len(alive()) > len(before) + 10
    panel.close()
    panel.close()
    assert alive() <= before


def alive() -> set[str]:
    """Return the widgets that ipywidgets keeps, in version 8 or 7."""
    kept = core._instances if hasattr(core, "_instances") else ipywidgets.Widget.widgets
    return set(kept)


@pytest.mark.parametrize("name", sorted(set(ht.widgets.__all__) - {"Panel"}))
def test_every_widget_is_tried_here(name: str) -> None:
    assert name in PANELS


def test_goal_is_shown_as_text() -> None:
    panel = ht.widgets.optimizer_race(goal="a loss < 0.01")
    assert panel.children[0].value == "<b>Goal:</b> a loss &lt; 0.01"
    panel.close()


def test_a_setting_that_cannot_be_drawn_is_explained_and_keeps_the_picture() -> None:
    panel = ht.widgets.optimizer_race(optimizers=["sgd"])
    before = panel.picture
    panel.controls["run_sgd"].value = False
    assert panel.picture == before
    assert panel.reading.startswith("This setting does not work: ")
    panel.controls["run_adam"].value = True
    assert panel.picture != before
    panel.close()


# ── pictures drawn ahead ────────────────────────────────────────────────────
@pytest.mark.parametrize("name", sorted(set(PANELS) - {"knob_panel"}))
def test_a_picture_drawn_ahead_is_the_one_drawn_on_arrival(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_browse, "_AHEAD", 1)
    panel = PANELS[name]()
    knobs = [label for label, control in panel.controls.items() if isinstance(control, Knob)]
    for label in knobs:
        control, settings = panel.controls[label], panel.settings
        direction = -1 if control.ahead(1) is None else 1
        value = control.ahead(direction)
        if value is None:  # a single stop
            continue
        panel._pictures.clear()
        panel._last_move = label, direction
        panel._draw_ahead(1)
        assert panel.settings == settings
        (ahead,) = panel._pictures.values()
        panel._pictures.clear()
        control.value = value
        assert (panel.picture, panel.reading) == ahead, label
    panel.close()


def test_the_next_stops_wait_drawn_while_the_learner_looks() -> None:
    drawn = []

    async def rest(panel: Panel) -> None:
        await asyncio.sleep(0)
        while panel._plan is not None:
            await asyncio.sleep(0.05)

    async def browse() -> None:
        panel = ht.widgets.grid_vs_random()
        draw = panel.draw
        panel.draw = lambda figure: (drawn.append(panel.settings["seed"]), draw(figure))[1]
        seed = panel.controls["seed"].slider
        for seed.value in (2, 3, 4):
            await rest(panel)
        assert drawn == [2, 3, 4, 5, 6]  # each once, before it is asked for
        seed.value = 3
        await rest(panel)
        assert drawn == [2, 3, 4, 5, 6]  # 3, 2 and 1 have been shown before
        seed.value = 30
        panel.close()
        await rest(panel)
        assert drawn == [2, 3, 4, 5, 6, 30]

    asyncio.run(browse())


def test_a_panel_is_itself_while_another_thread_draws_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_browse, "_AHEAD", 1)
    panel = ht.widgets.grid_vs_random()
    began, seen = threading.Event(), []
    draw = panel.draw

    def slow(figure: Figure) -> str:
        began.set()
        time.sleep(0.2)
        seen.append(panel.settings["seed"])
        return draw(figure)

    panel.draw = slow
    panel._last_move = "seed", 1
    ahead = threading.Thread(target=panel._draw_ahead, args=(1,))
    ahead.start()
    began.wait()
    assert panel.memory()["settings"]["seed"] == 1
    panel.controls["seed"].value = 40
    ahead.join()
    assert seen == [2, 40]
    panel.close()


def test_a_bracket_knows_its_end_before_its_knob_does() -> None:
    panel = ht.widgets.bracket_stepper(table())
    panel.set(rung=3)
    assert panel.controls["bracket"].value == 3
    panel._last_move = "bracket", -1
    panel._draw_ahead(_browse._AHEAD)  # bracket 1 has two rungs
    assert panel.controls["rung"].value == panel.controls["rung"].slider.value == 3
    assert "rung 2 of 2" in list(panel._pictures.values())[-1][1]
    panel.close()


# ── cells that run twice ────────────────────────────────────────────────────
@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    """Return a function that pretends that a cell is running for the n-th time."""
    yield lambda name, run: monkeypatch.setattr(_base, "_running_cell", lambda: (name, run))
    for panel in list(_base._ON_SHOW.values()):
        panel.close()


def test_second_run_keeps_settings_and_frees_the_first(cell: Callable) -> None:
    cell("a", 1)
    first = ht.widgets.grid_arithmetic({"units": 3, "layers": 2})
    first.controls["units"].value = 7
    cell("a", 2)
    second = ht.widgets.grid_arithmetic({"units": 3, "layers": 2})
    assert second.settings["units"] == 7
    assert first.comm is None and second.comm is not None
    second.start_over()
    assert second.settings["units"] == 3


def test_edited_call_gets_what_it_asks_for(cell: Callable) -> None:
    cell("a", 1)
    ht.widgets.grid_arithmetic({"units": 3}).controls["units"].value = 7
    cell("a", 2)
    assert ht.widgets.grid_arithmetic({"units": 4}).settings["units"] == 4


def test_two_panels_of_a_cell_and_other_cells_stay_apart(cell: Callable) -> None:
    cell("a", 1)
    first, second = ht.widgets.grid_arithmetic(), ht.widgets.grid_arithmetic()
    first.controls["folds"].value, second.controls["folds"].value = 5, 6
    cell("b", 2)
    other = ht.widgets.grid_arithmetic()
    cell("a", 3)
    again = [ht.widgets.grid_arithmetic(), ht.widgets.grid_arithmetic()]
    assert [panel.settings["folds"] for panel in again] == [5, 6]
    assert other.comm is not None and other.settings["folds"] == 3


def test_two_generation_steppers_of_a_cell_stay_apart(cell: Callable) -> None:
    cell("a", 1)
    panels = [ht.widgets.generation_stepper(table()) for _ in range(2)]
    assert all(panel.comm is not None for panel in panels)


def test_second_run_keeps_trials_and_log(cell: Callable) -> None:
    cell("a", 1)
    stepper = ht.widgets.bayesian_stepper()
    stepper.step()
    stepper.step()
    knobs = ht.widgets.knob_panel("iris", start={"epochs": 1, "networks": 1})
    cell("a", 2)
    assert ht.widgets.bayesian_stepper().places == stepper.places
    again = ht.widgets.knob_panel("iris", start={"epochs": 1, "networks": 1})
    assert len(again.log) == len(knobs.log) + 1


# ── controls ────────────────────────────────────────────────────────────────
def test_knob_keeps_what_is_typed_between_two_stops() -> None:
    knob = Knob("rate", 0.001, 1e-4, 1.0, log=True)
    knob.box.value = 0.00234567
    assert knob.value == 0.00234567
    assert knob.stops[knob.slider.value] == pytest.approx(0.00234567, rel=0.06)
    knob.slider.value = len(knob.stops) - 1
    assert knob.value == knob.box.value == 1.0


def test_knob_of_whole_numbers_slides_over_its_own_values() -> None:
    knob = Knob("levels", 3, 1, 12)
    assert (knob.slider.min, knob.slider.max, knob.slider.value) == (1, 12, 3)
    knob.slider.value = 5
    assert knob.value == knob.box.value == 5


@pytest.mark.parametrize("step", [8, 5, 1])
def test_knob_reaches_both_ends(step: int) -> None:
    stops = Knob("units", 8, 8, 128, step=step).stops
    assert stops[0] == 8 and stops[-1] == 128 and stops == sorted(set(stops))
