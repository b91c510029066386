"""A real Kafka broker of our own: one KRaft node on loopback, fresh data, any fault on demand."""

import base64
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from . import ports, probe, setup
from .process import Service, ServiceFailed, wait_until
from .supervise import die_with_parent

LATEST = "4.2.0"
NODE = 1

# What tests need, each with the reason; `Kafka(settings=…)` overrides.
SETTINGS = {
    # A metadata request for an unknown topic would create it.
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "5",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "5",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A transaction can stay open for a whole test run.
    "transaction.max.timeout.ms": "86400000",
    # By default cleaner and retention wait 30 s before they look at anything.
    "log.initial.task.delay.ms": "100",
    "log.cleaner.backoff.ms": "200",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "log.retention.check.interval.ms": "1000",
    "log.segment.delete.delay.ms": "1000",
    # Records with timestamps of 1970 stay, as do those of the far future.
    "log.retention.ms": "-1",
    "log.message.timestamp.after.max.ms": "9223372036854775807",
    # Two indexes of 10 MiB for each of 1 000 partitions would be 20 GiB of address space.
    "log.index.size.max.bytes": "1048576",
    "message.max.bytes": "10485760",
    "replica.fetch.max.bytes": "10485760",
    # After a kill -9 the broker may only register again when its old session has ended.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "4",
}

LOG4J = """\
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n
# One line per partition, segment or configuration value otherwise.
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
logger.log.name = org.apache.kafka.storage.internals.log
logger.log.level = warn
logger.unified.name = kafka.log
logger.unified.level = warn
logger.controller.name = org.apache.kafka.controller
logger.controller.level = warn
logger.loader.name = org.apache.kafka.image.loader
logger.loader.level = warn
"""


class BrokerFailed(ServiceFailed):
    """The broker did not come up; the message ends with its log's tail."""


class Kafka:
    """One broker with its data in a temporary folder. As a context manager it runs inside the block."""

    # The Python environment of the programs beside it.
    python = ""
    # Until it answers; a busy machine takes several times as long as an idle one.
    patience_seconds = 60

    def __init__(self, version: str = LATEST, settings: dict[str, str] | None = None, heap: str = "512m"):
        self.version = version
        self.settings = {**SETTINGS, **(settings or {})}
        self.heap = heap
        self.folder: pathlib.Path | None = None
        self.port = 0
        self._service: Service | None = None
        self._guard: Service | None = None

    def __enter__(self) -> "Kafka":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the broker's JVM."""
        assert self._service, "the broker does not run"
        return self._service.pid

    @property
    def log(self) -> pathlib.Path:
        assert self.folder, "the broker was never started"
        return self.folder / "broker.log"

    def start(self) -> None:
        """Starts the broker and returns when it serves: a new one, or again with the ports and data it had."""
        assert self._service is None, "the broker runs already"
        if self.folder:
            self._launch()
            return
        self.jars = setup.jars(self.version)
        for attempts_left in (2, 1, 0):
            try:
                self._format()
                self._launch()
                return
            except ServiceFailed as failure:
                # Somebody else took the port between our look and the service's bind.
                self.close()
                if not attempts_left or "Address already in use" not in str(failure):
                    raise

    def stop(self, seconds: float = 30) -> None:
        """An orderly shutdown; ports and data stay reserved for `start`."""
        self.resume()
        if self._service:
            self._service.signal(signal.SIGTERM)
            self._service.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """kill -9; ports and data stay for `start`."""
        if self._service:
            self._service.end()
            self._service = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        if self._service:
            self._service.signal(signal.SIGSTOP)

    def resume(self) -> None:
        if self._service:
            self._service.signal(signal.SIGCONT)

    def close(self) -> None:
        """Ends the broker and removes its data."""
        self.kill()
        if self._guard:
            self._guard.end()
            self._guard = None
        if self.folder and not os.environ.get("RIG_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None

    def java(self, main: str, *arguments: str, **options) -> subprocess.CompletedProcess:
        """Runs one of Kafka's own command-line tools to its end."""
        command = ["java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", self._class_path(), main]
        own = {"capture_output": True, "text": True, "preexec_fn": die_with_parent, **options}
        return subprocess.run([*command, *arguments], **own)

    def _format(self) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rig-kafka-"))
        # Until the broker runs, nothing else would remove the folder after our death.
        self._guard = Service(self.folder, self.folder / "guard.log", ["sleep", "infinity"])
        self.port, self.controller = ports.free(2)
        # The letter in front keeps a `-` away, which the tool would read as an option.
        cluster = "R" + base64.urlsafe_b64encode(os.urandom(16)).decode()[1:22]
        lines = {**self._properties(), **self.settings}
        (self.folder / "server.properties").write_text("".join(f"{k}={_escaped(v)}\n" for k, v in lines.items()))
        (self.folder / "log4j2.properties").write_text(LOG4J)
        arguments = ("format", "--ignore-formatted", "-t", cluster, "-c", f"{self.folder}/server.properties")
        result = self.java("kafka.tools.StorageTool", *arguments)
        if result.returncode:
            raise BrokerFailed(f"Kafka {self.version} could not format its storage:\n{result.stdout}{result.stderr}")

    def _properties(self) -> dict[str, object]:
        """What this broker is, beside `settings`."""
        return {
            "process.roles": "broker,controller",
            "node.id": NODE,
            "controller.quorum.voters": f"{NODE}@127.0.0.1:{self.controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller}",
            "log.dirs": f"{self.folder}/data",
        }

    def _jvm_options(self) -> list[str]:
        return []

    def _class_path(self) -> str:
        return f"{self.jars}/*"

    def _launch(self) -> None:
        command = [
            "java",
            f"-Xmx{self.heap}",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            # A file in /tmp that a killed JVM leaves.
            "-XX:-UsePerfData",
            # Codecs unpack their libraries there, and a killed JVM leaves them.
            f"-Djava.io.tmpdir={self.folder}",
            f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties",
            *self._jvm_options(),
            "-cp",
            self._class_path(),
            "kafka.Kafka",
            f"{self.folder}/server.properties",
        ]
        self._service = Service(self.folder, self.log, command)
        try:
            wait_until(self._serves, self.patience_seconds, f"answer from Kafka {self.version} on port {self.port}")
        except TimeoutError as late:
            raise self._failure(str(late)) from None

    def _serves(self) -> bool:
        if not self._service.is_running():
            raise self._failure(f"Kafka {self.version} ended while starting")
        try:
            return NODE in probe.broker_ids("127.0.0.1", self.port)
        except (OSError, ValueError):
            return False

    def _failure(self, what: str) -> BrokerFailed:
        failure = BrokerFailed(f"{what}; the end of its log:\n{self._service.log_tail()}")
        self.kill()
        return failure


def _escaped(value: object) -> str:
    """A value of a properties file, where a backslash escapes and anything beyond ASCII has to be escaped."""
    text = str(value).replace("\\", "\\\\")
    return "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in text)
