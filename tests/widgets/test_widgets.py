"""The widgets, driven as a page would drive them: through the values of their controls."""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections.abc import Callable, Iterator

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets import widget as core
from matplotlib.figure import Figure

import hpotutor as ht
from hpotutor.errors import ArgumentError
from hpotutor.search.hyperband import hyperband_brackets, successive_halving
from hpotutor.tabular.objective import TableObjective
from hpotutor.widgets import _base, _browse
from hpotutor.widgets._base import Knob, Panel
from hpotutor.widgets._bracket_stepper import halving_info, survival_info
from hpotutor.widgets._cluster import cluster_info
from hpotutor.widgets._generation_stepper import evolution_info
from hpotutor.widgets._grid_vs_random import hill, wins_info
from hpotutor.widgets._optimizer_race import OPTIMIZERS, SURFACES, walk_info
from hpotutor.widgets._surrogate_steps import Curve, step_info
from hpotutor.widgets._winners_curse import scores_info
from tests.small_table import small_table


def table() -> TableObjective:
    return TableObjective(small_table(), quiet=True)


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
    """Return values over a control's whole range."""
    if isinstance(control, Knob):
        stops = list(control.stops)
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
        # Networks are trained for each value: both ends will do, and not the slowest ones.
        trains = panel.kind == "knob_panel"
        slow = {"epochs": 9, "networks": 4} if trains else {}
        seen = set()
        values = values_of(control)
        for value in values[:: len(values) - 1] if trains else values:
            value = min(value, slow.get(name, value)) if name in slow else value
            before = control.value
            sent.clear()
            control.value = value
            if value != before and not trains:
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


@pytest.mark.parametrize("name", sorted(set(ht.widgets.__all__) - {"Panel"}))
def test_every_widget_is_tried_here(name: str) -> None:
    assert name in PANELS


def test_goal_is_shown_as_text() -> None:
    panel = ht.widgets.optimizer_race(goal="a loss < 0.01")
    assert panel.children[0].value == "<b>Goal:</b> a loss &lt; 0.01"
    panel.close()


def test_misspelt_widget_gets_a_hint() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'knob_panel'"):
        ht.widgets.knobpanel  # noqa: B018


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


# ── grid arithmetic ─────────────────────────────────────────────────────────
def test_grid_arithmetic_multiplies() -> None:
    panel = ht.widgets.grid_arithmetic({"a": 2, "b": 3, "c": 5}, folds=4, seconds=30)
    panel.set(workers=2)
    # 2 × 3 × 5 points, 4 fits each, 30 s a fit, two at a time: half an hour.
    assert "= 120 fits, 30 min" in panel.reading
    assert "see 3% of the space" in panel.reading  # 0.2 × 0.3 × 0.5
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
    ],
)
def test_grid_arithmetic_refuses(wrong: dict) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        ht.widgets.grid_arithmetic(**wrong)


# ── grid against random ─────────────────────────────────────────────────────
def test_wins_are_those_of_played_draws() -> None:
    surface = hill(idle=0.3, peak=0.4, width=0.2)
    centers = (np.arange(3) + 0.5) / 3
    grid = max(float(surface(x, y)) for x in centers for y in centers)
    drawn = np.random.default_rng(7).random((2, 4000, 9))
    won = (surface(*drawn).max(axis=1) > grid).mean()
    assert wins_info(surface, 9) == pytest.approx(won, abs=0.04)


# ── Bayesian stepper ────────────────────────────────────────────────────────
def test_posterior_is_the_textbook_one() -> None:
    curve = Curve(np.geomspace(1e-3, 1, 91), np.sin(np.linspace(0, 5, 91)))
    tried, noise, length = np.array([0.002, 0.03, 0.5]), 0.1, 0.2
    scores = np.array([curve.at(place) for place in tried])
    step = step_info(curve, tried, scores, length=length, noise=noise)
    tried, places = curve.unit(tried), curve.unit(curve.places)

    def matern(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        r = np.sqrt(5) * np.abs(a[:, None] - b[None, :]) / length
        return (1 + r + r**2 / 3) * np.exp(-r)

    spread = max(scores.std(), np.ptp(curve.truth) / 3)
    gram = matern(tried, tried) + ((noise / spread) ** 2 + 1e-6) * np.eye(3)
    weights = np.linalg.solve(gram, matern(tried, places)).T
    mean = scores.mean() + weights @ (scores - scores.mean())
    variance = 1 - (weights * matern(places, tried)).sum(axis=1)
    np.testing.assert_allclose(step.mean, mean, atol=1e-4)
    np.testing.assert_allclose(step.std, spread * np.sqrt(variance), atol=1e-3)


def test_stepper_finds_the_higher_hump_and_steps_back() -> None:
    panel = ht.widgets.bayesian_stepper()
    with panel.hold():
        for _ in range(11):
            panel.step()
    panel.step()
    best = max(panel._scores(panel._tried()))
    assert best > panel.curve.truth.max() - 0.01
    pictures = panel.picture
    panel.step()
    panel.back()
    assert panel.picture == pictures
    panel.start_over()
    assert panel.places == []
    panel.close()


def test_exploration_dial_explores() -> None:
    def widest_gap(exploration: float) -> float:
        panel = ht.widgets.bayesian_stepper()
        panel.set(acquisition="upper confidence bound", exploration=exploration)
        with panel.hold():
            for _ in range(10):
                panel.step()
        gaps = np.diff(np.sort(panel.curve.unit([*panel._tried(), *panel.curve.places[[0, -1]]])))
        panel.close()
        return gaps.max()

    assert widest_gap(5.0) < widest_gap(0.0)


def test_game_answers_each_of_your_trials() -> None:
    panel = ht.widgets.bayesian_stepper("digits", fixed={"units": 64})
    panel.controls["mode"].value = "play against it"
    assert panel.settings["truth"] is False
    for place in (0.01, 0.02, 0.05):
        panel.controls["place"].value = place
        panel.try_place()
    assert panel.places == [0.01, 0.02, 0.05]
    rival, _ = panel.rival()
    assert len(rival) == len(panel._tried()) == 5
    assert panel.reading.startswith("After 3 trials each ")
    panel.close()


@pytest.mark.parametrize(
    "wrong",
    [{"truth": "digit"}, {"truth": {0.1: 0.5}}, {"fixed": {"units": 8}}],
)  # fmt: skip
def test_stepper_refuses(wrong: dict) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        ht.widgets.bayesian_stepper(**wrong)


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
def test_knob_panel_trains_what_it_says() -> None:
    panel = ht.widgets.knob_panel("iris", start={"epochs": 3, "networks": 3, "units": 8})
    panel.set(learning_rate=0.05, dropout=0.2)
    data = ht.load("iris")
    from hpotutor.fused.api import train_many

    asked = [
        {"learning_rate": 0.05, "dropout": 0.2, "units": 8, "epochs": 3, "seed": seed}
        for seed in range(3)
    ]
    alone = train_many(
        data.x_train, data.y_train, data.x_val, data.y_val, asked, n_classes=data.n_classes
    )
    ends = [network.curve["val_accuracy"][-1] for network in alone]
    row = panel.log.iloc[-1]
    assert row["val_accuracy"] == pytest.approx(np.mean(ends), abs=1e-4)
    assert (row["lowest"], row["highest"]) == pytest.approx((min(ends), max(ends)), abs=1e-4)
    assert "learning_rate=0.05, dropout=0.2" in panel.table.value
    panel.close()


@pytest.mark.parametrize("differ_in", ["learning_rate", "units", "dropout"])
def test_networks_differ_in_one_knob(differ_in: str) -> None:
    panel = ht.widgets.knob_panel(
        "iris", start={"epochs": 1, "networks": 5, "differ_in": differ_in}
    )
    members = list(panel.members().values())
    assert len({member[differ_in] for member in members}) == 5
    for member in members:
        member.pop(differ_in)
    assert all(member == members[0] for member in members)
    panel.close()


def test_stop_ends_a_training_that_runs_beside_the_kernel() -> None:
    panel = ht.widgets.knob_panel("iris", start={"epochs": 1, "networks": 1})

    async def learner() -> None:
        panel.controls["epochs"].value = 200
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert panel.reading.startswith("Training, epoch ")
        panel.stop()
        await panel._task

    asyncio.run(learner())
    last = panel.log.iloc[-1]
    assert last["status"] == "stopped" and 1 <= last["epochs_trained"] < 200
    assert panel.reading.startswith("Stopped: ")
    panel.close()


def test_a_new_setting_takes_the_place_of_a_running_one() -> None:
    panel = ht.widgets.knob_panel("iris", start={"epochs": 1, "networks": 1})

    async def learner() -> None:
        panel.controls["epochs"].value = 150
        await asyncio.sleep(0.01)
        panel.controls["epochs"].value = 2
        await panel._task

    asyncio.run(learner())
    assert panel.log["epochs"].tolist() == [1, 2]
    panel.close()


def test_the_knob_panel_says_that_amounts_have_no_accuracy():
    x = np.random.default_rng(0).normal(size=(80, 2))
    with pytest.raises(ArgumentError, match=r"has amounts to predict.*TrainObjective"):
        ht.widgets.knob_panel(ht.load((x, x.sum(axis=1))))


def test_target_is_said_when_it_is_reached() -> None:
    panel = ht.widgets.knob_panel("iris", start={"epochs": 1, "networks": 1}, target=0.9)
    assert "the goal of 0.9 is not reached yet" in panel.reading
    panel.set(epochs=40, learning_rate=0.03)
    assert "the goal of 0.9 is reached" in panel.reading
    panel.close()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"start": {"learning_rat": 0.1}}, "Did you mean 'learning_rate'"),
        ({"start": {"optimizer": "adma"}}, "optimizer"),
        ({"target": 97}, "target"),
    ],
)
def test_knob_panel_refuses(wrong: dict, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        ht.widgets.knob_panel("iris", **wrong)


# ── widgets on a stored table ───────────────────────────────────────────────
STORED = ["bracket_stepper", "cluster", "front_explorer", "generation_stepper", "method_race"]
STORED += ["winners_curse"]


@pytest.mark.parametrize("name", STORED)
def test_only_a_table_will_do(name: str) -> None:
    with pytest.raises(ArgumentError, match=f'{name}\\("digits"\\)'):
        getattr(ht.widgets, name)(3)


def test_rungs_are_those_of_successive_halving() -> None:
    curves = np.random.default_rng(3).random((27, 27)).cumsum(axis=1)
    for bracket in hyperband_brackets(27):
        first = bracket.rungs[0].configurations
        points = [{"trial": n} for n in range(first)]

        def score(batch: list[dict], epochs: int) -> list[float]:
            return [curves[one["trial"], epochs - 1] for one in batch]

        found = halving_info(curves[:first], bracket)
        last = found[found["rung"] == len(bracket.rungs) - 1].sort_values("value")["trial"]
        want = [one["trial"] for one in successive_halving(score, points, bracket.rungs)]
        assert last.tolist()[::-1] == want
        assert found.groupby("rung").size().tolist() == [r.configurations for r in bracket.rungs]


def test_survival_is_that_of_played_brackets() -> None:
    rng, bracket = np.random.default_rng(5), hyperband_brackets(9)[0]
    curves = rng.normal(size=(40, 9)) + np.linspace(0, 3, 40)[:, None]
    kept = 0
    for _ in range(1500):
        drawn = curves[rng.integers(0, 40, 9)]
        found = halving_info(drawn, bracket)
        top = found.loc[found["rung"] == 2, "trial"].iloc[0]
        kept += drawn[top, 8] >= drawn[:, 8].max()
    assert survival_info(curves, bracket) == pytest.approx(kept / 1500, abs=0.08)


def test_bracket_steps_up_and_back() -> None:
    panel = ht.widgets.bracket_stepper(table())
    first = panel.picture
    for _ in range(4):
        panel.step()
    assert panel.settings["rung"] == 4 and panel.settings["bloomers"]
    for _ in range(4):
        panel.back()
    assert panel.picture == first
    panel.controls["bracket"].value = 0  # plain random search has one rung
    assert panel.controls["rung"].box.max == 1
    panel.set(max_epochs=9)
    panel.start_over()
    bracket = panel.controls["bracket"]
    assert bracket.box.value == bracket.slider.value == panel.bracket.s == 3
    assert panel.picture == first
    panel.close()


def test_children_have_the_genes_of_their_parents() -> None:
    born = evolution_info(table(), mutation=0.0, generations=4)
    params = born.set_index("individual")["params"]
    for row in born[born["generation"] > 0].itertuples():
        assert 1 <= len(row.parents) <= 2
        assert all(born.loc[p, "generation"] == row.generation - 1 for p in row.parents)
        for name, value in row.params.items():
            assert value in [params[parent][name] for parent in row.parents]
    best = born.groupby("generation")["value"].max()
    assert best.is_monotonic_increasing  # the elite lives on


def test_the_winner_is_the_more_cursed_the_fewer_its_rows() -> None:
    def gap(rows: int) -> float:
        validation, test = scores_info(table(), trials=100, rows=rows)
        chosen = validation.argmax(axis=1)[:, None]
        ends = (np.take_along_axis(scores, chosen, 1).mean() for scores in (validation, test))
        return next(ends) - next(ends)

    assert gap(20) > gap(60) + 0.01 > gap(200) + 0.02


def test_resized_validation_sets_are_unbiased() -> None:
    stored = table()
    for rows in (20, 50, 200):
        validation, _ = scores_info(stored, trials=200, rows=rows)
        truth = stored.table.val_accuracy[:, :, stored.epochs - 1].mean()
        assert validation.mean() == pytest.approx(truth, abs=0.01)
        assert np.allclose(validation * rows, np.round(validation * rows))


def test_asynchronous_workers_wait_less_and_stragglers_hurt() -> None:
    def end(method: str, stragglers: float) -> float:
        seeds = range(5)
        return np.mean([
            cluster_info(
                table(), method=method, workers=8, jobs=60, stragglers=stragglers, seed=s
            )["end"].max()
            for s in seeds
        ])  # fmt: skip

    assert end("asynchronous halving", 1.0) < end("synchronous halving", 1.0)
    assert end("synchronous halving", 0.0) < end("synchronous halving", 1.0)


def test_method_race_reads_what_compare_found() -> None:
    comparison = ht.compare(["grid", "random"], table(), trials=16, repeats=40)
    panel = ht.widgets.method_race(comparison)
    median = np.median(comparison.at(what="best")["random"])
    assert f"random {median:.3g}" in panel.reading
    panel.set(score="test")
    median = np.median(comparison.at(what="test")["random"])
    assert f"random {median:.3g}" in panel.reading
    panel.close()
