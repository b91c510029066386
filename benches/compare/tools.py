"""Builds and installs what is compared, into the cache folder that the rig uses too. Quick when it is there."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

from rig import cache
from rig import setup as rig_setup
from rig.kafka import LATEST

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent

# As in our own build (Cargo.toml leaves these features out), so that the limit is the same library.
CONFIGURE = ["--disable-ssl", "--disable-gssapi", "--disable-curl", "--disable-zlib", "--disable-zstd", "--disable-lz4-ext"]
SYSTEM_LIBRARIES = ["-lm", "-ldl", "-lpthread", "-lrt"]


def say(text: str) -> None:
    print(f"compare: {text}", file=sys.stderr, flush=True)


def programs() -> pathlib.Path:
    """The folder with `launch`, `generate` and `rdkafka_performance`."""
    version = librdkafka_version()
    own = [HERE / "launch.c", HERE / "generate.c"]
    stamp = hashlib.sha256(f"{version} {CONFIGURE} {cache.fingerprint(*own)}".encode()).hexdigest()
    folder = cache.root() / "compare"
    if cache.is_stamped(folder, stamp):
        return folder
    _need("gcc", "make")
    with cache.locked("compare"):
        if cache.is_stamped(folder, stamp):
            return folder
        folder.mkdir(exist_ok=True)
        (folder / ".complete").unlink(missing_ok=True)
        library = _build_library(version, folder)
        say("compiling the launcher, the generator and rdkafka_performance")
        headers = ["-isystem", library / "src"]
        archive = [library / "src" / "librdkafka.a", *SYSTEM_LIBRARIES]
        compile_ = ["gcc", "-O2", "-Wall", "-Wextra"]
        _run([*compile_, "-o", folder / "launch", own[0]])
        _run([*compile_, *headers, "-o", folder / "generate", own[1], *archive])
        example = library / "examples" / "rdkafka_performance.c"
        _run(["gcc", "-O2", "-w", *headers, "-o", folder / "rdkafka_performance", example, *archive])
        cache.put_stamp(folder, stamp)
    return folder


def librdkafka_version() -> str:
    """From our lock file: the crate names the version that it brings (`4.10.0+2.12.1`)."""
    locked = tomllib.loads((REPOSITORY / "Cargo.lock").read_text())["package"]
    return next(package["version"] for package in locked if package["name"] == "rdkafka-sys").partition("+")[2]


def _crate_source() -> pathlib.Path:
    """librdkafka's source as the crate brings it, wherever cargo keeps crates; fetched when it is not there."""
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE
    )
    packages = json.loads(metadata.stdout)["packages"]
    manifest = next(package["manifest_path"] for package in packages if package["name"] == "rdkafka-sys")
    return pathlib.Path(manifest).parent / "librdkafka"


def _build_library(version: str, folder: pathlib.Path) -> pathlib.Path:
    """A copy is built: its configure works in the source tree only, and the registry's tree is shared."""
    library = folder / f"librdkafka-{version}"
    if cache.is_stamped(library, version + str(CONFIGURE)):
        return library
    source = _crate_source()
    say(f"building librdkafka {version} with -O2")
    shutil.rmtree(library, ignore_errors=True)
    shutil.copytree(source, library, symlinks=True)
    clean = {name: value for name, value in os.environ.items() if name not in ("CFLAGS", "CPPFLAGS", "LDFLAGS", "MAKEFLAGS")}
    clean["CFLAGS"] = "-O2"
    _run(["./configure", *CONFIGURE], cwd=library, env=clean)
    _run(["make", "-C", "src", f"-j{os.cpu_count()}", "librdkafka.a"], cwd=library, env=clean)
    cache.put_stamp(library, version + str(CONFIGURE))
    return library


def tap_kafka() -> pathlib.Path | None:
    """The tap's program in an environment of its own, or None where its pinned clients have no wheel for this Python."""
    requirements = HERE / "requirements.txt"
    folder, stamp = cache.root() / "venv-compare", cache.fingerprint(requirements)
    with cache.locked(folder.name):
        if not cache.is_stamped(folder, stamp):
            say("making the Python environment of tap-kafka")
            shutil.rmtree(folder, ignore_errors=True)
            # Wheels only: a source build of grpcio takes longer than everything else here.
            install = ["-m", "pip", "install", "-q", "--no-deps", "--only-binary", ":all:", "-r", requirements]
            try:
                _run([_base_python(), "-m", "venv", folder])
                _run([folder / "bin" / "python", *install])
            except subprocess.CalledProcessError:
                say("tap-kafka cannot be installed; it is left out")
                return None
            cache.put_stamp(folder, stamp)
    return folder / "bin" / "tap-kafka"


def _base_python() -> str:
    """A Python that tap-kafka's clients have wheels for: those of its grpcio-tools 1.57 stop at 3.11."""
    for name in ("python3.11", "python3.10"):
        if (path := shutil.which(name)) and not subprocess.run([path, "-c", "import ensurepip"], capture_output=True).returncode:
            return path
    return sys.executable


def source_kafka(given: str | None) -> pathlib.Path:
    if given:
        return pathlib.Path(given).resolve(strict=True)
    say("building source-kafka")
    _run(["cargo", "build", "--release", "--locked"], cwd=REPOSITORY)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return target / "release" / "source-kafka"


def everything(binary: str | None) -> pathlib.Path:
    """What has to be there before a broker is started; returns our binary."""
    rig_setup.everything(LATEST)
    programs()
    tap_kafka()
    return source_kafka(binary)


def versions(binary: pathlib.Path) -> dict[str, str]:
    """Who was compared. Of our own binary the digest, because several builds share a version."""
    kcat = subprocess.run(["kcat", "-V"], capture_output=True, text=True).stdout
    own = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    return {
        "source-kafka": f"{own} at {_commit()}",
        "source-kafka sha256": hashlib.sha256(binary.read_bytes()).hexdigest()[:16],
        "limit": f"rdkafka_performance of librdkafka {librdkafka_version()}, gcc -O2",
        "kcat": " with librdkafka ".join(re.findall(r"(?:Version |librdkafka )([0-9.]+)", kcat)),
        "kafka": os.environ["RIG_KAFKA_VERSION"],
        "java": java.partition('"')[2].partition('"')[0],
        "tap-kafka": re.search(r"tap-kafka==(.+)", (HERE / "requirements.txt").read_text())[1],
    }


def _commit() -> str:
    """Of the checkout; a binary that was given with --binary may be older, and its digest tells."""
    git = ["git", "-C", str(REPOSITORY)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock"], capture_output=True)
    return commit + (" with uncommitted changes" if changed.stdout else "")


def _need(*names: str) -> None:
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        raise SystemExit(f"compare: install {' and '.join(missing)} first")


def _run(command: list, **options) -> None:
    """Silent unless it fails. The log lives elsewhere: librdkafka's configure loads every file `configure.*` beside it."""
    with tempfile.TemporaryFile() as log:
        if subprocess.run([str(part) for part in command], stdout=log, stderr=log, **options).returncode:
            log.seek(0)
            sys.stderr.buffer.write(log.read()[-8000:])
            raise subprocess.CalledProcessError(1, str(command[0]))
