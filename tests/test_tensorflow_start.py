"""TensorFlow starts without a word, whoever imports it first, and as the reader asked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

START = (
    "import os, hpotutor, keras, tensorflow as tf\ntf.function(tf.matmul)(*[tf.ones((2, 2))] * 2)\n"
)
VARIABLES = ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS")


def run(code: str, **variables: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return subprocess.run(
        [sys.executable, "-c", code], env={**clean, **variables}, capture_output=True, text=True
    )


def test_no_line_reaches_stderr() -> None:
    done = run(START)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("variables", "value"), [({}, "1"), ({VARIABLES[1]: "0"}, "0")])
def test_a_variable_that_is_set_stays(variables: dict, value: str) -> None:
    done = run(f"import os, hpotutor; print(os.environ[{VARIABLES[1]!r}])", **variables)
    assert done.stdout.strip() == value


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
    done = run("import hpotutor, tensorflow", PYTHONPATH=str(tmp_path))
    assert "broken on purpose" in done.stderr
