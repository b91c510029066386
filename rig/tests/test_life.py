"""The secured broker as a whole: what it says of itself, what it leaves behind."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
LISTENERS = 14


def test_description(kafka):
    described = json.loads(kafka.description.read_text())
    assert described["address"] == kafka.address and len(kafka.address) == LISTENERS
    assert described["users"] == kafka.users
    files = described["certificates"]
    assert all((pathlib.Path(files["folder"]) / name).is_file() for name in files["files"])
    assert all(pathlib.Path(keytab).is_file() for keytab in described["kerberos"]["keytabs"].values())
    assert described["oauth"]["urls"]["ok"] == kafka.oauth.url()
    assert described["aws"]["environment"]["static"] == kafka.aws.environment("static")


def test_restart(kafka, clients):
    """Same addresses, same users, same records."""
    kafka.kill()
    kafka.start()
    assert clients.read("SASLSSL", clients.password("SCRAM-SHA-512", "reader")).is_complete()


def owner(program: list[str]) -> tuple[subprocess.Popen, pathlib.Path]:
    """`rig run --security` with that program, and its folder; returns when the program runs."""
    command = [sys.executable, "-B", str(REPOSITORY / "rig/rig"), "run", "--security", "--", *program]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return running, pathlib.Path(json.loads(running.stdout.readline())["log"]).parent


def mentioning(folder: pathlib.Path) -> list[str]:
    """Command lines of living processes that belong to the folder, by their arguments or where they stand."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            where = os.readlink(process / "cwd")
        except OSError:
            continue
        if str(folder) in command or str(folder) in where:
            found.append(command)
    return found


def assert_gone(folder: pathlib.Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (mentioning(folder) or folder.exists()):
        time.sleep(0.05)
    assert not mentioning(folder) and not folder.exists()


TELL = "import json, os, time; print(json.dumps(json.load(open(os.environ['RIG_SECURITY']))), flush=True); "


def test_nothing_remains_after_the_end():
    running, folder = owner(["python", "-c", TELL])
    assert running.wait(60) == 0
    assert_gone(folder)


def test_nothing_remains_after_kill_9():
    running, folder = owner(["python", "-c", TELL + "time.sleep(600)"])
    # Broker, KDC, token endpoint, AWS, moto: each with its supervisor.
    assert len(mentioning(folder)) >= 10
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert_gone(folder)


MOMENTS = ("guard.log", "moto.log", "kerberos/kdc.pid", "certificates/client.key", "server.properties", "broker.log")


@pytest.mark.parametrize(
    ("options", "moment"),
    [
        *((["--security"], moment) for moment in MOMENTS),
        ([], "guard.log"),
        ([], "server.properties"),
        ([], "broker.log"),
    ],
)
def test_nothing_remains_when_killed_while_starting(tmp_path, options, moment):
    """At moments from the first service to the last."""
    command = [sys.executable, "-B", str(REPOSITORY / "rig/rig"), "run", *options, "--", "true"]
    running = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (reached := list(tmp_path.glob(f"rig-kafka-*/{moment}"))):
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert reached, f"the rig did not come to {moment}"
    assert_gone(next(parent for parent in reached[0].parents if parent.parent == tmp_path))
