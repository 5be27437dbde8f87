"""Commands typed wrongly: what they say, and how they end."""

from __future__ import annotations

import re

import pytest

from hpotutor import cli
from tools import links
from tools.tables import build, histories, timing, verify

SCRIPTS = {"links.py": links, "tables/build.py": build, "tables/verify.py": verify}
SCRIPTS |= {"tables/timing.py": timing, "tables/histories.py": histories}
COMMANDS = [
    ("table info digit", 1, "Did you mean 'digits'"),
    ("tables/build.py digit", 1, "name='digit'.* Did you mean 'digits'"),
    ("tables/build.py digits --output {no}/x.npz --work {new}", 1, "cannot be written .*--output"),
    ("tables/build.py digits --output {new}/x.npz --work {file}", 1, "cannot be made .*--work"),
    ("tables/verify.py digit", 1, "Did you mean 'digits'"),
    ("tables/verify.py digits --sample 1", 1, "sample=1 .*from 2 to 5184"),
    ("tables/verify.py digits --seed -1", 1, "seed=-1 .*a whole number"),
    ("tables/verify.py {file}", 1, "is damaged, or no such file"),
    ("tables/timing.py digits --repeats 0", 1, "repeats=0 .*from 1 up"),
    ("tables/histories.py digits --repeats 0", 1, "repeats=0 .*from 1 up"),
    ("tables/histories.py digits --methods tpee", 1, "Did you mean 'tpe'"),
    ("tables/verify.py digits --sample few", 2, "invalid int value: 'few'"),
    ("tabel", 2, "invalid choice: 'tabel'"),
    ("doctor --fix", 2, "unrecognized arguments: --fix"),
    ("assign 99 --to {new}", 1, "lesson='99' .*Allowed: '00_start_here'"),
    ("assign 02_grid_serch --to {new}", 1, "Did you mean '02_grid_search'"),
    ("assign 02", 2, "the following arguments are required: --to"),
    ("assign 02 --to {file}/course", 1, "The course cannot be written"),
    ("grade {new}", 1, "is no course: it has no folder source.*you gave to hpotutor assign"),
    ("grade {file}", 1, "is no course"),
    ("links.py a/b", 1, "changes the files of the project, and this folder is not in it"),
    ("lab {file} --copy-only", 1, "cannot be written .*hpotutor lab FOLDER"),
]


@pytest.mark.parametrize(("typed", "code", "says"), COMMANDS)
def test_a_bad_command_says_what_to_type(typed, code, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.npz").write_bytes(b"hello")
    places = {"file": tmp_path / "file.npz", "new": tmp_path / "new", "no": tmp_path / "no" / "no"}
    try:
        command, *words = [word.format(**places) for word in typed.split()]
        script = SCRIPTS.get(command)
        run = cli.main if script is None else script.main
        given = words if script else [command, *words]
        status = cli.exit_status(lambda: run(given))
    except SystemExit as left:  # how argparse ends
        status = left.code
    said = capsys.readouterr().err
    assert status == code
    assert re.search(says, said, re.S), said
    assert "Traceback" not in said
