"""The command line: what it prints, and that errors are sentences."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hpotutor.cli import main
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
