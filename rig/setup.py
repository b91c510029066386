"""Installs what the rig needs: Debian packages, jars, a Python environment. Quick when everything is there."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from . import cache

# program → the Debian 12 package that brings it
PROGRAMS = {"kcat": "kcat", "java": "openjdk-17-jre-headless", "mvn": "maven"}


def say(text: str) -> None:
    print(f"rig: {text}", file=sys.stderr, flush=True)


def everything(version: str, venv: str = "") -> None:
    packages()
    jars(version)
    environment(venv)


def packages() -> None:
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    # Debian splits `ensurepip` off; without it `python3 -m venv` fails half-way.
    if subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True).returncode:
        missing.append("python3-venv")
    if not missing:
        return
    with cache.locked("apt"):
        say(f"installing {' '.join(missing)}")
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        silent = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*as_root, "apt-get", "update", "-qq"], check=True, env=silent, stdout=sys.stderr)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run([*as_root, *install], check=True, env=silent, stdout=sys.stderr)


def jars(version: str) -> pathlib.Path:
    """The folder with the jars of that Kafka, fetched with Maven when it is not complete."""
    pom = cache.PACKAGE / "jars" / f"kafka-{version}.xml"
    if not pom.exists():
        known = sorted(p.stem.removeprefix("kafka-") for p in pom.parent.glob("kafka-*.xml"))
        raise SystemExit(f"rig: no Kafka {version}; there is {', '.join(known)} (rig/jars)")
    folder, stamp = cache.kafka_jars(version), cache.fingerprint(pom)
    if cache.is_stamped(folder, stamp):
        return folder
    with cache.locked(f"kafka-{version}"):
        if cache.is_stamped(folder, stamp):
            return folder
        say(f"fetching the jars of Kafka {version}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            shutil.copy(pom, f"{work}/pom.xml")
            copy = ["mvn", "-q", "-B", "-Dstyle.color=never", "dependency:copy-dependencies", "-DoutputDirectory=libs"]
            subprocess.run(copy, cwd=work, check=True, stdout=sys.stderr)
            cache.put_stamp(pathlib.Path(work, "libs"), stamp)
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(f"{work}/libs", folder)
    return folder


def environment(name: str = "") -> pathlib.Path:
    """The Python of the virtual environment made from `requirements.txt` or `requirements-NAME.txt`."""
    requirements = cache.PACKAGE / (f"requirements-{name}.txt" if name else "requirements.txt")
    if not requirements.exists():
        raise SystemExit(f"rig: {requirements.name} does not exist")
    folder, stamp = cache.venv(name), cache.fingerprint(requirements)
    if cache.is_stamped(folder, stamp):
        return cache.python(name)
    with cache.locked(folder.name):
        if not cache.is_stamped(folder, stamp):
            say(f"making the Python environment {folder.name}")
            (folder / ".complete").unlink(missing_ok=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, stdout=sys.stderr)
            install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements]
            subprocess.run([cache.python(name), *install], check=True, stdout=sys.stderr)
            cache.put_stamp(folder, stamp)
    return cache.python(name)
