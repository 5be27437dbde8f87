"""``kill -9`` of what takes long and is no search: the build of a table, and the first start.

Searches are killed in ``tests/test_kill_resume.py``.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hpotutor.tabular.table import CURVES, Axis, open_table
from tests.test_start import FRESH, VENV, begin, environment, make_project, run, said
from tools.tables import build as table_build
from tools.tables.build import Spec

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="SIGKILL and fork servers are POSIX"
)

# ── a table ──────────────────────────────────────────────────────────────────────────────────
AXES = (
    Axis("optimizer", ("sgd", "adam"), "category", "adam"),
    Axis("batch_size", (16, 32), "log", 32),
    Axis("layers", (1, 2), "linear", 1),
    Axis("units", (4, 8), "log", 8),
)
CHUNKS, KILLS = 16, 6


def build(folder: str, name: str) -> None:
    """Build a table whose training is a short sleep, noting each; the whole life of a process."""
    spec = Spec("iris", {"validation": 0.3, "test": 0.3}, AXES)
    shape = (1, spec.seeds, spec.epochs)

    def train_chunk(_, data, indices):
        with open(f"{folder}/trained-{name}", "a") as file:
            file.write(f"{indices[0]}\n")
        time.sleep(0.02)
        rng = np.random.default_rng(indices[0])
        arrays = {key: rng.integers(0, 40, shape).astype(dtype) for key, dtype in CURVES.items()}
        return {**arrays, "diverged": np.zeros(shape[:2], np.uint8)}

    table_build.SPECS["iris"] = spec
    table_build.train_chunk = train_chunk
    table_build.time = SimpleNamespace(process_time=float)  # what it took stands in the file
    table_build.versions = dict  # nothing is trained, so TensorFlow need not be loaded
    sys.modules["hpotutor.fused"] = SimpleNamespace(clear_programs=lambda: None)
    table_build.build("iris", f"{folder}/{name}.npz", f"{folder}/work-{name}")


@pytest.fixture(scope="module")
def server():
    """Return a server that forks children with what they import, so that each is quick."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tools.tables.build", "tools.tables.timing", __name__])
    return context


def test_a_killed_build_goes_on_and_gives_the_same_file(server, tmp_path):
    start = time.localtime().tm_yday
    whole = server.Process(target=build, args=(str(tmp_path), "whole"))
    whole.start()
    whole.join()
    draw = random.Random(4)
    output, work, trained = (tmp_path / name for name in ("cut.npz", "work-cut", "trained-cut"))
    finished = 0
    for kill in range(KILLS):
        process = server.Process(target=build, args=(str(tmp_path), "cut"))
        process.start()
        # The last one is aimed at the writing of the table itself.
        enough = CHUNKS if kill == KILLS - 1 else min(finished + draw.randint(1, 3), CHUNKS)
        while process.is_alive() and len(list(work.glob("*.npz"))) < enough:
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.03))
        process.kill()  # unless it has ended meanwhile
        process.join()
        now = len(list(work.glob("*.npz")))
        assert now >= finished, "a finished chunk was lost"
        finished = now
        assert not output.exists() or len(open_table(output)) == CHUNKS
        open_table.cache_clear()
    last = server.Process(target=build, args=(str(tmp_path), "cut"))
    last.start()
    last.join()
    made = trained.read_text().split()
    assert set(made) == {str(number) for number in range(CHUNKS)}
    assert len(made) <= CHUNKS + KILLS  # nothing again but what was in flight
    assert sorted(path.suffix for path in work.iterdir()) == [".npz"] * CHUNKS
    assert sorted(path.name for path in tmp_path.glob("*.partial")) == []
    if time.localtime().tm_yday == start:  # the date stands in the file
        assert output.read_bytes() == (tmp_path / "whole.npz").read_bytes()
    np.testing.assert_array_equal(
        open_table(output).val_correct, open_table(tmp_path / "whole.npz").val_correct
    )


# ── the first start ──────────────────────────────────────────────────────────────────────────
# Stands for the venv module: makes a part of an environment, and waits to be killed.
HALF = """
import os, sys, time
if __name__ == "__main__":
    os.makedirs(os.path.join(sys.argv[-1], "bin"))
    open(os.path.join(sys.argv[-1], "bin", "half"), "w").close()
    open({held!r}, "w").close()
    while True:
        time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def quick(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return variables with which creating an environment takes no time: one made once is copied.

    As in ``tests/test_start.py``, but its pip is a link to the pip of the environment that runs
    this, since to install one takes most of the time.
    """
    venv = tmp_path_factory.mktemp("ready") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (modules,) = venv.glob("lib/python*/site-packages")
    (modules / "pip").symlink_to(importlib.import_module("pip").__path__[0])
    folder = tmp_path_factory.mktemp("quick")
    (folder / "venv.py").write_text(VENV.format(template=str(venv)))
    return {"PYTHONPATH": str(folder)}


def remade(project: Path, quick: dict[str, str]) -> None:
    """Start once more, and see a whole environment made in the place of the half one."""
    again = run(project, "test", **quick)
    assert said(again.steps, ["An earlier set-up did not finish", *FRESH]), again
    assert again.code == 0 and Path(again.called["prefix"]) == project / ".venv"
    assert not (project / ".venv" / "bin" / "half").exists()
    # And that one counts as ready.
    assert said(run(project, "test").steps, ["Running the tests."])


def test_killed_while_the_environment_is_created(root, quick, tmp_path):
    project = make_project(tmp_path / "project", root / "start.py")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "venv.py").write_text(HALF.format(held=str(tmp_path / "held")))
    process = subprocess.Popen(
        [sys.executable, str(project / "start.py"), "test"],
        env=environment(PYTHONPATH=str(tmp_path / "half")),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    while not (tmp_path / "held").exists():
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert (project / ".venv" / "bin" / "half").exists()
    remade(project, quick)


def test_killed_alone_while_pip_lives_on(root, quick, tmp_path):
    """The next start waits for the orphan, and trusts nothing that it left."""
    project = make_project(tmp_path / "project", root / "start.py")
    process = begin(project, **quick)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (project / ".venv" / "bin" / "half").touch()
    command = [sys.executable, str(project / "start.py"), "test"]
    second = subprocess.Popen(command, env=environment(**quick), stdout=subprocess.PIPE, text=True)
    waiting = second.stdout.readline()
    (project / "hold").unlink()
    rest = second.communicate(timeout=120)[0]
    process.stdout.close()
    assert waiting == "hpotutor: Another start is setting up; waiting for it.\n"
    assert second.returncode == 0
    steps = [line.removeprefix("hpotutor: ") for line in rest.splitlines() if "hpotutor: " in line]
    assert said(steps, ["An earlier set-up did not finish", *FRESH]), steps
    assert not (project / ".venv" / "bin" / "half").exists()


@pytest.mark.parametrize(
    "left",
    [{}, {"hpotutor.stamp.new": "installing"}, {"hpotutor.stamp": "installing\n", "bin/half": ""}],
    ids=["nothing", "a stamp half written", "a part of its files"],
)
def test_killed_between_two_steps(left, root, quick, tmp_path):
    """What a kill leaves right after a folder was made, or in the midst of a removal."""
    project = make_project(tmp_path / "project", root / "start.py")
    for name, text in left.items():
        (project / ".venv" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / ".venv" / name).write_text(text)
    (project / ".venv").mkdir(exist_ok=True)
    remade(project, quick)
