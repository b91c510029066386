"""The command line: `rig setup`, `rig run`."""

import argparse
import ctypes
import os
import signal
import subprocess
import sys

from . import cache, setup
from .kafka import LATEST, Kafka
from .process import ServiceFailed
from .secure import SecureKafka
from .supervise import die_with_parent

PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="rig/rig", description="Real services on loopback for tests and benchmarks.")
    commands = parser.add_subparsers(dest="command", required=True)
    install = commands.add_parser("setup", help="install what the rig needs; quick when it is there")
    install.add_argument("--kafka", default=LATEST, metavar="VERSION")
    install.add_argument("--venv", default="", metavar="NAME", help="environment of requirements-NAME.txt")
    install.add_argument("--security", action="store_true", help="also what the secured broker needs")
    run = commands.add_parser("run", help="run a command beside a fresh broker, then stop everything")
    run.add_argument("--kafka", default=LATEST, metavar="VERSION")
    run.add_argument("--heap", default="512m", metavar="SIZE", help="the broker's -Xmx")
    run.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a broker setting")
    run.add_argument("--security", action="store_true", help="the secured broker; RIG_SECURITY names its description")
    run.add_argument("program", nargs=argparse.REMAINDER, metavar="-- COMMAND…")
    options = parser.parse_args(arguments)
    if options.command == "setup":
        setup.everything(options.kafka, options.venv, options.security)
        return 0
    program = options.program[1:] if options.program[:1] == ["--"] else options.program
    if not program:
        run.error("no COMMAND")
    settings = dict(pair.split("=", 1) for pair in options.set)
    if not options.security:
        return beside_broker(Kafka(options.kafka, settings, options.heap), program)
    if options.kafka != LATEST:
        run.error(f"--security runs on Kafka {LATEST} only")
    return beside_broker(SecureKafka(settings, options.heap), program)


class Stopped(BaseException):
    """A signal that asks us to end; unwinds through every cleanup."""

    def __init__(self, number: int):
        self.number = number


def beside_broker(kafka: Kafka, program: list[str]) -> int:
    """Runs the program to its end; its exit code, or 128 + signal as in a shell."""
    # What the program leaves behind becomes our child, so that `reap` finds it.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        with kafka:
            return _run(program, _environment(kafka))
    except ServiceFailed as failure:
        setup.say(str(failure))
        return 70
    except FileNotFoundError as missing:
        setup.say(str(missing))
        return 127
    except Stopped as stopped:
        return 128 + stopped.number
    finally:
        _reap()


def _stop(number, _frame):
    raise Stopped(number)


def _environment(kafka: Kafka) -> dict[str, str]:
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "RIG_DIR": str(kafka.folder),
        "RIG_KAFKA_VERSION": kafka.version,
        "RIG_KAFKA_PID": str(kafka.pid),
        "RIG_KAFKA_LOG": str(kafka.log),
        "RIG_PYTHON": str(cache.python(kafka.python)),
        # `python` and `pytest` of the rig's environment, and `from rig import Kafka`.
        "PATH": f"{cache.venv(kafka.python)}/bin:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(cache.REPOSITORY), os.environ.get("PYTHONPATH")))),
    }
    if isinstance(kafka, SecureKafka):
        environment["RIG_SECURITY"] = str(kafka.description)
    return environment


def _run(program: list[str], environment: dict[str, str]) -> int:
    running = subprocess.Popen(program, env=environment, preexec_fn=_as_group)
    guard = _guard(running.pid)
    try:
        code = running.wait()
    except Stopped as stopped:
        running.send_signal(stopped.number)
        _wait_or_kill(running)
        raise
    finally:
        os.close(guard)
    return code if code >= 0 else 128 - code


def _as_group() -> None:
    """The program leads a group of its own, in front when there is a terminal, and dies with us."""
    die_with_parent()
    os.setpgid(0, 0)
    if os.isatty(0):
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def _guard(group: int) -> int:
    """A process that kills the program's whole group when we are gone: closing the descriptor releases it."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(write)
        os.setsid()
        os.read(read, 1)
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os._exit(0)
    os.close(read)
    return write


def _wait_or_kill(running: subprocess.Popen) -> None:
    try:
        running.wait(15)
    except (subprocess.TimeoutExpired, Stopped):
        running.kill()
        running.wait()


def _reap() -> None:
    """Kills whatever the program left running; nothing of ours is alive at this point."""
    while children := _children():
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as listed:
        return [int(pid) for pid in listed.read().split()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
