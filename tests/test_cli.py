"""The command line: what it prints, and that errors are sentences."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hpotutor.cli import main
from hpotutor.exercises import progress_file
from hpotutor.tabular.table import open_table


def test_info_tells_what_a_table_is(capsys):
    assert main(["table", "info", "digits"]) == 0
    told = capsys.readouterr().out
    assert "digits: 5,184 configurations x 5 seeds x 30 epochs" in told
    assert "'rmsprop'" in told
    assert open_table("digits").checksum in told


def test_an_error_is_a_sentence_and_a_status(capsys):
    assert main(["table", "info", "digit"]) == 1
    said = capsys.readouterr().err
    assert "Did you mean 'digits'?" in said
    assert "Traceback" not in said


def test_progress_is_told_from_the_learners_folder(tmp_path, monkeypatch, capsys):
    mine = tmp_path / "my_lessons"
    mine.mkdir()
    monkeypatch.delenv(progress_file.VARIABLE, raising=False)
    monkeypatch.setattr("hpotutor.course.workspace.default_folder", lambda: mine)
    monkeypatch.chdir(mine)
    progress_file.record("lesson_02.q1", attempt=True, right=True)
    monkeypatch.chdir(tmp_path)
    assert main(["progress", "02"]) == 0
    told = capsys.readouterr().out
    assert "1 of 6 exercises right, 1 of 12 points." in told and "2.1" in told
    assert Path.cwd() == tmp_path
    assert main(["progress"]) == 0
    assert "5.1" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [[], ["tabel"], ["table"], ["table", "info"]])
def test_an_unknown_command_shows_the_usage(wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        main(wrong)
    assert caught.value.code == 2
    assert "usage: hpotutor" in capsys.readouterr().err


def test_python_m_hpotutor_is_the_same_command():
    ran = subprocess.run(
        [sys.executable, "-m", "hpotutor", "table", "info", "nothing"],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert "source='nothing' is not allowed" in ran.stderr
