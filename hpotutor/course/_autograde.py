"""nbgrader's autograding of one submission, in which an answer can spoil only itself."""

import contextlib
import re
import subprocess
import warnings
from pathlib import Path
from typing import Any

# By the name of an error in a graded notebook: what an instructor should hear of its cells. The
# first is nbgrader's own, of a cell that it could interrupt.
MISHAPS = {
    "CellTimeoutError": "{cells} ran out of time. To give more, raise c.Execute.timeout in "
    "nbgrader_config.py, delete its folder in autograded, and type the same again.",
    "KernelEnded": "{cells} ended the kernel, or could not be stopped; the rest was graded "
    "without.",
    "AnswerLost": "{cells} got 0, because the answer was left out.",
}
_UNKNOWN = re.compile(r"Skipping unknown notebook: .*[/\\](.+)")
_ERROR = re.compile(r"^ *(?:\w+\.)*((?!NbGraderException)[A-Z]\w+: \S.*)$", re.M)
_Mixin: Any = object  # what it is mixed into is known on use only


class LeavingOut(_Mixin):
    """Run a submission, but for cells that end the kernel; nbgrader's ``Execute`` gives it up."""

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> Any:
        """Run the cells as often as it takes to know which ones must be left out."""
        from nbclient.exceptions import CellTimeoutError, DeadKernelError

        self.left_out: set[int] = set()
        while True:
            self.at: int | None = None
            self.answer_is_lost = False
            try:
                return super().preprocess(nb, resources, km)
            except (DeadKernelError, CellTimeoutError):
                if self.at is None:  # the kernel did not even start
                    raise
                self.left_out.add(self.at)

    def setup_kernel(self, **kwargs: Any) -> Any:
        """Start the kernel without its notices, which would stand between the lines of progress."""
        return super().setup_kernel(stderr=subprocess.DEVNULL, **kwargs)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> Any:
        """Run a cell, or say in it why it was left out."""
        from nbformat.v4 import new_output
        from nbgrader import utils

        ends_it = index in self.left_out
        if utils.is_solution(cell):
            self.answer_is_lost = ends_it
        if not ends_it and not (utils.is_grade(cell) and self.answer_is_lost):
            self.at = index
            return super().preprocess_cell(cell, resources, index)
        ename = "KernelEnded" if ends_it else "AnswerLost"
        told = MISHAPS[ename].format(cells="This cell")
        if cell.cell_type == "code":
            shown = [f"{ename}: {told}"]
            cell.outputs = [new_output("error", ename=ename, evalue=told, traceback=shown)]
        return cell, resources


class Grader:
    """nbgrader as its own command would run in a course, but leaving out what ends a kernel."""

    def __init__(self, course: Path) -> None:
        from nbgrader.apps import NbGraderAPI
        from nbgrader.apps.baseapp import NbGrader
        from nbgrader.converters import Autograde
        from nbgrader.preprocessors import Execute as PlainExecute
        from traitlets import Unicode

        class Execute(LeavingOut, PlainExecute):  # by this name it is configured
            kernel_name = Unicode("python3").tag(config=True)  # whatever a student's is called

        app = NbGrader()
        with contextlib.chdir(course):
            app.load_config_file()
        config = app.config
        config.CourseDirectory.root = str(course)
        # A test that a student deleted is put back; by itself nbgrader would give 0 without a word.
        config.OverwriteCells.setdefault("add_missing_cells", True)
        if "autograde_preprocessors" not in config.Autograde:
            usual = Autograde.autograde_preprocessors.default_args[0]
            used = [Execute if one is PlainExecute else one for one in usual]
            config.Autograde.autograde_preprocessors = used
        self._nbgrader = NbGraderAPI(config=config)

    def grade(self, name: str, student: str, *, again: bool) -> str | None:
        """Grade a submission unless it was; return why it could not be graded, or nothing."""
        from sqlalchemy.exc import SAWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own queries
            done = self._nbgrader.autograde(name, student, force=again)
        if done["success"]:
            return None
        if done["error"].rstrip().endswith("KeyboardInterrupt"):
            raise KeyboardInterrupt
        said = done.get("log", "") + done["error"]
        if unknown := _UNKNOWN.findall(said):
            return f"{', '.join(unknown)} is not the name under which the notebook was handed out"
        if "No notebooks were matched" in said:
            return "its folder holds no notebook"
        errors = _ERROR.findall(said) or said.strip().splitlines()
        return errors[-1][:200]
