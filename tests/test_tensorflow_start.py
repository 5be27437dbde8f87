"""Importing changes nothing; after ``setup`` TensorFlow starts without a word, as was asked."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from hpotutor import _startup

TWICE = "import hpotutor\nhpotutor.setup()\nhpotutor.setup()\n"
WORK = "import keras, tensorflow as tf\ntf.function(tf.matmul)(*[tf.ones((2, 2))] * 2)\n"
THREADS = "print(tf.config.threading.get_intra_op_parallelism_threads())\n"
CHILD = (
    "import os, subprocess, sys\nprint(subprocess.run([sys.executable, '-c', {!r}]).returncode)\n"
)
VARIABLES = (
    "TF_CPP_MIN_LOG_LEVEL",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_NUM_INTRAOP_THREADS",
    "CUDA_VISIBLE_DEVICES",
    "HPOTUTOR_GPU",
    "HPOTUTOR_SETUP",
)


def run(code: str, **variables: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return subprocess.run(
        [sys.executable, "-c", code], env={**clean, **variables}, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def unasked() -> list[str]:
    """Return the lines of a process that asks for the set-up late, if at all.

    It writes how many threads an operation may have, again and again.
    """
    done = run(
        "import os, sys\n"
        "before = dict(os.environ), list(sys.meta_path)\n"
        "import hpotutor as ht\n"
        "assert before == (dict(os.environ), list(sys.meta_path))\n"
        "ht.SearchSpace, ht.random_search, ht.plots, ht.widgets, ht.exercises\n"
        f"assert not {{*os.environ}} & {{*{VARIABLES}}}\n"
        "import tensorflow as tf\n"
        + THREADS
        + "ht.setup()\n"
        + THREADS
        + "tf.config.threading.set_intra_op_parallelism_threads(0)\n"  # as before
        "ht.build_mlp(4, 3)\n" + THREADS + "ht.setup()\nht.setup()\nprint('working')\n"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_changes_nothing(unasked) -> None:
    assert (unasked[0], unasked[2]) == ("0", "0")


def test_after_tensorflow_it_does_what_it_still_can(unasked) -> None:
    assert unasked[1] == "1"
    assert unasked[3:] == ["working"]  # where the network was built, it is too late


def test_a_process_started_from_here_is_set_up_when_it_imports_the_package() -> None:
    """No line reaches stderr, an operation has one thread, and nothing else stays.

    Looking for TensorFlow before it is imported does not use up the set-up.
    """
    look = "import hpotutor, importlib.util\nimportlib.util.find_spec('tensorflow')\n"
    left = f"import os; print([name for name in {VARIABLES} if name in os.environ])"
    done = run(TWICE + CHILD.format(look + WORK + THREADS + left))
    assert (done.stdout, done.stderr) == ("1\n['HPOTUTOR_SETUP']\n0\n", "")
    # the others are left alone
    code = "import os, sys; print(len(sys.meta_path), 'CUDA_VISIBLE_DEVICES' in os.environ)"
    plain, under = run(code), run(TWICE + CHILD.format(code))
    assert under.stdout == plain.stdout + "0\n"


def test_a_variable_that_is_set_stays() -> None:
    """The set-up that is asked for twice, and before TensorFlow, does the rest without a word."""
    variables = {"TF_NUM_INTRAOP_THREADS": "2", "TF_CPP_MIN_LOG_LEVEL": "2"}
    show = f"import os\nprint(*(os.environ.get(name) for name in {VARIABLES}))\n"
    done = run(TWICE + WORK + show + THREADS, **variables)
    assert done.stdout.split() == ["2", "None", "2", "None", "None", "1", "0"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    "variables, hidden",
    [
        ({}, True),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, True),
        ({"CUDA_VISIBLE_DEVICES": "0"}, False),
        ({"HPOTUTOR_GPU": "1"}, False),
    ],
)
def test_a_gpu_is_hidden_unless_it_is_asked_for(variables, hidden, monkeypatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    seen, threads = [], []
    threading = SimpleNamespace(set_intra_op_parallelism_threads=threads.append)
    config = SimpleNamespace(threading=threading, set_visible_devices=lambda *a: seen.append(a))
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config))
    _startup.setup()
    assert seen == ([([], "GPU")] if hidden else []) and threads == [1]
    with _startup._variables():
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    assert visible == ("-1" if hidden else variables.get("CUDA_VISIBLE_DEVICES"))


def test_garbage_is_not_looked_for_while_it_is_loaded_and_then_as_before() -> None:
    assert gc.isenabled()
    with contextlib.suppress(ImportError), _startup._variables():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()
    gc.disable()
    try:
        with _startup._variables():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_other_lines_written_meanwhile_are_passed_on() -> None:
    done = run(
        "import os\n"
        "from hpotutor._startup import _without_noise\n"
        "with _without_noise():\n"
        "    os.write(2, b'oneDNN custom operations are on\\na real warning\\n')\n"
    )
    assert done.stderr == "a real warning\n"


def test_a_failing_import_gives_stderr_back(tmp_path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('broken on purpose')\n")
    code = (
        "import hpotutor, os\n"
        "hpotutor.setup()\n"
        "try:\n    import tensorflow\n"
        "finally:\n    print('CUDA_VISIBLE_DEVICES' in os.environ)"
    )
    done = run(code, PYTHONPATH=os.pathsep.join([str(tmp_path), os.getcwd()]))
    assert "broken on purpose" in done.stderr and done.stdout == "False\n"
