"""The command line: what it prints, and that errors are sentences."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hpotutor import table_build, table_time, table_verify, traces
from hpotutor.cli import main
from hpotutor.table import open_table


def test_info_tells_what_a_table_is(capsys):
    assert main(["table", "info", "digits"]) == 0
    told = capsys.readouterr().out
    assert "digits: 5,184 configurations x 5 seeds x 30 epochs" in told
    assert "'rmsprop'" in told
    assert open_table("digits").checksum in told


def test_an_error_is_a_sentence_and_a_status(capsys):
    assert main(["table", "verify", "digit"]) == 1
    said = capsys.readouterr().err
    assert "Did you mean 'digits'?" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("wrong", [[], ["tabel"], ["table"], ["table", "build"]])
def test_an_unknown_command_shows_the_usage(wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        main(wrong)
    assert caught.value.code == 2
    assert "usage: hpotutor" in capsys.readouterr().err


def test_commands_pass_on_what_was_typed(monkeypatch, capsys, tmp_path):
    calls = {}

    def stand_in(name, value):
        def called(*given, **named):
            calls[name] = (given, named)
            return value

        return called

    table = open_table("digits")
    file = tmp_path / "some_traces.npz"
    file.write_bytes(bytes(2_000_000))
    monkeypatch.setattr(table_build, "build", stand_in("build", table))
    monkeypatch.setattr(table_time, "measure", stand_in("time", table))
    monkeypatch.setattr(table_verify, "verify", stand_in("verify", "agreement"))
    monkeypatch.setattr(traces, "compute_traces", stand_in("traces", file))
    for words in (
        "build digits --output x.npz --work parts",
        "time digits --repeats 5 --provisional",
        "verify digits --sample 7 --seed 3",
        "traces digits --methods tpe gp --repeats 20",
    ):
        assert main(["table", *words.split()]) == 0
    assert calls["build"] == (("digits", "x.npz", "parts"), {})
    assert calls["time"] == (("digits",), {"repeats": 5, "provisional": True})
    assert calls["verify"] == ((table,), {"sample": 7, "seed": 3})
    assert calls["traces"][0] == ("digits", ["tpe", "gp"])
    assert calls["traces"][1]["repeats"] == 20
    told = capsys.readouterr().out
    assert "agreement" in told
    assert "some_traces.npz: 2.00 MB" in told


def test_an_interrupted_command_says_how_to_go_on(monkeypatch, capsys):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(table_build, "build", interrupted)
    assert main(["table", "build", "digits"]) == 1
    assert "goes on from here" in capsys.readouterr().err


def test_python_m_hpotutor_is_the_same_command():
    ran = subprocess.run(
        [sys.executable, "-m", "hpotutor", "table", "info", "nothing"],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert "source='nothing' is not allowed" in ran.stderr
