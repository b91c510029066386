"""A service under supervision: started, signalled, gone for certain."""

import os
import pathlib
import signal
import subprocess
import sys
import time

SUPERVISOR = pathlib.Path(__file__).with_name("supervise.py")


class ServiceFailed(Exception):
    """A service did not come up, or a helper program failed; the message ends with what it said."""


class Service:
    """One running process. `folder` goes with the owner of this object, should that die without calling `end`."""

    def __init__(self, folder: pathlib.Path, log: pathlib.Path, command: list[str]):
        self.log = log
        # -I and -S: the supervisor is up in a few milliseconds and sees nothing of the owner's Python environment.
        supervisor = [sys.executable, "-I", "-S", str(SUPERVISOR), str(folder), str(log), *command]
        self._supervisor = subprocess.Popen(
            supervisor, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        line = self._supervisor.stdout.readline()
        if not line:
            raise OSError(f"{command[0]} could not be started: {self.log_tail()}")
        self.pid = int(line)

    def is_running(self) -> bool:
        return self._supervisor.poll() is None

    def signal(self, number: signal.Signals) -> None:
        if self.is_running():
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Whether the process ended within that time."""
        try:
            self._supervisor.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Kills the process if it still runs; returns when it is gone."""
        try:
            os.write(self._supervisor.stdin.fileno(), b"q")
        except BrokenPipeError:
            pass  # it has ended by itself
        self._supervisor.wait()
        self._supervisor.stdin.close()
        self._supervisor.stdout.close()

    def log_tail(self, lines: int = 40) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"


def wait_until(condition, seconds: float, what: str, pause: float = 0.05):
    """The first true value of `condition`; `TimeoutError` naming `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} within {seconds} s")
        time.sleep(pause)
    return value
