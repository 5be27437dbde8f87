"""The command ``hpotutor``; ``python -m hpotutor`` is the same."""

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Sequence

from hpotutor._system import templates
from hpotutor.errors import HpoTutorError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what follows ``hpotutor``, by default what was typed, and return its exit status."""
    parser = _parser()
    chosen, rest = parser.parse_known_args(arguments)
    if rest and not getattr(chosen, "passes_on", False):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    chosen.rest = rest
    return exit_status(lambda: chosen.run(chosen))


def exit_status(run: Callable[[], int | None]) -> int:
    """Run a command, or a script of ``tools/``; return 1 for an error, told in a sentence."""
    try:
        status = run() or 0  # only a command that can find fault returns a status
        sys.stdout.flush()
        return status
    except OSError as error:
        print(f"hpotutor: {error}", file=sys.stderr)
        # Python would write to it once more when it leaves: a full disk, a reader that has left.
        sys.stdout = open(os.devnull, "w") if error.filename is None else sys.stdout
        return 1
    except HpoTutorError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    """Return the parser; the module that does a command's work is imported by its function."""
    parser = argparse.ArgumentParser(
        prog="hpotutor", description="A course on hyperparameter tuning, and its helpers."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    usage = "hpotutor lab [LESSON or FOLDER] [--copy-only] [JUPYTERLAB'S OPTIONS]"
    where = "LESSON is a number such as 04. Your copy is in FOLDER; by default in my_lessons, "
    where += "beside the lessons of a checkout, else in the current folder. Nothing of yours is "
    where += "changed."
    opens = "open your own copy of the lessons"
    lab = commands.add_parser("lab", help=opens, usage=usage, description=where)
    lab.add_argument("--copy-only", action="store_true", help="bring the copy up to date, only")
    lab.set_defaults(run=_lab, passes_on=True)

    progress = commands.add_parser("progress", help="say which exercises are solved")
    progress.add_argument("lesson", nargs="?", help="only this one, such as 04")
    progress.set_defaults(run=_progress)

    doctor = commands.add_parser("doctor", help="say what the lessons need and lack, and mends")
    doctor.set_defaults(run=_doctor)

    table = commands.add_parser("table", help="describe the stored benchmarks")
    actions = table.add_subparsers(title="actions", required=True, metavar="ACTION")
    info = actions.add_parser("info", help="what a table holds and where it comes from")
    info.add_argument("name", help="digits, breast_cancer or signals")
    info.set_defaults(run=_table_info)

    assign = commands.add_parser("assign", help="make nbgrader assignments from lessons")
    assign.add_argument("lessons", nargs="+", help="numbers or names, such as 02 03")
    assign.add_argument("--to", required=True, help="the course's folder")
    assign.add_argument("--exercises-only", action="store_true", help="without the lesson's text")
    assign.set_defaults(run=_assign)

    grade = commands.add_parser("grade", help="let nbgrader grade a course, and print its marks")
    where = "the course's folder; by default where you are"
    grade.add_argument("course", nargs="?", default=".", help=where)
    grade.set_defaults(run=_grade)
    return parser


def _table_info(chosen: argparse.Namespace) -> None:
    from hpotutor.tabular.histories import histories_path, open_histories
    from hpotutor.tabular.table import FOLDER, open_table

    table = open_table(chosen.name)
    stored = histories_path(table.name).exists()
    methods = open_histories(table)[0]["methods"] if stored else {}
    page = templates(FOLDER, {}, trim_blocks=True).get_template("info.txt")
    print(page.render(table=table, methods=methods).rstrip())


def _lab(chosen: argparse.Namespace) -> None:
    from hpotutor.course.lessons import find_lesson
    from hpotutor.course.workspace import bring_up_to_date, default_folder, open_lab, write_page

    # Not an argument of the parser, which would take the value of `--port 9000` for it.
    named = chosen.rest[:1] if chosen.rest and not chosen.rest[0].startswith("-") else []
    lesson = find_lesson(named[0]) if named and named[0].isdecimal() else None
    folder = named[0] if named and not lesson else default_folder()
    for change in bring_up_to_date(folder):
        print(change)
    print(f"Your lessons are in {folder}", flush=True)
    if chosen.copy_only:
        write_page(folder)  # JupyterLab is opened with it; another editor shows it, too
    else:
        first = [f"--LabApp.default_url=/lab/tree/{lesson}.ipynb"] if lesson else []
        open_lab(folder, [*first, *chosen.rest[len(named) :]])


def _progress(chosen: argparse.Namespace) -> None:
    from hpotutor.course.lessons import find_lesson
    from hpotutor.course.workspace import default_folder
    from hpotutor.exercises import progress_file
    from hpotutor.exercises.progress import progress

    lesson = int(find_lesson(chosen.lesson)[:2]) if chosen.lesson else None
    here = progress_file.progress_path().exists() or not default_folder().is_dir()
    with contextlib.chdir("." if here else default_folder()):
        print(progress(lesson))


def _doctor(chosen: argparse.Namespace) -> int:
    from hpotutor.course.doctor import check

    report = check()
    print(report)
    return 0 if report else 1


def _assign(chosen: argparse.Namespace) -> None:
    from hpotutor.course.nbgrader import assign

    commands = [] if chosen.to == "." else [f"cd {shlex.quote(chosen.to)}"]
    for name, points in assign(chosen.lessons, chosen.to, only=chosen.exercises_only).items():
        print(f"{name}: {points} points, in {chosen.to}/source/{name}")
        commands.append(f"nbgrader generate_assignment {name}")
    print("Next, type:", *commands, sep="\n    ")


def _grade(chosen: argparse.Namespace) -> int:
    from hpotutor.course.nbgrader import MARKS, grade

    marks, remarks = grade(chosen.course, progress=True)
    print(marks.drop(columns="remark").to_string(na_rep="-", float_format="{:g}".format))
    for remark in remarks:
        print(remark, file=sys.stderr)
    print(f"-: not handed in, or not graded. The table is also in {MARKS} in the course.")
    return 1 if marks["total"].isna().any() else 0  # something was not graded
