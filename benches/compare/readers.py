"""The readers: how each is started on a topic, and how we know that it delivered every record."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import uuid

from rig import cache

import sets

# What source-kafka sets by default (docs/performance.md, "Settings"); the limit gets the same in its tuned form.
OUR_SETTINGS = {
    "fetch.max.bytes": "1048576",
    "fetch.queue.backoff.ms": "1",
    "queued.max.messages.kbytes": "4096",
    "queued.min.messages": "10000",
    "check.crcs": "true",
}

# 20 times what the slowest reader took for its topic when this was written.
TIMEOUT_SECONDS = 300


@dataclasses.dataclass
class Command:
    """One way to start a reader, and how its records are counted: by `summary`, by `prefix`, or by both."""

    arguments: list
    summary: re.Pattern | None = None  # the reader's own count, on the named stream
    summary_on: str = "stdout"
    prefix: str | None = None  # every line of stdout that begins so is a record
    pin: int | None = None
    counted: bool = False  # into a pipe that counts; otherwise stdout is /dev/null


class Readers:
    """The commands for one broker; files that a reader wants are written below `scratch`."""

    def __init__(self, bootstrap: str, binary: pathlib.Path, scratch: pathlib.Path):
        self.bootstrap, self.binary, self.scratch = bootstrap, binary, scratch
        self.programs = cache.root() / "compare"
        self.tap = cache.root() / "venv-compare" / "bin" / "tap-kafka"

    def available(self, name: str) -> bool:
        return name != sets.TAP or self.tap.exists()

    def command(self, name: str, data: sets.DataSet, counted: bool) -> Command:
        made = {
            sets.LIMIT: lambda: self._limit(data, {}),
            sets.TUNED: lambda: self._limit(data, OUR_SETTINGS),
            sets.TUNED_ONE_CORE: lambda: self._limit(data, OUR_SETTINGS),
            sets.OURS: lambda: self._ours(data, "all"),
            sets.OURS_PIPE: lambda: self._ours(data, "all"),
            sets.OURS_ONE_CORE: lambda: self._ours(data, "all"),
            sets.LEAN: lambda: self._ours(data, "lean"),
            sets.KCAT: lambda: self._kcat(data, []),
            sets.KCAT_JSON: lambda: self._kcat(data, ["-J"]),
            sets.CONSOLE: lambda: self._console(data),
            sets.TAP: lambda: self._tap(data),
        }[name]()
        made.counted = counted
        # Core 0, because a machine has it; the broker may use all.
        made.pin = 0 if name.endswith("one core") else None
        return made

    def _limit(self, data: sets.DataSet, settings: dict[str, str]) -> Command:
        """It ends by itself only after `-c` records; without all of them it runs into the timeout."""
        partitions = [word for number in range(data.partitions) for word in ("-p", number)]
        tuning = [word for pair in settings.items() for word in ("-X", "=".join(pair))]
        base = ["-C", "-t", data.topic, "-b", self.bootstrap, "-o", "beginning", "-c", data.records, "-q"]
        program = self.programs / "rdkafka_performance"
        return Command([program, *base, *partitions, *tuning], summary=re.compile(r"^% (\d+) messages \(", re.M))

    def _ours(self, data: sets.DataSet, columns: str) -> Command:
        config, catalogs = self._discovered(data)
        return Command([self.binary, "read", "--config", config, "--catalog", catalogs[columns]], prefix='{"type":"RECORD"')

    def _discovered(self, data: sets.DataSet) -> tuple[pathlib.Path, dict[str, pathlib.Path]]:
        """The configured catalogs: everything that `discover` offers, and without the metadata columns but the key."""
        config = self._write(
            f"{data.topic}-config.json",
            {
                "bootstrap_servers": self.bootstrap,
                "protocol": {"security_protocol": "PLAINTEXT"},
                "subscription": {"subscription_type": "topics", "topics": [data.topic]},
                "MessageFormat": {"deserialization_type": "JSON"},
            },
        )
        paths = {columns: self.scratch / f"{data.topic}-catalog-{columns}.json" for columns in ("all", "lean")}
        if all(path.exists() for path in paths.values()):
            return config, paths
        discover = subprocess.run([self.binary, "discover", "--config", config], capture_output=True, text=True)
        found = [json.loads(line) for line in discover.stdout.splitlines() if line.startswith('{"type":"CATALOG"')]
        streams = [each for line in found for each in line["catalog"]["streams"] if each["name"] == data.topic]
        if len(streams) != 1:
            raise Void(f"discover did not offer the stream (exit code {discover.returncode})")
        self._write(paths["all"].name, _configured(streams[0]))
        key = {column for path in streams[0].get("source_defined_primary_key", []) for column in path}
        properties = streams[0]["json_schema"]["properties"]
        streams[0]["json_schema"]["properties"] = {
            name: value for name, value in properties.items() if name in key or not name.startswith("_kafka_")
        }
        self._write(paths["lean"].name, _configured(streams[0]))
        return config, paths

    def _kcat(self, data: sets.DataSet, options: list[str]) -> Command:
        """`-e`: without it kcat waits for more for ever. No group, hence no offsets that another run could meet."""
        reader = ["kcat", "-C", "-b", self.bootstrap, "-t", data.topic, "-o", "beginning", "-e", "-q"]
        return Command([*reader, *options], prefix="{")

    def _console(self, data: sets.DataSet) -> Command:
        """Its group is a fresh random one by default. `--max-messages` makes it end, and fail when there are fewer."""
        jars = cache.kafka_jars(os.environ["RIG_KAFKA_VERSION"])
        # The heap that kafka-console-consumer.sh gives; the JVM's own choice would depend on the machine's memory.
        java = ["java", "-Xmx512M", "-cp", f"{jars}/*", "org.apache.kafka.tools.consumer.ConsoleConsumer"]
        ends = ["--max-messages", data.records, "--timeout-ms", "60000"]
        return Command(
            [*java, "--bootstrap-server", self.bootstrap, "--topic", data.topic, "--from-beginning", *ends],
            summary=re.compile(r"^Processed a total of (\d+) messages", re.M),
            summary_on="stderr",
            prefix="{",
        )

    def _tap(self, data: sets.DataSet) -> Command:
        """It wants a group and commits to it: a group of its own for every run, or a later run would read nothing."""
        config = {
            "bootstrap_servers": self.bootstrap,
            "topic": data.topic,
            "group_id": f"compare-{uuid.uuid4()}",
            "message_format": "json",
            "initial_start_time": "beginning",
            "use_message_key": False,
            "max_runtime_ms": TIMEOUT_SECONDS * 1000,
            # How it notices the end. Waiting costs no CPU; the default of 10 s would only make the series longer.
            "consumer_timeout_ms": 4000,
        }
        path = self._write(f"{data.topic}-tap.json", config)
        catalog = self.scratch / f"{data.topic}-tap-catalog.json"
        if not catalog.exists():
            offered = subprocess.run([self.tap, "-c", path, "--discover"], capture_output=True, text=True)
            if offered.returncode:
                raise Void("tap-kafka --discover failed")
            catalog.write_text(offered.stdout)
        return Command([self.tap, "-c", path, "--properties", catalog], prefix='{"type":"RECORD"')

    def _write(self, name: str, content: dict) -> pathlib.Path:
        path = self.scratch / name
        path.write_text(json.dumps(content))
        return path


class Void(Exception):
    """A run that does not count: it failed, or read another number of records than the topic holds."""


def _configured(stream: dict) -> dict:
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": "incremental",
                "destination_sync_mode": "append",
                "cursor_field": stream.get("default_cursor_field", []),
                "primary_key": stream.get("source_defined_primary_key", []),
            }
        ]
    }
