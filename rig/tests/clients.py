"""Independent clients: confluent-kafka for everything but GSSAPI, which only Debian's kcat has."""

import json
import os
import pathlib
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaException, TopicPartition

from rig import SecureKafka

SECONDS = 30


@dataclass
class Outcome:
    """What a client got out of a topic."""

    values: list[dict] = field(default_factory=list)
    # Every word of client and broker about it.
    said: str = ""

    def is_complete(self, topic: str = "open.a") -> bool:
        return self.values == [{"n": n, "topic": topic} for n in range(30)]


class Clients:
    def __init__(self, kafka: SecureKafka, folder: pathlib.Path):
        self.kafka = kafka
        self.folder = folder

    def protocol(self, listener: str) -> dict[str, str]:
        """What every way in through that listener needs."""
        sasl = listener not in ("PLAINTEXT", "SSL", "MTLS", "TLS12", "EXPIRED", "WRONGHOST")
        tls = listener in ("SSL", "MTLS", "TLS12", "EXPIRED", "WRONGHOST", "SASLSSL", "SASLMTLS", "MSK")
        name = ("SASL_" if sasl else "") + ("SSL" if tls else "PLAINTEXT")
        found = {"bootstrap.servers": self.kafka.address[listener], "security.protocol": name}
        if tls:
            found["ssl.ca.location"] = str(self.kafka.certificates.path("ca.pem"))
        if listener == "SASLMTLS":
            found |= self.certificate("client.pem", "client.key")
        return found

    def certificate(self, name: str, key: str) -> dict[str, str]:
        files = self.kafka.certificates
        return {"ssl.certificate.location": str(files.path(name)), "ssl.key.location": str(files.path(key))}

    def password(self, mechanism: str, user: str) -> dict[str, str]:
        return {"sasl.mechanism": mechanism, "sasl.username": user, "sasl.password": self.kafka.users[user]}

    def oidc(self, variant: str = "ok") -> dict[str, str]:
        oauth = self.kafka.oauth
        return {
            "sasl.mechanism": "OAUTHBEARER",
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.client.id": oauth.client_id,
            "sasl.oauthbearer.client.secret": oauth.client_secret,
            "sasl.oauthbearer.token.endpoint.url": oauth.url(variant),
        }

    def consumer(self, listener: str, settings: dict, say: Callable[[str], None]) -> Consumer:
        own = {"group.id": "reader-rig", "enable.auto.commit": False, "log_level": 0, "enable.partition.eof": True}
        return Consumer({**self.protocol(listener), **own, "error_cb": lambda e: say(str(e)), **settings})

    def read(self, listener: str, settings: dict | None = None, topic: str = "open.a") -> Outcome:
        """All of the topic, or what there was until the first complaint."""
        said: list[str] = []
        outcome = Outcome()
        try:
            consumer = self.consumer(listener, settings or {}, said.append)
        except (KafkaException, SystemError) as refused:
            return Outcome(said=f"{refused} {refused.__cause__}")
        consumer.assign([TopicPartition(topic, 0, 0)])
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and not said:
            message = consumer.poll(0.1)
            if message is None:
                continue
            if message.error():
                said += [] if message.error().name() == "_PARTITION_EOF" else [str(message.error())]
                break
            outcome.values.append(json.loads(message.value()))
        consumer.close()
        outcome.said = "\n".join(said)
        return outcome

    def topics(self, listener: str, settings: dict) -> set[str]:
        """What that user may see."""
        consumer = self.consumer(listener, settings, print)
        try:
            return set(consumer.list_topics(timeout=SECONDS).topics)
        finally:
            consumer.close()

    def kcat(self, listener: str, settings: dict, environment: dict[str, str] | None = None) -> Outcome:
        properties = {**self.protocol(listener), **settings}
        options = [part for name, value in properties.items() for part in ("-X", f"{name}={value}")]
        # Without `-q`, which hides why something failed. Failures take as long as `-m` says; its default of 5 s is too
        # little on a busy machine.
        command = ["kcat", "-C", "-t", "open.a", "-p", "0", "-o", "0", "-e", "-m", "12", *options]
        own = {**os.environ, **(environment or {})}
        result = subprocess.run(command, capture_output=True, text=True, env=own, timeout=60)
        return Outcome([json.loads(line) for line in result.stdout.splitlines()], result.stderr)

    def kerberos(self, keytab: str = "reader", principal: str = "reader", conf: str = "") -> tuple[dict, dict]:
        """Settings and environment for GSSAPI."""
        realm = self.kafka.kerberos
        (self.folder / "krb5.conf").write_text(conf or realm.krb5_conf)
        (self.folder / "keytab").write_bytes(realm.keytab(keytab))
        settings = {
            "sasl.mechanism": "GSSAPI",
            "sasl.kerberos.principal": f"{principal}@{realm.realm}",
            "sasl.kerberos.keytab": str(self.folder / "keytab"),
        }
        return settings, {"KRB5_CONFIG": f"{self.folder}/krb5.conf", "KRB5CCNAME": f"FILE:{self.folder}/tickets"}
