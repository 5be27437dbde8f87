"""The knob panel: real networks, trained while you look, and a log of what was tried."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hpotutor._validation import is_number
from hpotutor.datasets.dataset import Dataset
from hpotutor.datasets.loader import load
from hpotutor.errors import ArgumentError, Problems
from hpotutor.plots import learning_curves, learning_curves_info
from hpotutor.plots.formatting import number, readings
from hpotutor.plots.style import GRAY
from hpotutor.widgets._base import Knob, Panel, free, listed, menu, switch

if TYPE_CHECKING:
    from hpotutor.fused.api import Stack

_PATIENCE, _MOST_NETWORKS, _ROWS_SHOWN = 5, 16, 6
# Seconds of training before curves are drawn that still grow: a quick run is drawn once.
_SOON = 0.05
# What the networks of one run can differ in: the knobs that one stack can hold side by side.
_SPREADS: dict[str, Callable[[int], Sequence[float]]] = {
    "seed": range,
    "learning_rate": lambda n: [float(f"{rate:.2g}") for rate in np.geomspace(1e-4, 1.0, n)],
    "units": lambda n: [8 * int(round(size)) for size in np.geomspace(1, 16, n)],
    "dropout": lambda n: [round(float(share), 2) for share in np.linspace(0.0, 0.8, n)],
}


def _knobs_at(start: Mapping[str, object], target: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the controls as a learner wants them at first, and how they stand by default."""
    penalties = [0.0, 1e-5, 1e-4, 1e-3, 1e-2]
    initializers = "glorot_uniform glorot_normal he_uniform he_normal uniform normal zeros".split()
    rest = {"live": False}  # runs are slow, so sliders act when let go
    controls = {
        "learning_rate": Knob("learning_rate", 0.003, 1e-4, 1.0, log=True, step=0.25, **rest),
        "epochs": Knob("epochs", 20, 1, 200, **rest),
        "layers": Knob("layers", 1, 1, 3, **rest),
        "units": Knob("units", 64, 8, 128, step=8, **rest),
        "dropout": Knob("dropout", 0.0, 0.0, 0.8, step=0.05, **rest),
        "networks": Knob("networks", 4, 1, _MOST_NETWORKS, **rest),
        "differ_in": menu("networks differ in", _SPREADS, "seed"),
        "batch_size": menu("batch_size", [16, 32, 64, 128, 256], 32),
        "optimizer": menu("optimizer", ["sgd", "momentum", "rmsprop", "adam", "adamw"], "adam"),
        "activation": menu("activation", ["relu", "sigmoid", "tanh"], "relu"),
        "initializer": menu("initializer", initializers, "glorot_uniform"),
        "l1": menu("l1", penalties, 0.0),
        "l2": menu("l2", penalties, 0.0),
        "batch_norm": switch("batch_norm", False),
        "early_stopping": switch(f"early stopping (patience {_PATIENCE})", False),
    }
    usual = {name: control.value for name, control in controls.items()}
    problems = Problems("knob_panel")
    problems.unknown([name for name in start if name not in usual], usual)
    if target is not None and not (is_number(target) and 0 < target <= 1):
        problems.add("target", target, "a share from 0 to 1", "target=0.97")
    for name in start.keys() & controls.keys():
        try:
            controls[name].value = start[name]
        except Exception:  # each kind of control has its own error
            problems.add(f"start[{name!r}]", start[name], "a value of that knob",
                         f"start={{{name!r}: {usual[name]!r}}}")  # fmt: skip
    if problems.lines:
        for control in controls.values():
            free(control)
    problems.raise_if_any()
    return controls, usual


class KnobPanel(Panel):
    """A panel whose knobs train real networks at once, and that logs every run.

    ``log`` is a table of every run so far, and ``stop()`` ends the present one.

    Parameters
    ----------
    data : Dataset or str, default "digits"
        What to train on.
    start : dict, optional
        Where knobs stand at first, such as ``{"learning_rate": 0.03, "networks": 16}``.
    target : float, optional
        A mean validation accuracy to reach; drawn as a line, and said when it is reached.

    ArgumentError: with all that is wrong with ``start`` or ``target``.

    Examples
    --------
    >>> panel = knob_panel("iris", start={"epochs": 2, "units": 8, "networks": 2})
    >>> panel.set(learning_rate=0.1)
    >>> panel.log[["trial", "learning_rate", "networks", "epochs_trained"]].values.tolist()
    [[1.0, 0.003, 2.0, 2.0], [2.0, 0.1, 2.0, 2.0]]
    >>> panel.close()
    """

    name = "learning curves of the networks just trained"
    size, lines = (8.6, 3.7), 5
    buttons = {"Train with other seeds": "other_seeds", "Stop": "stop"}
    kept = ("_trials", "_seed")
    _task: asyncio.Task | None = None

    def __init__(
        self,
        data: Dataset | str = "digits",
        *,
        start: Mapping[str, object] | None = None,
        target: float | None = None,
        goal: str | None = None,
    ) -> None:
        from hpotutor.fused.api import StackData

        data = load(data) if isinstance(data, str) else data
        if not data.classes:
            raise ArgumentError(
                f"knob_panel: it shows accuracies, and {data.name} has amounts to predict. To try "
                "settings by hand, type ht.TrainObjective(data).evaluate({'units': 32})."
            )
        controls, usual = _knobs_at(start or {}, target)
        self._usual = {**usual, "first_seed": 0}
        self._rows = StackData(
            data.x_train, data.y_train, data.x_val, data.y_val, n_classes=data.n_classes
        )
        self.target = target
        self._trials: list[dict] = []
        self._curves: dict[str, dict] = {}
        self._seed = 0
        self._status, self._seconds = "", 0.0
        self._stopping = False
        self.table = widgets.HTML(layout=widgets.Layout(height="225px", width="860px"))
        super().__init__(controls, goal=goal)
        self.children: tuple = (*self.children, self.table)

    def arrange(self) -> list[widgets.Widget]:
        """Return the knobs first, then the lists in columns."""
        lists, knobs, switches = super().arrange()
        for one in lists.children:
            one.layout.width = "288px"
        return [knobs, lists, switches]

    def members(self) -> dict[str, dict]:
        """Return the networks that the controls ask for, by the name that tells them apart."""
        asked = self.settings
        count, differ_in = asked.pop("networks"), asked.pop("differ_in")
        if asked.pop("early_stopping"):
            asked["patience"] = _PATIENCE
        if differ_in == "seed":
            seeds = range(self._seed, self._seed + count)
            return {f"seed {seed}": {**asked, "seed": seed} for seed in seeds}
        values = dict.fromkeys(_SPREADS[differ_in](count))  # distinct ones
        asked["seed"] = self._seed
        return {f"{differ_in}={number(value)}": {**asked, differ_in: value} for value in values}

    def refresh(self) -> None:
        """Train what the controls ask for, to the end."""
        if not self._holds:
            for _ in self._train():
                pass

    def stop(self) -> None:
        """End the present run after the epoch that it is in; it is logged as it stands."""
        self._stopping = True

    def _train(self) -> Iterator[None]:
        """Train epoch by epoch, draw the curves as they grow, and log the run."""
        from hpotutor.fused.api import Stack

        self._stopping = False
        members = self.members()
        began = drawn = time.perf_counter()
        pause = _SOON
        stack = Stack(self._rows, list(members.values()))
        while stack.live.any() and not self._stopping:
            stack.train_epoch()
            self._status = "training"
            self._collect(stack, members, began)
            if stack.live.any() and time.perf_counter() - drawn > pause:
                before = time.perf_counter()
                super().refresh()
                drawn = time.perf_counter()
                pause = 2.5 * (drawn - before)  # that much training to a second of drawing
            yield
        self._status = "stopped" if stack.live.any() else "complete"
        self._collect(stack, members, began)
        self._log(stack)
        super().refresh()

    def _collect(self, stack: Stack, members: dict, began: float) -> None:
        self._curves = dict(zip(members, stack.curves, strict=True))
        self._seconds = time.perf_counter() - began

    def _moved(self, _: dict) -> None:
        if not self._holds:
            self._begin()

    def other_seeds(self) -> None:
        """Train the same settings with seeds that were not seen yet."""
        self._seed += self.controls["networks"].value
        self._begin()

    def _begin(self) -> None:
        """Train beside the kernel's other work, so that "Stop" and the knobs are heard."""
        self._forget()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script or a test: nobody is there to press a button meanwhile
            self.refresh()
            return
        self._task = loop.create_task(self._train_beside())

    async def _train_beside(self) -> None:
        try:
            for _ in self._train():
                await asyncio.sleep(0.001)
        except Exception as error:  # nobody awaits a task: what goes wrong is said in the panel
            self.say(f"The training failed: {error}")

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def draw(self, figure: Figure) -> str:
        """Draw loss and accuracy of the present run."""
        loss_axes, accuracy_axes = figure.subplots(
            1, 2, gridspec_kw={"left": 0.08, "right": 0.99, "top": 0.86, "bottom": 0.14}
        )
        curves = self._networks()
        reading = learning_curves(curves, ax=loss_axes, marks=self._status != "training")
        learning_curves(curves, metric="accuracy", ax=accuracy_axes, marks=False)
        ends = self._ends()
        title = f"Validation accuracy {number(round(np.mean(ends), 3))}"
        accuracy_axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
        accuracy_axes.legend_.remove()
        for text in loss_axes.legend_.get_texts():
            text.set_fontsize(8)
        if self.target is not None:
            accuracy_axes.axhline(self.target, color=GRAY, ls="--", lw=1.2)
        epochs = self.controls["epochs"].value
        for ax in (loss_axes, accuracy_axes):  # the curves grow into a frame that stays
            ax.set_xlim(1 - 0.02 * epochs, max(epochs, 2) * 1.02)
        spread = f"{ends.mean():.3f}"
        spread += f" ({ends.min():.3f} to {ends.max():.3f})" if len(ends) > 1 else ""
        told: dict[str, Any] = {"spread": spread, "networks": len(ends), "status": self._status}
        told |= {"trials": self._trials, "target": self.target, "patience": _PATIENCE}
        told["epoch"] = max(len(run["loss"]) for run in self._curves.values())
        return self.words(reading=reading, seconds=float(f"{self._seconds:.2g}"), **told)

    def _networks(self) -> dict | list:
        """Return the curves by name; as runs of one setting where only seeds differ."""
        seeds = self.controls["differ_in"].value == "seed"
        return list(self._curves.values()) if seeds else self._curves

    def _ends(self) -> np.ndarray:
        return np.array([curve["val_accuracy"][-1] for curve in self._curves.values()])

    @property
    def log(self) -> pd.DataFrame:
        """Every run so far: its settings, its validation accuracy, its cost."""
        return pd.DataFrame(self._trials)

    def _log(self, stack: Stack) -> None:
        ends = self._ends()
        diagnoses = learning_curves_info(self._networks()).diagnoses.values()
        self._trials.append({
            "trial": len(self._trials) + 1,
            **self.settings,
            "first_seed": self._seed,
            "val_accuracy": round(float(ends.mean()), 4),
            "lowest": round(float(ends.min()), 4),
            "highest": round(float(ends.max()), 4),
            "epochs_trained": stack.epoch,
            "seconds": round(self._seconds, 3),
            "status": self._status,
            "verdict": ", ".join(sorted({found.verdict for found in diagnoses})),
        })  # fmt: skip
        self.table.value = _table(self._trials, self._usual)

    def close(self) -> None:
        """End the training, and free everything."""
        with contextlib.suppress(RuntimeError):  # the loop may be gone already
            self._forget()
        super().close()


def _table(trials: list[dict], usual: dict) -> str:
    """Return the last runs and the best one as an HTML table, with what was changed in each."""
    best = max(trials, key=lambda trial: trial["val_accuracy"])
    shown = trials[-_ROWS_SHOWN:]
    if best not in shown:
        shown = [best, *shown[1:]]
    changed, befores = {}, [usual, *trials]
    for trial in shown:
        number, before = trial["trial"], befores[trial["trial"] - 1]
        other = {name: trial[name] for name in usual if trial[name] != before[name]}
        changed[number] = listed(other) or ("the same again" if number > 1 else "start")
    page = readings(Path(__file__).parent / "readings").get_template("knob_panel_log.html")
    text: str = page.render(best=best, shown=shown[::-1], changed=changed)
    return text


knob_panel = KnobPanel
