"""Panels of one idea: a grid's cost, grid against random, a model's steps, walks of optimizers."""

from __future__ import annotations

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.widgets._grid_vs_random import hill, wins_info
from hpotutor.widgets._optimizer_race import OPTIMIZERS, SURFACES, walk_info
from hpotutor.widgets._surrogate_steps import Curve, step_info
from tests.messages import refused


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
    with refused(f"{next(iter(wrong))}=.*Type for instance"):
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
    with refused(f"{next(iter(wrong))}=.*Type for instance"):
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
