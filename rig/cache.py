"""Where downloaded things live, and how two rigs at once keep out of each other's way."""

import contextlib
import fcntl
import hashlib
import os
import pathlib

PACKAGE = pathlib.Path(__file__).resolve().parent
REPOSITORY = PACKAGE.parent


def root() -> pathlib.Path:
    """The cache folder, outside the clone so that clones share it and `git clean` leaves it alone."""
    chosen = os.environ.get("SOURCE_KAFKA_CACHE")
    path = pathlib.Path(chosen) if chosen else pathlib.Path.home() / ".cache" / "source-kafka"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def kafka_jars(version: str) -> pathlib.Path:
    return root() / "kafka" / version


def kafka_classes(version: str) -> pathlib.Path:
    return root() / "kafka" / f"{version}-classes"


def venv(name: str = "") -> pathlib.Path:
    return root() / (f"venv-{name}" if name else "venv")


def python(name: str = "") -> pathlib.Path:
    return venv(name) / "bin" / "python"


@contextlib.contextmanager
def locked(name: str):
    """One holder of `name` at a time on this machine. The kernel drops the lock when the holder dies."""
    with open(root() / f"{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def fingerprint(*files: pathlib.Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_stamped(folder: pathlib.Path, stamp: str) -> bool:
    """Whether `folder` was completed from the very inputs behind `stamp`."""
    try:
        return (folder / ".complete").read_text() == stamp
    except OSError:
        return False


def put_stamp(folder: pathlib.Path, stamp: str) -> None:
    (folder / ".complete").write_text(stamp)
