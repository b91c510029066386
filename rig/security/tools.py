"""Helper programs: run to their end, or started as a service and waited for. They die with us."""

import os
import pathlib
import socket
import subprocess

from .. import cache, setup
from ..process import Service, ServiceFailed, wait_until
from ..supervise import die_with_parent

PYTHON = {"PYTHONPATH": str(cache.REPOSITORY), "PYTHONUNBUFFERED": "1"}


def python_module(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of the rig in the security profile's own environment."""
    # -B: nothing is written into the clone. -P: a folder `rig` where we happen to stand is not the package.
    return [str(cache.python(setup.SECURITY)), "-B", "-P", "-m", module, *arguments]


def run_python(module: str, *arguments: str, text: str = "") -> None:
    run(python_module(module, *arguments), text, {**os.environ, **PYTHON})


def serve_python(folder: pathlib.Path, name: str, module: str, *arguments: str) -> Service:
    """That module as a service, its output in `NAME.log` of the folder."""
    own = [f"{key}={value}" for key, value in PYTHON.items()]
    return Service(folder, folder / f"{name}.log", ["env", *own, *python_module(module, *arguments)])


def wait_for_port(port: int, service: Service) -> None:
    try:
        wait_until(lambda: _answers(port, service), 60, f"answer on port {port}")
    except TimeoutError as late:
        raise ServiceFailed(f"{late}; the end of its log:\n{service.log_tail()}") from None


def _answers(port: int, service: Service) -> bool:
    if not service.is_running():
        raise ServiceFailed(f"a service of the rig ended while starting:\n{service.log_tail()}")
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        return False
    return True


def run(command: list[str], text: str = "", environment: dict[str, str] | None = None) -> str:
    """What the program printed; `ServiceFailed` with all of it when the program failed."""
    result = subprocess.run(
        command,
        input=text,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        preexec_fn=die_with_parent,
    )
    if result.returncode:
        raise ServiceFailed(f"{' '.join(command[:4])} … failed:\n{result.stdout}")
    return result.stdout
