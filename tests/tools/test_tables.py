"""The scripts that make the shipped tables: what they pass on, and that errors are sentences."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from hpotutor.cli import exit_status
from hpotutor.tabular.table import open_table
from tools.tables import build, histories, timing, verify


def test_scripts_pass_on_what_was_typed(monkeypatch, capsys, tmp_path):
    calls = {}

    def stand_in(name, value):
        def called(*given, **named):
            calls[name] = (given, named)
            return value

        return called

    table = open_table("digits")
    file = tmp_path / "some_histories.npz"
    file.write_bytes(bytes(2_000_000))
    monkeypatch.setattr(build, "build", stand_in("build", table))
    monkeypatch.setattr(timing, "measure", stand_in("timing", table))
    monkeypatch.setattr(verify, "verify", stand_in("verify", "agreement"))
    monkeypatch.setattr(histories, "compute_histories", stand_in("histories", file))
    build.main(["digits", "--output", "x.npz", "--work", "parts"])
    timing.main(["digits", "--repeats", "5", "--provisional"])
    verify.main(["digits", "--sample", "7", "--seed", "3"])
    histories.main(["digits", "--methods", "tpe", "gp", "--repeats", "20"])
    assert calls["build"] == (("digits", "x.npz", "parts"), {"processes": 1})
    assert calls["timing"] == (("digits",), {"repeats": 5, "provisional": True})
    assert calls["verify"] == ((table,), {"sample": 7, "seed": 3})
    assert calls["histories"][0] == ("digits", ["tpe", "gp"])
    assert calls["histories"][1]["repeats"] == 20
    told = capsys.readouterr().out
    assert "agreement" in told
    assert "some_histories.npz: 2.00 MB" in told


def test_an_interrupted_script_says_how_to_go_on(monkeypatch, capsys):
    def interrupted(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "build", interrupted)
    assert exit_status(lambda: build.main(["digits"])) == 1
    assert "goes on from here" in capsys.readouterr().err


def test_each_script_runs_from_any_folder(root, tmp_path, monkeypatch, capsys):
    """As ``python SCRIPT digit`` does, but in a process that has loaded TensorFlow before."""
    monkeypatch.chdir(tmp_path)
    path = [place for place in sys.path if not (Path(place) / "tools" / "tables").exists()]
    for name in ["build", "timing", "verify", "histories"]:
        script = root / "tools" / "tables" / f"{name}.py"
        with monkeypatch.context() as process:
            for module in [name for name in sys.modules if name.split(".")[0] == "tools"]:
                process.delitem(sys.modules, module)
            process.setattr(sys, "path", [str(script.parent), *path])
            process.setattr(sys, "argv", [str(script), "digit"])
            with pytest.raises(SystemExit) as end:
                runpy.run_path(str(script), run_name="__main__")
        assert end.value.code == 1
        told = capsys.readouterr().err
        assert told.count("Did you mean 'digits'?") == 1 and "Traceback" not in told
