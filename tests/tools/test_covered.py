"""The command that counts branches: it fails if tests do, or if too few branches are taken."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import covered


@pytest.mark.parametrize(
    ("taken", "typed", "tests", "status"),
    [
        (95, [], 0, 0),
        (94, [], 0, 1),
        (94, ["--least", "90"], 0, 0),
        (99, ["tests/space", "-n", "0"], 2, 2),
    ],
)
def test_status(taken, typed, tests, status, tmp_path: Path, monkeypatch, capsys) -> None:
    called = []

    def coverage(*arguments: str) -> int:
        called.append(arguments)
        if arguments[0] == "json":
            totals = {"covered_branches": taken, "num_branches": 100}
            (tmp_path / "coverage.json").write_text(json.dumps({"totals": totals}))
        return tests if arguments[0] == "run" else 0

    monkeypatch.setattr(covered, "coverage", coverage)
    monkeypatch.setattr(covered, "FOLDER", tmp_path)
    assert covered.main(typed) == status
    assert f"{taken}.0% of 100 branches are taken." in capsys.readouterr().out
    (ran,) = [arguments for arguments in called if arguments[0] == "run"]
    assert ran[-3:] == tuple(typed) if tests else ran[-1] == "tools.covered"


def test_a_lessons_kernel_ends_by_itself(monkeypatch) -> None:
    from nbval.kernel import RunningKernel

    monkeypatch.setattr(RunningKernel, "stop", RunningKernel.stop)  # put back afterwards
    covered.pytest_configure()
    ends = []
    kernel = RunningKernel.__new__(RunningKernel)
    kernel.kc = SimpleNamespace(stop_channels=lambda: ends.append("channels"))
    kernel.km = SimpleNamespace(shutdown_kernel=lambda now=False: ends.append(now))
    kernel.stop()
    assert ends == ["channels", False]
