"""Runs a helper program to its end; it dies with us."""

import os
import subprocess

from .. import cache, setup
from ..supervise import die_with_parent


def python_module(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of the rig in the security profile's own environment."""
    # -B: nothing is written into the clone. -P: a folder `rig` where we happen to stand is not the package.
    return [str(cache.python(setup.SECURITY)), "-B", "-P", "-m", module, *arguments]


def python_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(cache.REPOSITORY)}


def run_python(module: str, *arguments: str, text: str = "") -> None:
    run(python_module(module, *arguments), text, python_environment())


def run(command: list[str], text: str = "", environment: dict[str, str] | None = None) -> str:
    """What the program printed; `RuntimeError` with all of it when the program failed."""
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
        raise RuntimeError(f"{' '.join(command[:4])} … failed:\n{result.stdout}")
    return result.stdout
