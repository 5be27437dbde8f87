"""Set up the course in a private environment, and open it, test it or build its site.

    python start.py [lab] [04] [--no-browser] [--port N]   open your copy of the lessons
    python start.py test [pytest arguments]                run the test suite
    python start.py docs [--no-browser]                    build the site, and open it

The first start creates the folder .venv beside this file and installs the course there, with
the versions in constraints.txt. Lessons and tests share that one environment: what only the
tests need is a few per cent of the download. What only the site needs is added to it by the first
`docs`. Later starts find it ready and go straight on. Further arguments reach JupyterLab, pytest or
the site's script as they are.

Only the standard library is used, and only syntax that an old Python can read: whoever runs
this with one must be told so, and not be shown a SyntaxError.
"""

from __future__ import print_function

import contextlib
import hashlib
import os
import platform
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "hpotutor.stamp")  # "installing", or where and what is installed
PIP_LOG = os.path.join(VENV, "pip.log")
EXTRAS = "cpu,lab,test"
OLDEST, NEWEST = (3, 11), (3, 13)
DOWNLOAD_MB = 550  # measured: wheels for Linux x86-64, CPython 3.11
DISK_MB = (
    3500  # measured: the environment 2415, the wheels twice (pip keeps a copy of what it unpacks)
)
DOCS_MB = 20  # measured: what the extra docs adds to the above
WINDOWS = os.name == "nt"

# What pip's output says when an install fails, and what to tell the reader; the first that fits.
FAILURES = [
    (
        r"No space left on device|\[Errno 28\]|WinError 112",
        "The disk is full. Free about {disk} MB here and in the folder for temporary files "
        "({tmp}; set TMPDIR to move it), then start again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The connection to the package index was not trusted. Behind a proxy that inspects "
        "traffic, point pip to its certificate: pip config set global.cert FILE. Then start again.",
    ),
    (
        r"Failed to establish a new connection|NameResolutionError|ConnectTimeout|ProxyError"
        r"|ReadTimeoutError|Network is unreachable|Max retries exceeded|Connection refused"
        r"|Retrying \(Retry",
        "The package index could not be reached. Check the network (behind a proxy, set "
        "HTTPS_PROXY), then start again; the setup goes on from what pip has kept.",
    ),
    (
        r"Long Path",
        "Windows refuses paths this long. Move this folder nearer to the drive's root, "
        "or enable long paths (https://pip.pypa.io/warnings/enable-long-paths), then start again.",
    ),
    (
        r"No matching distribution found for tensorflow",
        "TensorFlow has no release for this Python and computer ({machine}). It needs 64-bit "
        "Python on Linux, Windows, or a Mac with Apple silicon. The lessons also run on Colab.",
    ),
    (
        r"Permission denied|PermissionError|Access is denied|WinError 5\b|WinError 32\b",
        "A file in .venv is locked or not yours to write. Close programs that use this folder "
        "(JupyterLab, an editor), then start again.",
    ),
]


class StartError(Exception):
    """The course cannot be started; the message says why and what to do."""


class Stopped(KeyboardInterrupt):
    """This process alone was told to end; after Ctrl-C the programs that it started were, too."""


def say(text):
    """Print one step's line at once, also into a pipe."""
    print("hpotutor: " + text)
    sys.stdout.flush()


# -- before anything is written ------------------------------------------------------------------


def python_runs(command):
    """Return whether a command can be started and succeeds; show nothing of it."""
    try:
        with open(os.devnull, "w") as nowhere:
            return subprocess.call(command, stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


def check_python(version=None):
    """Raise unless this Python is one that the course is tested on."""
    version = tuple(version or sys.version_info)
    if OLDEST <= version[:2] <= NEWEST:
        return
    names = ["python3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    found = [name for name in names if python_runs([name, "-c", "import ensurepip, venv"])]
    if found:
        remedy = "You have one; type: %s start.py" % found[0]
    elif WINDOWS:
        remedy = "Install one from https://www.python.org/downloads, then type: py -3.12 start.py"
    else:
        remedy = (
            "Install one from https://www.python.org/downloads or your system's packages, "
            "then type: python3.12 start.py"
        )
    ago = "old" if version[:2] < OLDEST else "new"
    raise StartError(
        "Python %d.%d is too %s for the course, which needs 3.11, 3.12 or 3.13. %s"
        % (version[0], version[1], ago, remedy)
    )


def base_python():
    """Return the Python that environments are made with, also when one of them runs this."""
    return getattr(sys, "_base_executable", None) or sys.executable


def check_venv_module():
    """Raise unless Python can create environments; some Linux systems split that part off."""
    if python_runs([base_python(), "-c", "import ensurepip, venv"]):
        return
    raise StartError(
        "This Python lacks its venv module. On Debian or Ubuntu type: "
        "sudo apt install python%d.%d-venv (elsewhere: reinstall Python with ensurepip), "
        "then start again." % sys.version_info[:2]
    )


def check_disk():
    """Raise unless the environment fits on the disk."""
    free = shutil.disk_usage(ROOT).free // 10**6
    if free < DISK_MB:
        raise StartError(
            "The disk is too full: the course needs about %d MB here and %d MB are free. "
            "Free some, or move this folder to another disk, then start again." % (DISK_MB, free)
        )


# -- the environment -----------------------------------------------------------------------------


def venv_python():
    """Return the path of the environment's Python."""
    return os.path.join(VENV, *(("Scripts", "python.exe") if WINDOWS else ("bin", "python")))


def place():
    """Return a word for what an environment does not survive: a move, another Python."""
    return hashlib.sha256(repr((ROOT, sys.version_info[:2])).encode()).hexdigest()[:16]


def fingerprint():
    """Return the stamp of an environment that is ready: where it is, what is installed there."""
    digest = hashlib.sha256(EXTRAS.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read().replace(b"\r\n", b"\n") + b"\0")
    return place() + " " + digest.hexdigest()


def docs_stamp():
    """Return the path of the stamp that says what of the site's tools is installed."""
    return os.path.join(VENV, "docs.stamp")


def read_stamp(path=None):
    """Return the stamp's text; an empty string if there is none."""
    try:
        with open(path or STAMP) as file:
            return file.read().strip()
    except OSError:
        return ""


def write_stamp(text, path=None):
    """Write the stamp so that it is there whole or not at all."""
    path = path or STAMP
    with open(path + ".new", "w") as file:
        file.write(text + "\n")
    os.replace(path + ".new", path)


@contextlib.contextmanager
def one_at_a_time():
    """Hold a lock over the set-up, so that two starts do not build one environment at once.

    Yield the lock's file. pip inherits it: should this process be killed, the next start waits
    until the orphaned pip has ended, too. The system frees the lock of a process that died.
    """
    with open(os.path.join(ROOT, ".venv.lock"), "a") as file:
        waits = False
        while not try_lock(file):
            if not waits:
                say("Another start is setting up; waiting for it.")
            waits = True
            time.sleep(0.5)
        yield file


def try_lock(file):
    """Take the lock on ``file`` if nobody has it; return whether it was free."""
    try:
        if WINDOWS:
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def create_venv():
    """Create an empty environment, marked as unfinished from its first moment."""
    say("Creating the environment .venv (Python %d.%d.%d)." % sys.version_info[:3])
    os.makedirs(VENV)
    write_stamp("installing")
    made = subprocess.run(
        [base_python(), "-m", "venv", VENV],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if made.returncode:
        raise StartError("The environment could not be created:\n" + made.stdout.strip()[-800:])


def remove_venv():
    """Remove the environment, its stamp last: half an environment must not pass for one."""
    if os.path.islink(VENV):
        raise StartError(
            "But .venv is a link to %s, which may be in use elsewhere, so nothing there was "
            "touched. Remove the link .venv, then start again." % os.path.realpath(VENV)
        )
    write_stamp("installing")
    try:
        for entry in os.scandir(VENV):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            elif entry.path != STAMP:
                os.remove(entry.path)
        shutil.rmtree(VENV)
    except OSError as error:
        raise StartError(
            "The old environment could not be removed (%s). Close programs that use this folder, "
            "delete .venv by hand, then start again." % error
        )


def explain(output):
    """Return what a failed install's output means, and what to do."""
    for pattern, remedy in FAILURES:
        if re.search(pattern, output):
            machine = platform.python_version() + ", " + platform.platform()
            return remedy.format(disk=DISK_MB, tmp=tempfile.gettempdir(), machine=machine)
    errors = [line for line in output.splitlines() if "error" in line.lower()]
    return "pip failed; its whole output is in .venv/pip.log:\n" + "\n".join(errors[-5:])


def pip_install(lock, extras):
    """Run pip, show the large downloads, keep everything in the log; raise if it failed."""
    command = [venv_python(), "-m", "pip", "install", "--no-input", "--progress-bar=off"]
    command += ["-c", os.path.join(ROOT, "constraints.txt"), "-e", "%s[%s]" % (ROOT, extras)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=dict(os.environ, PIP_USER="0", PYTHONUNBUFFERED="1"),
        pass_fds=() if WINDOWS else (lock.fileno(),),
    )
    output = []
    try:
        with open(PIP_LOG, "w", encoding="utf-8") as log:
            for line in process.stdout:
                output.append(line)
                log.write(line)
                large = re.match(r"\s*Downloading ([\w.]+)-\S+ \((\d\d+(\.\d+)? MB)\)", line)
                if large:
                    say("  downloading %s, %s" % large.group(1, 2))
                elif line.startswith("Installing collected packages") and "," in line:
                    say("  unpacking %d packages" % (line.count(",") + 1))
    except Stopped:
        process.send_signal(signal.SIGTERM if WINDOWS else signal.SIGINT)
        raise
    finally:  # after Ctrl-C, which pip has got as well, leave when pip has left
        process.stdout.close()
        process.wait()
    if process.returncode:
        raise StartError(explain("".join(output)))


def set_up():
    """Make the environment ready: nothing to do, install, bring up to date, or repair."""
    if not os.path.exists(os.path.join(ROOT, "constraints.txt")):
        raise StartError(
            "start.py must stand in the course's own folder. Download the whole project, "
            "then start it there."
        )
    wanted = fingerprint()
    if read_stamp() == wanted and os.path.exists(venv_python()):
        return
    with one_at_a_time() as lock:
        if os.path.isdir(VENV):
            if read_stamp() == wanted and os.path.exists(venv_python()):
                return  # another start finished it while this one waited
            if outlived(read_stamp()):
                remove_venv()
        if not os.path.isdir(VENV):
            check_venv_module()
            check_disk()
            create_venv()
        write_stamp("installing")
        say("Installing; about %d MB to download the first time. Minutes." % DOWNLOAD_MB)
        pip_install(lock, EXTRAS)
        write_stamp(wanted)
        say("The environment is ready.")


def add_docs():
    """Add to the environment what the site is built with, unless it is there."""
    if read_stamp(docs_stamp()) == fingerprint():
        return
    with one_at_a_time() as lock:
        if read_stamp(docs_stamp()) == fingerprint():
            return  # another start added it while this one waited
        say("Installing what the site is built with; about %d MB to download." % DOCS_MB)
        pip_install(lock, "docs")
        write_stamp(fingerprint(), docs_stamp())


def outlived(stamp):
    """Return whether the environment must be made anew, and say why; raise if it is not ours."""
    if not stamp and set(os.listdir(VENV)) - {os.path.basename(STAMP) + ".new"}:
        raise StartError(
            "The folder .venv here was not made by start.py. Rename or delete it, then start again."
        )
    if stamp in ("", "installing"):
        # Not gone on with: pip would trust the package that it was unpacking when it stopped.
        say("An earlier set-up did not finish; making the environment afresh.")
        return True
    if stamp.split()[0] != place() or not python_runs([venv_python(), "-c", "import pip"]):
        say("The environment is of another Python or folder; making it afresh.")
        return True
    say("The course has changed since the last start; bringing the environment up to date.")
    return False


# -- the commands --------------------------------------------------------------------------------


def lab_command(arguments):
    """Return the command that opens the learner's own copy of the lessons."""
    return ["-m", "hpotutor", "lab"] + arguments


def run(arguments):
    """Run the environment's Python in place of this one; return or become its exit code."""
    python = venv_python()
    bin_folder = os.path.dirname(python)
    # As after activating the environment: a lesson's terminal and `!pip` must find it.
    path = bin_folder + os.pathsep + os.environ.get("PATH", "")
    environment = dict(os.environ, VIRTUAL_ENV=VENV, PATH=path)
    os.chdir(ROOT)
    if not WINDOWS:
        os.execve(python, [python] + arguments, environment)
    process = subprocess.Popen([python] + arguments, env=environment)
    end_with_this(process)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass  # the child has got it, too, and says when it is done


def end_with_this(process):
    """Have Windows end a process when this one ends, in whatever way.

    As the launchers of environments do it: the process is put into a job, which ends when its last
    handle is closed, here by the end of this process. What that process starts is not in the job;
    a browser stays open. https://learn.microsoft.com/windows/win32/procthread/job-objects
    """
    import ctypes

    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.CreateJobObjectW.restype = ctypes.c_void_p
    job = ctypes.c_void_p(kernel32.CreateJobObjectW(None, None))
    # JOBOBJECT_EXTENDED_LIMIT_INFORMATION, class 9, on 64 bits: zeros but for its LimitFlags,
    # JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK and JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE.
    limits = struct.pack("<16xI124x", 0x1000 | 0x2000)
    kernel32.SetInformationJobObject(job, 9, limits, len(limits))
    kernel32.AssignProcessToJobObject(job, ctypes.c_void_p(int(process._handle)))


def heed_signals():
    """Leave the set-up in good order when this process is ended or its terminal closed."""

    def stop(number, frame):
        raise Stopped

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) == signal.SIG_DFL:  # not so under nohup
            signal.signal(number, stop)


def main(arguments):
    """Read the command line, set up, hand over; return the exit code."""
    command, rest = "lab", arguments
    if arguments and not arguments[0].startswith("-") and not arguments[0].isdigit():
        command, rest = arguments[0], arguments[1:]
    if command not in ("lab", "test", "docs") or (arguments and arguments[0] in ("-h", "--help")):
        print("\n".join(__doc__.splitlines()[2:5]))
        return 0 if command == "lab" else 2
    try:
        check_python()
        set_up()
        if command == "docs":
            add_docs()
    except StartError as error:
        print("hpotutor: " + str(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nhpotutor: Stopped. Start again to go on.", file=sys.stderr)
        return 130
    except OSError as error:
        print(
            "hpotutor: The set-up cannot write here (%s). Copy the project into a folder of yours "
            "on a disk with room, then start again." % error,
            file=sys.stderr,
        )
        return 1
    if command == "test":
        say("Running the tests.")
        return run(["-m", "pytest"] + rest)
    if command == "docs":
        say("Building the site; minutes.")
        return run([os.path.join("tools", "site", "build.py")] + rest)
    say("Opening the lessons; Ctrl-C here stops them.")
    return run(lab_command(rest))


if __name__ == "__main__":
    heed_signals()
    sys.exit(main(sys.argv[1:]))
