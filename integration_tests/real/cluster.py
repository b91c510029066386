"""An independent producer and administrator: confluent-kafka, never our own code."""

import itertools
import json
import os
import random
import time
from contextlib import contextmanager

from confluent_kafka import Consumer, IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec

names = itertools.count()


class Cluster:
    def __init__(self, bootstrap: str):
        self.bootstrap = bootstrap
        # Brokers are killed on purpose: what clients of ours say about it would bury a test's own words.
        self.client = {"bootstrap.servers": bootstrap, "log_level": 0}
        self.admin = AdminClient(self.client)

    # topics

    def name(self, stem: str = "topic") -> str:
        return f"{stem}.{os.getpid()}.{next(names)}"

    def topic(self, stem: str = "topic", partitions: int = 1, **config) -> str:
        """A new topic; `max__message__bytes=…` sets `max.message.bytes`."""
        name = self.name(stem)
        self.create(name, partitions, **config)
        return name

    def create(self, name: str, partitions: int = 1, **config) -> None:
        self.create_many([name], partitions, **config)

    def create_many(self, topics: list[str], partitions: int = 1, **config) -> None:
        settings = {key.replace("__", "."): str(value) for key, value in config.items()}
        new = [NewTopic(name, partitions, 1, config=settings) for name in topics]
        for future in self.admin.create_topics(new, request_timeout=120).values():
            future.result(120)
        wanted = set(topics)
        wait(lambda: wanted <= {n for n, t in self.metadata().items() if self._is_led(t, partitions)}, "leaders")
        wait(lambda: self._answers(topics, partitions), "partitions that serve")

    def delete(self, name: str) -> None:
        self.admin.delete_topics([name])[name].result(60)
        wait(lambda: name not in self.metadata(), f"deletion of {name}")

    def grow(self, name: str, partitions: int) -> None:
        self.admin.create_partitions([NewPartitions(name, partitions)])[name].result(60)
        wait(lambda: self._is_led(self.metadata()[name], partitions), f"{partitions} partitions")

    def delete_records(self, name: str, before: int, partition: int = 0) -> None:
        """Moves the start of the log to `before`."""
        self.admin.delete_records([TopicPartition(name, partition, before)])
        wait(lambda: self.low(name, partition) >= before, f"log start {before}")

    def metadata(self) -> dict:
        return self.admin.list_topics(timeout=30).topics

    def topics(self) -> set[str]:
        return set(self.metadata())

    def groups(self) -> set[str]:
        return {group.group_id for group in self.admin.list_consumer_groups().result(30).valid}

    @staticmethod
    def _is_led(topic, partitions: int) -> bool:
        led = [p for p in topic.partitions.values() if p.leader >= 0]
        return topic.error is None and len(led) == partitions

    def _answers(self, topics: list[str], partitions: int) -> bool:
        """Whether every partition is served: a leader that metadata name may not know of its duty yet."""
        asked = {TopicPartition(name, p): OffsetSpec.earliest() for name in topics for p in range(partitions)}
        try:
            return all(future.result(30) for future in self.admin.list_offsets(asked).values())
        except KafkaException:
            return False

    # offsets

    def low(self, name: str, partition: int = 0) -> int:
        return self._offset(name, partition, OffsetSpec.earliest())

    def high(self, name: str, partition: int = 0) -> int:
        return self._offset(name, partition, OffsetSpec.latest())

    def _offset(self, name: str, partition: int, spec, isolation=IsolationLevel.READ_UNCOMMITTED) -> int:
        at = TopicPartition(name, partition)
        return self.admin.list_offsets({at: spec}, isolation_level=isolation)[at].result(30).offset

    def _is_stable(self, name: str) -> bool:
        stable = self._offset(name, 0, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED)
        return stable == self.high(name)

    def commit(self, group: str, name: str, offsets: dict[int, int]) -> None:
        consumer = Consumer({**self.client, "group.id": group})
        marks = [TopicPartition(name, partition, offset) for partition, offset in offsets.items()]
        committed = consumer.commit(offsets=marks, asynchronous=False)
        assert all(mark.error is None for mark in committed), committed
        consumer.close()

    # messages

    def produce(self, name: str, messages, **config) -> None:
        """Sends `messages` (values, or dicts of produce arguments) and returns when all are in the log."""
        with self.producer(**config) as send:
            for message in messages:
                send(name, message)

    def numbers(self, name: str, count: int, partitions: int = 1, first: int = 0, pad: int = 0, **config) -> None:
        """JSON objects `{"n": …}`, numbered through and dealt to the partitions in turn."""
        padding = {"pad": "x" * pad} if pad else {}
        values = ((n, json.dumps({"n": n, **padding}).encode()) for n in range(first, first + count))
        self.produce(name, ({"value": value, "partition": n % partitions} for n, value in values), **config)

    def orders(self, name: str, count: int, partitions: int = 1, **config) -> None:
        """Like `numbers`, with text that compresses as ordinary text does."""
        chance = random.Random(count)
        words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(3, 9))) for _ in range(2000)]
        texts = [" ".join(chance.choices(words, k=60)) for _ in range(997)]
        values = ((n, json.dumps({"n": n, "text": texts[n % 997], "more": n * 7919}).encode()) for n in range(count))
        self.produce(name, ({"value": value, "partition": n % partitions} for n, value in values), **config)

    @contextmanager
    def producer(self, **config):
        """`send(topic, message)` inside the block; on leaving it everything is acknowledged."""
        settings = {key.replace("__", "."): value for key, value in config.items()}
        settings = {**self.client, "linger.ms": 5, "message.max.bytes": 10_000_000, **settings}
        producer = Producer(settings)
        failures: list = []

        def report(error, _message):
            if error:
                failures.append(error)

        def send(name: str, message) -> None:
            arguments = message if isinstance(message, dict) else {"value": message}
            while True:
                try:
                    producer.produce(name, on_delivery=report, **arguments)
                    return
                except BufferError:
                    producer.poll(0.1)

        yield send
        assert producer.flush(60) == 0, "the producer could not deliver everything"
        assert not failures, failures

    def transactional(self) -> Producer:
        """A producer in its own transactional id, initialised."""
        settings = {**self.client, "transactional.id": self.name("transaction")}
        producer = Producer({**settings, "transaction.timeout.ms": 3_600_000})
        producer.init_transactions(60)
        return producer

    def transaction(self, name: str, values, end: str = "commit", producer: Producer | None = None) -> Producer:
        """One transaction; `end` is `commit`, `abort` or `leave open`."""
        producer = producer or self.transactional()
        producer.begin_transaction()
        for value in values:
            producer.produce(name, value, partition=0)
        assert producer.flush(60) == 0
        if end == "commit":
            producer.commit_transaction(60)
        elif end == "abort":
            producer.abort_transaction(60)
        if end != "leave open":
            # The broker writes the marker after it has answered.
            wait(lambda: self._is_stable(name), "marker of the transaction")
        return producer


def wait(condition, what: str, seconds: float = 60):
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        time.sleep(0.05)
    return value
