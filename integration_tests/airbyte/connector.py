"""The connector as a program, its output as Airbyte's own models, and the topics that the tests read."""

import json
import os
import pathlib
import subprocess

from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

NAME = "source-kafka"
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "integration_tests" / "fixtures"
BOOTSTRAP = os.environ["KAFKA_BOOTSTRAP"]
BINARY = os.environ["SOURCE_KAFKA_BIN"]
PARTITIONS = 3


def fixture(name: str):
    """A fixture; the address that the configurations name is put right for the broker at hand."""
    return json.loads(with_broker(FIXTURES / name))


def with_broker(path: pathlib.Path) -> str:
    return path.read_text().replace("localhost:9092", BOOTSTRAP)


class Run:
    """One run of the binary."""

    def __init__(self, folder: pathlib.Path, command: str, **files):
        arguments = [BINARY, command]
        for name, content in files.items():
            path = folder / f"{name}.json"
            path.write_text(json.dumps(content))
            arguments += [f"--{name}", str(path)]
        done = subprocess.run(arguments, capture_output=True, text=True, encoding="utf-8", timeout=120)
        self.code, self.stderr = done.returncode, done.stderr
        # Split at line feeds only: other line breaks of Unicode may stand inside a string.
        self.lines = [line for line in done.stdout.split("\n") if line]
        self.messages = [json.loads(line) for line in self.lines]
        self.output = EntrypointOutput(messages=self.lines, command=arguments, stderr=self.stderr)

    def of(self, kind: str) -> list[dict]:
        return [message for message in self.messages if message["type"] == kind]

    def traces(self, kind: str) -> list[dict]:
        return [m["trace"] for m in self.of("TRACE") if m["trace"]["type"] == kind]

    def last_states(self) -> list[dict]:
        """What the platform would give back: the last state of each stream."""
        latest = {m["state"]["stream"]["stream_descriptor"]["name"]: m["state"] for m in self.of("STATE")}
        return list(latest.values())


def configured(catalog: dict, sync_mode: str = "incremental", streams: list[str] | None = None) -> dict:
    """The catalog that the platform makes of a discovered one."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": sync_mode,
                "destination_sync_mode": "append_dedup" if sync_mode == "incremental" else "overwrite",
                "cursor_field": stream["default_cursor_field"],
                "primary_key": stream["source_defined_primary_key"],
                "generation_id": 1,
                "minimum_generation_id": 0,
                "sync_id": 1,
            }
            for stream in catalog["streams"]
            if streams is None or stream["name"] in streams
        ]
    }


def create(*topics: str) -> None:
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    for created in admin.create_topics([NewTopic(t, PARTITIONS, 1) for t in topics]).values():
        created.result(30)


def produce(topic: str, messages: list[tuple[str | None, object]], partition: int | None = None) -> None:
    """Writes keys and values; a value is JSON text to be, bytes to be taken as they are, or None."""
    failures = []
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 5})
    for number, (key, value) in enumerate(messages):
        producer.produce(
            topic,
            key=key,
            value=value if isinstance(value, bytes | None) else json.dumps(value, ensure_ascii=False).encode(),
            partition=number % PARTITIONS if partition is None else partition,
            headers=[("source", b"web"), ("trace", b"\xff\x00"), ("source", b"again")] if number % 2 else None,
            on_delivery=lambda error, _message: failures.append(error) if error else None,
        )
        producer.poll(0)
    assert producer.flush(60) == 0 and not failures, failures


def order(number: int) -> tuple[str, dict]:
    return f"customer-{number % 7}", {
        "id": number,
        "amount": number / 4,
        "customer": f"Zoë {number} \u2028 𝄞",
        "paid": number % 3 == 0,
        "placed_at": f"2026-11-21T09:{number % 60:02}:00Z",
        "lines": [{"sku": f"sku-{number % 5}", "count": number % 9}],
        "address": {"city": "Łódź", "zip": None},
        "note": None if number % 2 else "as usual",
    }


def reading(number: int) -> tuple[None, dict]:
    return None, {"sensor": f"s-{number % 10}", "value": number * 0.5, "count": number}
