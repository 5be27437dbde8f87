"""The panel that trains networks: what it trains, when it stops, what it says."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.widgets import _knob_panel
from tests.messages import refused


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


@pytest.mark.parametrize(
    ("soon", "epochs", "drawn"),
    [(0.0, 2, ["training", "complete"]), (0.0, 1, ["complete"]), (1e9, 2, ["complete"])],
)
def test_a_quick_run_is_drawn_once_and_a_longer_one_while_it_grows(
    monkeypatch: pytest.MonkeyPatch, soon: float, epochs: int, drawn: list[str]
) -> None:
    panel = ht.widgets.knob_panel("iris", start={"epochs": 3, "networks": 1})
    monkeypatch.setattr(_knob_panel, "_SOON", soon)
    sent: list[str] = []
    panel.image.observe(lambda change: sent.append(panel._status), names="value")
    panel.set(epochs=epochs)
    assert sent == drawn
    panel.close()


def test_stop_ends_a_training_that_runs_beside_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_knob_panel, "_SOON", 0.0)
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
    with refused(r"has amounts to predict.*TrainObjective"):
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
        ({"start": {"optimizer": "adma"}}, r"start\['optimizer'\]='adma' .*'adam'"),
        ({"target": 97}, "target=97 .*Type for instance target="),
    ],
)
def test_knob_panel_refuses(wrong: dict, says: str) -> None:
    with refused(says):
        ht.widgets.knob_panel("iris", **wrong)
