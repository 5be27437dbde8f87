"""What the playground plays with: each table in one script of at most 3 MB.

A page opened from a folder may load a script and may not fetch a file, so a table travels as a
call: JSON, in which arrays are deflated and in base 64. Scores stay whole numbers of correct
answers, so that what the page shows is what the table holds.
"""

from __future__ import annotations

import base64
import json
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from hpotutor.tabular import TableObjective, random_history, replay, stored_history
from hpotutor.tabular.histories import histories_path
from hpotutor.tabular.table import FOLDER, NAMES, Table, open_table

LARGEST = 3_000_000  # bytes
TRIES = 10
OPPONENT_TRIALS = 60  # as far as the opponents' medians are told
_INACTIVE = 255  # the level of a knob that a configuration does not have
_FIRST = ["signals", "digits"]  # the order in which the page offers them
_TITLES = {
    "digits": "1,797 handwritten digits, ten classes",
    "breast_cancer": "569 tumors, benign or malignant",
    "signals": "short signals, ten classes, each stretched, shifted and noisy",
}
# What fits into the list of data on the page; the line below it has the titles.
SHORT = {"digits": "handwritten digits", "breast_cancer": "tumors", "signals": "short signals"}
_LABELS = {"batch_size": "batch size", "learning_rate": "learning rate", "layers": "hidden layers"}
# Stored methods as opponents, besides random search: the name of the history, and on the page.
_LEARNING = {"tpe": "TPE"}


def stage_tables(folder: Path) -> list[str]:
    """Write a script for each shipped table; return the tables' names, the first one to begin with.

    Raises
    ------
    ValueError
        If a script would be larger than a page may load.
    """
    names = shipped()
    for name in names:
        text = script(open_table(name))
        if len(text) > LARGEST:
            raise ValueError(f"playground: the {name} table takes {len(text)} bytes")
        (folder / f"playground-{name}.js").write_text(text, encoding="ascii")
    about = [{"name": name, "title": SHORT.get(name, name)} for name in names]
    line = f"window.hptTables = {json.dumps(about)};\n"
    (folder / "playground-tables.js").write_text(line, encoding="ascii")
    return names


def stage_alone(static: Path, folder: Path) -> Path:
    """Write a page with the playground and nothing of the theme around it; return its file."""
    shutil.copytree(static, folder / "_static")
    stage_tables(folder / "_static")
    page = (static / "playground" / "page.html").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><title>Playground</title>'
        '<link rel="stylesheet" href="_static/site.css">'
    )
    body = f"<body><main><h1>Playground</h1>{page}</main></body>"
    text = f'<!doctype html><html lang="en"><head>{head}</head>{body}</html>'
    (folder / "playground.html").write_text(text, encoding="utf-8")
    return folder / "playground.html"


def shipped() -> list[str]:
    """Return the names of the tables that are there, the first one to begin with."""
    there = [name for name in NAMES if (FOLDER / f"{name}.npz").exists()]
    return sorted(there, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def script(table: Table) -> str:
    """Return a table as a script that hands it to the page."""
    return f"window.hptTable({json.dumps(data(table), separators=(',', ':'))});\n"


def data(table: Table) -> dict[str, Any]:
    """Return what the page needs of a table; ``playground.js`` reads it."""
    positions = levels_of(table)
    whole = table.val_correct.astype("<u2")
    losses = {
        name: getattr(table, name).astype(float).mean(axis=1).astype("<f2").view("<u2")
        for name in ("loss", "val_loss")
    }
    return {
        "name": table.name,
        "title": _TITLES.get(table.name, table.name),
        "axes": axes(table, positions),
        "shape": list(whole.shape),
        "rows": table.about["rows"],
        "tries": TRIES,
        "levels": packed(positions.T),
        "valCorrect": packed(planes(whole.reshape(-1, table.epochs))),
        "testCorrect": packed(planes(table.test_correct[:, :, -1].astype("<u2"))),
        **{name: packed(planes(curve)) for name, curve in losses.items()},
        "opponents": opponents(table),
    }


def levels_of(table: Table) -> np.ndarray:
    """Return the level of each knob in each configuration, uint8 (configurations, knobs).

    A knob that a configuration does not have, such as the number of filters of a network without
    convolutions, has level 255.
    """
    found = np.full((len(table), len(table.axes)), _INACTIVE, "u1")
    places = [{level: at for at, level in enumerate(axis.levels)} for axis in table.axes]
    for number in range(len(table)):
        params = table.params_at(number)
        for knob, axis in enumerate(table.axes):
            if params.get(axis.name) is not None:
                found[number, knob] = places[knob][params[axis.name]]
    return found


def axes(table: Table, positions: np.ndarray) -> list[dict[str, Any]]:
    """Return the knobs: levels, default, and the choice of another knob that each depends on."""
    made = []
    for knob, axis in enumerate(table.axes):
        there = positions[:, knob] != _INACTIVE
        made.append(
            {
                "name": axis.name,
                "label": _LABELS.get(axis.name, axis.name.replace("_", " ")),
                "levels": list(axis.levels),
                "ordered": axis.scale != "category",
                "start": axis.levels.index(axis.default),
                "when": None if there.all() else condition(positions, there, knob),
            }
        )
    return made


def condition(positions: np.ndarray, there: np.ndarray, knob: int) -> dict[str, Any]:
    """Return which levels of which other knob switch a knob on."""
    for other in range(positions.shape[1]):
        if other != knob:
            on = sorted(set(positions[there, other].tolist()))
            if np.array_equal(np.isin(positions[:, other], on), there):
                return {"knob": other, "levels": on}
    raise ValueError(f"playground: no single knob decides when knob {knob} is there")


def opponents(table: Table) -> list[dict[str, Any]]:
    """Return what a thousand searches of each kind reached.

    Each kept the setting with the best score that it had seen; ``sums`` are that setting's correct
    answers, over all stored runs, after ten trials, and ``medians`` theirs after 1, 2, ... trials.
    """
    noisy, seeing_all = TableObjective(table.name), TableObjective(table.name, seed="mean")
    random = random_history(noisy, trials=OPPONENT_TRIALS)
    kinds = [("random", "Random search", noisy, random)]
    if histories_path(table.name).exists():
        for name, label in _LEARNING.items():
            kinds.append((name, label, noisy, stored_history(noisy, name)))
    kinds.append(("mean", "Random search that sees all runs", seeing_all,
                  random_history(seeing_all, trials=OPPONENT_TRIALS)))  # fmt: skip
    scale = table.about["rows"]["validation"] * table.seeds
    made = []
    for name, label, objective, history in kinds:
        reached = objective.truth.max() - replay(objective, history).regret
        sums = np.rint(reached * scale).astype(int)
        medians = np.median(sums, axis=0).tolist()
        made.append({"name": name, "label": label, "sums": np.sort(sums[:, TRIES - 1]).tolist(),
                     "medians": medians})  # fmt: skip
    return made


def planes(values: np.ndarray) -> np.ndarray:
    """Return rows of 16 bits as low and high bytes of the differences along each row.

    Column by column: neighbors are alike, which is what makes them small when deflated.
    """
    steps = np.diff(values, axis=1, prepend=np.zeros((len(values), 1), values.dtype))
    steps = steps.astype("<u2")
    return np.stack([(steps & 255).T.astype("u1"), (steps >> 8).T.astype("u1")])


def packed(values: np.ndarray) -> str:
    """Return bytes, deflated and in base 64."""
    # level 9 takes eight times as long as 7, and saves one byte in a hundred
    return base64.b64encode(zlib.compress(np.ascontiguousarray(values).tobytes(), 7)).decode()
