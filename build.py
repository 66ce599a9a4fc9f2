#!/usr/bin/env python3
"""The one door for every chore.  Standard library only; any Python 3.8+ may run it, from any folder, on any system.

    python build.py demo [--audio FILE] [--out DIR]     real speech in; demo.blend, demo.mp4 and keys.png out
    python build.py test [--blender all] [pytest arguments]    style, types and tests; with `all` on every Blender
    python build.py package [--full [--platform linux-x64|windows-x64|macos-arm64|all]]    dist/kmtalk-<version>.zip
    python build.py bench [--json FILE] [--quick]       speed and memory, as ratios, or with --lines many lines
    python build.py train-starter [options]             the starter weights, made anew from synthetic speech

Each command makes `.venv` in this folder first, or brings it up to date, with the libraries that it needs: the demo
needs no PyTorch, and the zip no environment at all.  When nothing changed that costs nothing.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "kmtalk-installed"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
SUPPORTED = ((3, 11), (3, 13))  # the Pythons that Blender is published for as a module
BLENDERS = {  # version of Blender: the Python and the packages its tests need; the engine is always `.venv`
    "4.2": ((3, 11), ["bpy==4.2.*", "numpy<2"]),
    "4.5": ((3, 11), ["bpy==4.5.*"]),
    "5.0": ((3, 11), ["bpy==5.0.*"]),
    "5.2": ((3, 13), ["bpy==5.2.*"]),
}
NEEDS = {  # command: the extras of pyproject.toml that it needs; what was installed for one stays for the others
    "demo": ["blender"],
    "test": ["blender", "research", "test"],
    "bench": ["blender", "research"],
    "train-starter": ["research"],
}
BLENDER_TEST_PACKAGES = ["numpy", "scipy", "soundfile", "av", "espeakng-loader", "rich", "pytest", "uv"]
OF_PYTHON = ["tests/extension/test_engine*.py", "tests/extension/test_workers.py"]  # once a Python, not once a Blender
PRINTING = threading.Lock()
NO_TESTS = 5  # pytest's exit status for an empty selection
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
DEMO_SENTENCE = "Bob made a map of the moon, and Paul will show you the way home before five."


class BuildError(Exception):
    """Something the user can mend; the message says how."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("demo", help="a talking head from a sound file")
    command.add_argument("--audio", type=Path, help="speech to animate (default: a sentence synthesised on the spot)")
    command.add_argument("--text", help="what is said in it, for forced alignment")
    command.add_argument("--mood", default="auto", help="how the speaker feels: happy, sad, … (default: as heard)")
    command.add_argument("--out", type=Path, default=ROOT / "build" / "demo", metavar="DIR")
    command = commands.add_parser("test", help="style, types and tests", add_help=False)
    command.add_argument("--blender", choices=("one", "all"), default="one")
    command = commands.add_parser("package", help="the extension as a zip")
    command.add_argument(
        "--full", action="store_true", help="with wheels for this platform, so that nothing is downloaded"
    )
    command.add_argument(
        "--platform",
        choices=("linux-x64", "windows-x64", "macos-arm64", "all"),
        help="with --full: for this system, or for each (default: this one)",
    )
    command = commands.add_parser("bench", help="speed and memory")
    command.add_argument("--json", type=Path, metavar="FILE")
    command.add_argument("--quick", action="store_true", help="the starter alone, in five minutes")
    command.add_argument("--lines", action="store_true", help="three hundred lines on one face, and nothing else")
    commands.add_parser("train-starter", help="train weights/starter", add_help=False)
    options, rest = parser.parse_known_args()
    if rest and options.command not in ("test", "train-starter"):
        parser.error("unknown arguments: " + " ".join(rest))
    if options.command == "package" and options.platform and not options.full:
        parser.error("--platform goes with --full: without it one zip is for every system")
    try:
        if options.command in NEEDS:
            ensure_environment(NEEDS[options.command])
        return {"demo": demo, "test": test, "package": package, "bench": bench, "train-starter": train_starter}[
            options.command
        ](options, rest)
    except BuildError as error:
        print("build.py: %s" % error, file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        return error.returncode or 1
    except KeyboardInterrupt:
        return 130


# --- the commands ---------------------------------------------------------------------------------------------------


def demo(options, rest):
    out = options.out.absolute()
    audio = options.audio.absolute() if options.audio else out / "demo.wav"
    text = options.text if options.audio else DEMO_SENTENCE
    ensure_system_libraries()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BuildError("%s cannot be made (%s); choose another --out." % (out, error.strerror)) from error
    if options.audio is None:
        say("Speaking the demo sentence")
        module("kmtalk_core", "speak", text, "--out", audio)
    say("Animating %s" % audio.name)
    said = ["--text", text] if text else []
    module("kmtalk_core", "animate", audio, "--out", out / "demo.npz", "--set", "mood=" + options.mood, *said)
    say("Building, baking and rendering the head")
    module("kmtalk_addon.demo", out / "demo.npz", audio, out)
    for name in ("demo.blend", "demo.mp4", "keys.png"):
        print(out / name)
    return 0


def test(options, rest):
    ensure_system_libraries()
    python("-m", "ruff", "check", ".")
    python("-m", "ruff", "format", "--check", ".")
    python("-m", "mypy")
    python("-m", "mypy", "kmtalk_addon")
    python("-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])")
    if any((ROOT / argument.split("::")[0]).exists() for argument in rest):
        return pytest(PYTHON, *rest)
    # Blender is one per process, and so is whether the add-on is there as modules or as an installed extension.
    apart = ("tests/blender", "tests/extension")
    runs = [(PYTHON, [*("--ignore=%s" % folder for folder in apart), "tests"]), *((PYTHON, [f]) for f in apart)]
    for version in BLENDERS if options.blender == "all" else ():
        if version != own_blender():
            interpreter = blender_environment(version)
            known = BLENDERS[version][0] == BLENDERS[own_blender()][0]
            left_out = ["--ignore-glob=%s" % pattern for pattern in OF_PYTHON] if known else []
            runs += [(interpreter, [folder, *left_out]) for folder in apart]
    with ThreadPoolExecutor(os.cpu_count() or 1) as side_by_side:
        done = [side_by_side.submit(pytest, interpreter, *folders, *rest, quiet=True) for interpreter, folders in runs]
        failed = [run.result() for run in as_completed(done)]
    if all(status == NO_TESTS for status in failed):
        return NO_TESTS
    return 1 if any(status not in (0, NO_TESTS) for status in failed) else 0  # a crash is a negative one


def pytest(interpreter, *arguments, quiet=False):
    """Run the tests; with `quiet` what they print comes as one piece at their end, for others run beside them."""
    title = "pytest %s  [%s]" % (" ".join(arguments), interpreter)
    say(title)
    environment = dict(os.environ, KMTALK_PYTHON=str(PYTHON))
    environment.setdefault("OMP_NUM_THREADS", "1")  # a core for each run
    command = [str(interpreter), "-m", "pytest", *arguments]
    if not quiet:
        return subprocess.run(command, cwd=str(ROOT), env=environment).returncode
    done = subprocess.run(command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with PRINTING:
        say("results of " + title)
        sys.stdout.flush()
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
    return done.returncode


def package(options, rest):
    script = ROOT / "kmtalk_addon" / "package.py"
    if not options.full and sys.version_info >= (3, 11):
        return subprocess.run([sys.executable, str(script)], cwd=str(ROOT)).returncode
    ensure_environment(["blender"])
    if not options.full:
        python(script)
        return 0
    module("kmtalk_addon.package", "--full", *(["--platform", options.platform] if options.platform else []))
    return 0


def bench(options, rest):
    if options.lines:
        sound = ROOT / "build" / "bench" / "line.wav"
        sound.parent.mkdir(parents=True, exist_ok=True)
        module("kmtalk_core", "speak", DEMO_SENTENCE, "--out", sound)
        module("kmtalk_addon.bench_lines", sound)
        return 0
    module(
        "kmtalk_core.bench",
        *(["--json", options.json.absolute()] if options.json else []),
        *(["--quick"] if options.quick else []),
    )
    return 0


def train_starter(options, rest):
    module("kmtalk_core", "train-starter", *rest)
    return 0


# --- the environment ------------------------------------------------------------------------------------------------


def ensure_environment(extras):
    """Make `.venv` and install what pyproject.toml names, with these `extras`, unless that was done already."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    there = STAMP.read_text().split() if PYTHON.exists() and STAMP.exists() else [""]
    if there[0] == wanted and set(extras) <= set(there[1:]):
        return
    if not PYTHON.exists() or python_version([str(PYTHON)]) not in SUPPORTED:
        shutil.rmtree(str(VENV), ignore_errors=True)
        make_venv()
        there = [""]
    extras = sorted(set(extras) | set(there[1:]))
    with_torch = not {"torch", "research"}.isdisjoint(extras)
    say("Installing the libraries (about %s GB on disk; once only)" % ("2.5" if with_torch else "1"))
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["-e", "%s[%s]" % (ROOT, ",".join(extras))]
    if with_torch and sys.platform == "linux" and not shutil.which("nvidia-smi") and answers(TORCH_CPU_INDEX):
        command += ["--extra-index-url", TORCH_CPU_INDEX]  # without a GPU the default build is gigabytes of nothing
    if subprocess.run(command, cwd=str(ROOT), stdout=sys.stderr).returncode:
        raise BuildError("the libraries could not be installed; see pip's last lines above, then run this again.")
    STAMP.write_text(" ".join([wanted, *extras]))


def own_blender():
    """The version of Blender in `.venv`, such as "4.5"."""
    code = "from importlib.metadata import version; print('.'.join(version('bpy').split('.')[:2]))"
    return subprocess.run([str(PYTHON), "-c", code], stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def blender_environment(version):
    """The interpreter of an environment with Blender `version`, made when it is not there yet."""
    wanted, packages = BLENDERS[version]
    folder = ROOT / ".cache" / ("blender-" + version)
    interpreter = folder / ("Scripts/python.exe" if WINDOWS else "bin/python")
    stamp = folder / "kmtalk-installed"
    packages = packages + BLENDER_TEST_PACKAGES
    if interpreter.exists() and stamp.exists() and stamp.read_text() == " ".join(packages):
        return interpreter
    found = find_python([wanted])
    if found is None:
        raise BuildError("Blender %s needs Python %d.%d; install it and run this again." % (version, *wanted))
    say("Making an environment for Blender %s" % version)
    subprocess.run([*found, "-m", "venv", "--clear", str(folder)], check=True)
    command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(command, stdout=sys.stderr, check=True)
    stamp.write_text(" ".join(packages))
    return interpreter


def make_venv():
    found = find_python()
    if found is None:
        return make_venv_with_uv()
    say("Making .venv with Python %d.%d" % python_version(found))
    done = subprocess.run([*found, "-m", "venv", str(VENV)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode == 0:
        return None
    shutil.rmtree(str(VENV), ignore_errors=True)
    wanted = "python%d.%d-venv" % python_version(found)
    if shutil.which("apt-get"):
        apt_install([wanted])
        return subprocess.run([*found, "-m", "venv", str(VENV)], check=True)
    raise BuildError(
        "Python could not make a virtual environment: %s" % done.stderr.decode(errors="replace").strip()[-300:]
    )


def make_venv_with_uv():
    """No Python that Blender is published for is here: let uv fetch one, into its own folder."""
    uv = shutil.which("uv")
    if uv is None:
        folder = ROOT / ".cache" / "uv"
        uv = str(folder / ("Scripts/uv.exe" if WINDOWS else "bin/uv"))
        if not Path(uv).exists():
            say("Fetching uv, to fetch Python %d.%d" % SUPPORTED[0])
            pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
            if subprocess.run([sys.executable, "-m", "venv", str(folder)]).returncode == 0:
                pip[0] = str(folder / ("Scripts/python.exe" if WINDOWS else "bin/python"))
            subprocess.run([*pip, "uv"])
    if (
        not Path(uv).exists()
        or subprocess.run([uv, "venv", "--seed", "--python", "%d.%d" % SUPPORTED[0], str(VENV)]).returncode
    ):
        raise BuildError(
            "Python 3.11 or 3.13 is needed (this is %d.%d); install one and run this again." % sys.version_info[:2]
        )


def find_python(supported=SUPPORTED):
    """The command of a Python of these versions on this machine, the one running this first; None without one."""
    candidates = [[sys.executable]]
    for major, minor in supported:
        candidates += [["python%d.%d" % (major, minor)], ["py", "-%d.%d" % (major, minor)]]
        candidates += [
            [str(p)] for p in sorted(Path.home().glob(".pyenv/versions/%d.%d.*/bin/python" % (major, minor)))
        ]
    for command in candidates:
        if shutil.which(command[0]) and python_version(command) in supported:
            return command
    return None


def python_version(command):
    """(major, minor) of the Python that `command` starts, or None when it does not start."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([*command, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
        major, minor = done.stdout.split()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return int(major), int(minor)


def ensure_system_libraries():
    """Blender as a module links against system libraries that a bare machine lacks (Linux only)."""
    if sys.platform != "linux":
        return
    sys.path.insert(0, str(ROOT))
    from kmtalk_addon.system_libraries import missing_packages, missing_rendering_packages

    missing = missing_packages(VENV)
    if missing:
        apt_install(missing)
    wanted = missing_rendering_packages() if shutil.which("apt-get") else []
    if wanted and os.geteuid() == 0:
        apt_install(wanted)
    elif wanted:
        say("Rendering would be faster after:  sudo apt-get install -y %s" % " ".join(wanted))


def apt_install(packages):
    """Install Debian packages when that is allowed; otherwise name the one command that does."""
    line = "apt-get install -y --no-install-recommends %s" % " ".join(packages)
    if not shutil.which("apt-get"):
        raise BuildError("these libraries are missing; install what your system calls them: %s" % " ".join(packages))
    if os.geteuid() != 0:
        raise BuildError("system packages are missing; run this first:  sudo %s" % line)
    say("Installing system packages: %s" % " ".join(packages))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(["apt-get", "update", "-q"], env=environment, stdout=subprocess.DEVNULL)
    if subprocess.run(line.split(), env=environment, stdout=subprocess.DEVNULL).returncode:
        raise BuildError("the packages could not be installed; run this and look why:  %s" % line)


# --- small things ---------------------------------------------------------------------------------------------------


def say(text):
    print("build.py: %s" % text, file=sys.stderr, flush=True)


def python(*arguments):
    subprocess.run([str(PYTHON), *map(str, arguments)], cwd=str(ROOT), check=True)


def answers(url):
    """Whether a web address can be reached, found out within seconds."""
    try:
        with urllib.request.urlopen(url + "/torch/", timeout=5):
            return True
    except (OSError, ValueError):
        return False


def module(name, *arguments):
    python("-m", name, *arguments)


if __name__ == "__main__":
    sys.exit(main())
