"""Runs our binary as the platform does and keeps what came out."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

import checks
import messages

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("SOURCE_KAFKA_BIN") or REPOSITORY / "target/release/source-kafka").absolute()
PEAK = pathlib.Path(__file__).with_name("peak.py")
ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


@dataclass
class Run:
    """One ended run of the binary."""

    command: list[str]
    exit_code: int
    stdout: bytes
    messages: list[dict]
    seconds: float
    catalog: dict | None = None
    _of: dict[str, list[dict]] = field(default_factory=dict)

    def bodies(self, kind: str) -> list[dict]:
        if kind not in self._of:
            self._of[kind] = [m[messages.BODY[kind]] for m in self.messages if m["type"] == kind]
        return self._of[kind]

    def records(self, stream: str | None = None) -> list[dict]:
        """The data of the records, in the order in which they came."""
        return [r["data"] for r in self.bodies("RECORD") if stream in (None, r["stream"])]

    def numbers(self, stream: str | None = None) -> list[int]:
        """The column `n` of what `Cluster.numbers` produced."""
        return [record["n"] for record in self.records(stream)]

    def positions(self, stream: str | None = None) -> list[tuple[int, int]]:
        return [(r["_kafka_partition"], r["_kafka_offset"]) for r in self.records(stream)]

    def states(self, stream: str | None = None) -> list[dict]:
        return [s for s in self.bodies("STATE") if stream in (None, s["stream"]["stream_descriptor"]["name"])]

    @property
    def state(self) -> list[dict]:
        """The last state of each stream, in the form of the platform's state file."""
        return list({s["stream"]["stream_descriptor"]["name"]: s for s in self.states()}.values())

    def offsets(self, stream: str) -> dict[int, int]:
        """The next offsets of the stream's last state."""
        return checks.offsets(self.states(stream)[-1])

    @property
    def errors(self) -> list[dict]:
        return [t["error"] for t in self.bodies("TRACE") if t["type"] == "ERROR"]

    @property
    def logs(self) -> str:
        return "\n".join(f"{entry['level']} {entry['message']}" for entry in self.bodies("LOG"))

    @property
    def warnings(self) -> str:
        return "\n".join(e["message"] for e in self.bodies("LOG") if e["level"] in ("WARN", "ERROR"))

    @property
    def connection_status(self) -> dict:
        (status,) = self.bodies("CONNECTION_STATUS")
        return status

    def explain(self) -> str:
        return f"exit code {self.exit_code}, errors {self.errors}, log:\n{self.logs[-3000:]}"


class Connector:
    """Our binary beside one broker; its files live in `folder`."""

    def __init__(self, folder: pathlib.Path, bootstrap: str):
        self.folder = folder
        self.bootstrap = bootstrap
        self._files = 0

    # the three commands, expecting success

    def spec(self) -> Run:
        return self.run("spec")

    def check(self, config: dict) -> dict:
        run = self.run("check", config)
        assert run.exit_code == 0 and not run.errors, run.explain()
        return run.connection_status

    def discover(self, config: dict) -> dict:
        """The catalog's streams by name."""
        run = self.run("discover", config)
        assert run.exit_code == 0 and not run.errors, run.explain()
        (catalog,) = run.bodies("CATALOG")
        return {stream["name"]: stream for stream in catalog["streams"]}

    def read(self, config: dict, state=None, catalog: dict | None = None, **options) -> Run:
        """A sync that must succeed; without a catalog, of everything that discover offers."""
        catalog = catalog or configured(self.discover(config))
        run = self.run("read", config, catalog, state, **options)
        assert run.exit_code == 0 and not run.errors, run.explain()
        checks.successful(run)
        return run

    def fail(self, config: dict, failure_type: str, state=None, catalog: dict | None = None, **options) -> dict:
        """A sync that must fail properly; its one error, with the run beside it under `run`."""
        catalog = catalog or configured(self.discover(config))
        run = self.run("read", config, catalog, state, **options)
        checks.failed(run, failure_type)
        return {**run.errors[0], "run": run}

    # processes

    def config(self, *topics: str, format: str = "JSON", **fields) -> dict:
        return {
            "bootstrap_servers": self.bootstrap,
            "protocol": {"security_protocol": "PLAINTEXT"},
            "subscription": {"subscription_type": "topics", "topics": list(topics)},
            "MessageFormat": {"deserialization_type": format},
            "record_shape": "flattened",
            "start_from": {"start_type": "earliest"},
            **fields,
        }

    def run(self, command: str, config=None, catalog=None, state=None, seconds: float = 120) -> Run:
        """Runs to the end; stderr must stay empty and every line be a valid message."""
        arguments = self.arguments(command, config, catalog, state)
        return self._run(arguments, catalog, seconds)

    def peak_rss_kib(self, command: str, config=None, catalog=None, seconds: float = 120) -> tuple[int, Run]:
        """The peak of the process's memory beside the run itself."""
        peak = self._file("peak")
        arguments = [sys.executable, "-I", "-S", str(PEAK), str(peak), *self.arguments(command, config, catalog)]
        run = self._run(arguments, catalog, seconds)
        return int(peak.read_text()), run

    def _run(self, arguments: list[str], catalog: dict | None, seconds: float) -> Run:
        out, err = self._file("stdout"), self._file("stderr")
        with out.open("wb") as stdout, err.open("wb") as stderr:
            started = time.monotonic()
            process = subprocess.Popen(arguments, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
            code = _wait(process, seconds)
            elapsed = time.monotonic() - started
        printed, prose = out.read_bytes(), err.read_text(errors="replace")
        out.unlink()
        assert code is not None, f"{arguments} still ran after {seconds} s: …{printed[-2000:]!r}"
        assert prose == "", f"stderr: {prose[:2000]}"
        return Run(arguments, code, printed, messages.parse(printed), elapsed, catalog)

    def start(self, command: str, config=None, catalog=None, state=None, **options) -> subprocess.Popen:
        """The running process with its stdout as an unbuffered pipe, for tests that interfere."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        arguments = self.arguments(command, config, catalog, state)
        return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, env=ENVIRONMENT, bufsize=0, **options)

    def ended(self, process: subprocess.Popen, before: bytes = b"", seconds: float = 120) -> Run:
        """Takes the rest of a started process and makes it a run; `before` is what the test has read already."""
        started = time.monotonic()
        try:
            rest, prose = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError(f"still ran after {seconds} s") from None
        assert prose == b"", f"stderr: {prose[:2000]!r}"
        printed = before + rest
        parsed = messages.parse(printed)
        return Run(process.args, process.returncode, printed, parsed, time.monotonic() - started)

    def arguments(self, command: str, config=None, catalog=None, state=None) -> list[str]:
        assert BINARY.exists(), f"{BINARY} is missing: build it, or set SOURCE_KAFKA_BIN"
        arguments = [str(BINARY), command]
        for option, content in (("--config", config), ("--catalog", catalog), ("--state", state)):
            if content is not None:
                arguments += [option, str(self._write(option.strip("-"), content))]
        return arguments

    def _write(self, stem: str, content) -> pathlib.Path:
        """Bytes as they are, paths untouched, anything else as JSON."""
        if isinstance(content, pathlib.Path):
            return content
        path = self._file(f"{stem}.json")
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def _file(self, name: str) -> pathlib.Path:
        self._files += 1
        return self.folder / f"{self._files}-{name}"


def _wait(process: subprocess.Popen, seconds: float) -> int | None:
    """The exit code; `None` when the time was not enough."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def read_at_least(process: subprocess.Popen, count: int) -> bytes:
    """The first `count` bytes of its stdout, or all there is when it ends before."""
    parts = bytearray()
    while len(parts) < count and (part := os.read(process.stdout.fileno(), min(65536, count - len(parts)))):
        parts += part
    return bytes(parts)


def read_until(process: subprocess.Popen, text: bytes) -> bytes:
    """Stdout up to the first occurrence of `text` and what came along with it."""
    parts = bytearray()
    while text not in parts:
        part = os.read(process.stdout.fileno(), 65536)
        assert part, f"ended before {text!r} came: {bytes(parts[-2000:])!r}"
        parts += part
    return bytes(parts)


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def configured(streams: dict, sync_mode: str = "incremental", without: tuple[str, ...] = ()) -> dict:
    """The configured catalog that the platform makes of discover's streams; `without` deselects columns."""
    return {"streams": [_configured(stream, sync_mode, without) for stream in streams.values()]}


def _configured(stream: dict, sync_mode: str, without: tuple[str, ...]) -> dict:
    schema = stream["json_schema"]
    columns = {name: column for name, column in schema["properties"].items() if name not in without}
    return {
        "stream": {**stream, "json_schema": {**schema, "properties": columns}},
        "sync_mode": sync_mode,
        "destination_sync_mode": "append_dedup" if sync_mode == "incremental" else "overwrite",
        "cursor_field": stream.get("default_cursor_field") or [],
        "primary_key": stream.get("source_defined_primary_key") or [],
        "generation_id": 1,
        "minimum_generation_id": 0 if sync_mode == "incremental" else 1,
        "sync_id": 1,
    }


def state_of(stream: str, offsets: dict[int, int] | None, **extra) -> dict:
    """One entry of a state file, as a person would write it."""
    blob = None if offsets is None else {"partitions": {str(p): next for p, next in offsets.items()}, **extra}
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, "stream_state": blob}}
