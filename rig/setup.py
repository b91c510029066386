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
# What the security profile needs beside them.
SECURITY_PROGRAMS = {
    "javac": "openjdk-17-jdk-headless",
    "openssl": "openssl",
    "kinit": "krb5-user",
    "krb5kdc": "krb5-kdc",
    "kadmin.local": "krb5-admin-server",
    "faketime": "faketime",
}
# The plugin that gives kcat's SASL library GSSAPI: a package without a program.
GSSAPI_PLUGINS, GSSAPI_PACKAGE = "sasl2/libgssapiv2.so", "libsasl2-modules-gssapi-mit"
SECURITY = "security"


def say(text: str) -> None:
    print(f"rig: {text}", file=sys.stderr, flush=True)


def everything(version: str, venv: str = "", secure: bool = False) -> None:
    packages(secure)
    jars(version)
    environment(venv)
    if secure:
        environment(SECURITY)
        classes(version)


def program(name: str) -> str:
    """Where that program is. Debian keeps servers out of an ordinary user's path."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin") or name


def packages(secure: bool = False) -> None:
    wanted = {**PROGRAMS, **SECURITY_PROGRAMS} if secure else PROGRAMS
    missing = [package for name, package in wanted.items() if not os.path.isabs(program(name))]
    if secure and not any(pathlib.Path("/usr/lib").glob(f"*/{GSSAPI_PLUGINS}")):
        missing.append(GSSAPI_PACKAGE)
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


def classes(version: str) -> pathlib.Path:
    """The folder with the compiled classes of `java/`: what the secured broker checks tokens and extensions with."""
    sources = sorted((cache.PACKAGE / "java").glob("*.java"))
    folder, stamp = cache.kafka_classes(version), cache.fingerprint(*sources)
    if cache.is_stamped(folder, stamp):
        return folder
    libraries = jars(version)
    with cache.locked(f"kafka-{version}"):
        if not cache.is_stamped(folder, stamp):
            say("compiling the broker's validators")
            shutil.rmtree(folder, ignore_errors=True)
            command = ["javac", "--release", "17", "-Xlint:all,-processing", "-cp", f"{libraries}/*", "-d", folder]
            subprocess.run([*command, *sources], check=True, stdout=sys.stderr)
            cache.put_stamp(folder, stamp)
    return folder


def environment(name: str = "") -> pathlib.Path:
    """The Python of the virtual environment made from `requirements.txt` or `requirements-NAME.txt`."""
    requirements = cache.PACKAGE / (f"requirements-{name}.txt" if name else "requirements.txt")
    if not requirements.exists():
        raise SystemExit(f"rig: {requirements.name} does not exist")
    # The other files build on the first.
    files = dict.fromkeys([cache.PACKAGE / "requirements.txt", requirements])
    folder, stamp = cache.venv(name), cache.fingerprint(*files)
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
