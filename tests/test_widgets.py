"""The widgets, driven as a page would drive them: through the values of their controls."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets import widget as core

import hpotutor as ht
from hpotutor.errors import ArgumentError
from hpotutor.widgets import _parts
from hpotutor.widgets._descent import OPTIMIZERS, SURFACES, walk_info
from hpotutor.widgets._parts import Knob, Panel


def noisy_race() -> Panel:
    """Return a race in which the seed of the noise matters."""
    panel = ht.widgets.optimizer_race()
    panel.set(noise=0.5, steps=40)
    return panel


PANELS: dict[str, Callable[[], Panel]] = {
    "grid_arithmetic": ht.widgets.grid_arithmetic,
    "optimizer_race": noisy_race,
}


@pytest.fixture(scope="module", params=PANELS)
def panel(request: pytest.FixtureRequest) -> Iterator[Panel]:
    made = PANELS[request.param]()
    made.kind = request.param
    yield made
    made.close()


def values_of(control: ipywidgets.Widget) -> list:
    """Return values over a control's whole range."""
    if isinstance(control, Knob):
        stops = control.stops
        return [stops[0], stops[len(stops) // 2], stops[-1]]
    if isinstance(control, ipywidgets.Checkbox):
        return [not control.value, control.value]
    return [value for _, value in control._options_full]


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


# ── what holds for every panel ──────────────────────────────────────────────
def test_every_setting_draws_once_and_says_what_it_shows(panel: Panel) -> None:
    start, size = panel.settings, size_of(panel.picture)
    sent: list[str] = []
    panel.image.observe(lambda change: sent.append(change["new"]), names="value")
    for name, control in panel.controls.items():
        seen = set()
        for value in values_of(control):
            before = control.value
            sent.clear()
            control.value = value
            if value != before:
                assert len(sent) == 1, f"{name}={value} was drawn {len(sent)} times"
            assert size_of(panel.picture) == size
            assert "does not work" not in panel.reading
            assert panel.reading in panel.line.value.replace("&gt;", ">")
            seen.add((panel.picture, panel.reading))
        assert len({picture for picture, _ in seen}) > 1, f"{name} does not move the picture"
        assert len({reading for _, reading in seen}) > 1, f"{name} does not move the reading"
        panel.set(**{name: start[name]})


def test_start_over_sets_everything_as_it_was(panel: Panel) -> None:
    start = dict(panel._start)
    for control in panel.controls.values():
        if isinstance(control, ipywidgets.Checkbox):
            control.value = not control.value
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


@pytest.mark.parametrize("name", ht.widgets._WIDGETS)
def test_every_widget_is_tried_here(name: str) -> None:
    assert name in PANELS


def test_goal_is_shown_as_text() -> None:
    panel = ht.widgets.optimizer_race(goal="a loss < 0.01")
    assert panel.children[0].value == "<b>Goal:</b> a loss &lt; 0.01"
    panel.close()


def test_misspelt_widget_gets_a_hint() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'optimizer_race'"):
        ht.widgets.optimizerrace  # noqa: B018


def test_a_setting_that_cannot_be_drawn_is_explained_and_keeps_the_picture() -> None:
    panel = ht.widgets.optimizer_race(optimizers=["sgd"])
    before = panel.picture
    panel.controls["run_sgd"].value = False
    assert panel.picture == before
    assert panel.reading.startswith("This setting does not work: ")
    panel.controls["run_adam"].value = True
    assert panel.picture != before
    panel.close()


# ── cells that run twice ────────────────────────────────────────────────────
@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    """Return a function that pretends that a cell is running for the n-th time."""
    yield lambda name, run: monkeypatch.setattr(_parts, "_running_cell", lambda: (name, run))
    for panel in list(_parts._ON_SHOW.values()):
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


# ── grid arithmetic ─────────────────────────────────────────────────────────
def test_grid_arithmetic_multiplies() -> None:
    panel = ht.widgets.grid_arithmetic({"a": 2, "b": 3, "c": 5}, folds=4, seconds=30, workers=2)
    # 2 × 3 × 5 points, 4 fits each, 30 s a fit, two at a time: half an hour.
    assert "= 120 fits, 30 min" in panel.reading
    assert "see 3 % of the space" in panel.reading  # 0.2 × 0.3 × 0.5
    panel.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": {}},
        {"levels": {"a": 0}},
        {"levels": {str(n): 2 for n in range(7)}},
        {"folds": 0},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"workers": 1.5},
    ],
)
def test_grid_arithmetic_refuses(wrong: dict) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        ht.widgets.grid_arithmetic(**wrong)


# ── grid against random ─────────────────────────────────────────────────────


# ── optimizer race ──────────────────────────────────────────────────────────
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_walks_are_those_of_keras(optimizer: str) -> None:
    from hpotutor._tensorflow import keras, tf

    surface, rate, momentum = SURFACES["narrow valley"], 0.03, 0.8
    made = {
        "sgd": lambda: keras.optimizers.SGD(rate),
        "momentum": lambda: keras.optimizers.SGD(rate, momentum=momentum),
        "nesterov": lambda: keras.optimizers.SGD(rate, momentum=momentum, nesterov=True),
        "rmsprop": lambda: keras.optimizers.RMSprop(rate),
        "adam": lambda: keras.optimizers.Adam(rate, beta_1=momentum),
    }[optimizer]()
    place = keras.Variable(np.array(surface.start, "float64"), dtype="float64")
    made.build([place])
    for _ in range(20):
        gradient = tf.constant(np.array(surface.gradient(*place.numpy())))
        made.apply([gradient])
    walk = walk_info(surface, optimizer, learning_rate=rate, momentum=momentum, steps=20)
    np.testing.assert_allclose(walk[-1], place.numpy(), atol=1e-5)


@pytest.mark.parametrize("name", SURFACES)
def test_gradients_are_those_of_the_loss(name: str) -> None:
    surface, eps = SURFACES[name], 1e-6
    for x, y in [(0.3, -0.7), (-1.2, 0.4), surface.start]:
        numeric = [
            (surface.loss(x + eps, y) - surface.loss(x - eps, y)) / (2 * eps),
            (surface.loss(x, y + eps) - surface.loss(x, y - eps)) / (2 * eps),
        ]
        np.testing.assert_allclose(surface.gradient(x, y), numeric, atol=1e-6)
    x, y = np.meshgrid(np.linspace(*surface.x_range, 200), np.linspace(*surface.y_range, 200))
    assert surface.loss(*map(np.float64, surface.minimum)) <= surface.loss(x, y).min()


# ── knob panel ──────────────────────────────────────────────────────────────


# ── widgets on a stored table ───────────────────────────────────────────────
