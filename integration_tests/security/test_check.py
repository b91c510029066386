"""What `check` says of every misconfiguration, and how soon; what it says when all is well."""

import datetime
import shutil
import subprocess

import connector
import pytest
import snapshots
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from connector import configured
from faults import FAULTS, Hole, TlsServer, kerberos, rights, ssl, to

from rig import Kafka
from rig.security.issue import LOCALHOST, PEM, issue

# Whatever hangs.
LIMIT_SECONDS = 10
HEALTHY_SECONDS = 0.3
NOT_IN_THE_FORM = {"expired certificate"}


def failure(run, limit: float = LIMIT_SECONDS) -> str:
    assert run.exit_code == 0 and not run.errors, run.explain()
    (status,) = run.bodies("CONNECTION_STATUS")
    assert status["status"] == "FAILED", run.explain()
    assert run.seconds < limit, f"took {run.seconds:.1f} s: {status['message']}"
    return status["message"]


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong(source, secured, name):
    message = failure(source.run("check", FAULTS[name](secured)))
    snapshots.check(name, message)
    # The field to change, by its name in the form.
    fields = ("bootstrap_servers", "protocol.", "subscription", "group", "clocks", "grant ")
    assert any(field in message for field in fields) or name in NOT_IN_THE_FORM, message


@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL"])
def test_a_black_hole(source, secured, accepts, protocol):
    with Hole(accepts) as hole:
        config = to(hole.address, ssl(secured) if protocol == "SSL" else {"security_protocol": "PLAINTEXT"})(secured)
        message = failure(source.run("check", config))
    snapshots.check(f"black hole that {'accepts' if accepts else 'drops'}, {protocol}", message)


def test_a_kdc_that_is_a_black_hole(source, secured):
    with Hole(True) as hole:
        conf = secured.description["kerberos"]["krb5_conf"]
        conf = conf.replace(secured.description["kerberos"]["kdc"], hole.address)
        snapshots.check("KDC that says nothing", failure(source.run("check", kerberos(krb5_conf=conf)(secured))))


def test_one_server_of_several_is_enough(source, secured):
    with Hole(True) as hole:
        servers = f"no-such-host.invalid:9092,localhost:1,{hole.address},{secured.plaintext}"
        run = source.run("check", to(servers)(secured))
    assert run.bodies("CONNECTION_STATUS") == [{"status": "SUCCEEDED"}], run.explain()
    for words in ("DNS failed at `no-such-host.invalid:9092`", "TCP failed at `localhost:1`", f"`{hole.address}` has not answered"):
        assert run.warnings.count(words) == 1, run.warnings


@pytest.mark.parametrize(("host", "name"), [("no-such-host.invalid", "cannot be resolved"), ("localhost", "refuses")])
def test_an_advertised_address(source, host, name):
    settings = {"advertised.listeners": f"PLAINTEXT://{host}:1", "auto.create.topics.enable": "true"}
    with Kafka(settings=settings) as kafka:
        # Asking for it creates it, and the bootstrap address is enough to ask.
        ask = ["kcat", "-b", kafka.bootstrap, "-L", "-t", "t", "-X", "allow.auto.create.topics=true"]
        subprocess.run(ask, check=True, capture_output=True)
        config = {
            "bootstrap_servers": kafka.bootstrap,
            "protocol": {"security_protocol": "PLAINTEXT"},
            "subscription": {"subscription_type": "topics", "topics": ["t"]},
        }
        snapshots.check(f"advertised address that {name}", failure(source.run("check", config)))


@pytest.mark.parametrize("name", ["not yet valid", "signed by itself"])
def test_a_certificate_of_a_strange_server(source, secured, tmp_path, name):
    future = (datetime.datetime(2090, 1, 1), datetime.datetime(2091, 1, 1))
    authority = issue("Strange CA", authority=True)
    strange = issue("localhost", hosts=LOCALHOST)
    if name == "not yet valid":
        strange = issue("localhost", authority, hosts=LOCALHOST, valid=future)
    file = tmp_path / "server.pem"
    file.write_bytes(strange.key_text() + strange.certificate.public_bytes(PEM))
    ca = authority.certificate.public_bytes(PEM).decode()
    with TlsServer(file) as server:
        message = failure(source.run("check", to(server.address, ssl(secured, ssl_ca=ca))(secured)))
    snapshots.check(f"certificate that is {name}", message)


def test_a_clock_that_the_kdc_does_not_accept(source, secured, tmp_path, monkeypatch):
    # Not for our own binary: its allocator asks for the time before faketime knows it.
    fake = tmp_path / "bin" / "kinit"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nexec faketime -f +600 {shutil.which("kinit")} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setitem(connector.ENVIRONMENT, "PATH", f"{fake.parent}:{connector.ENVIRONMENT['PATH']}")
    config = kerberos(conf="krb5_conf_strict_clock")(secured)
    snapshots.check("clock skew, Kerberos", failure(source.run("check", config)))


@pytest.mark.parametrize("listener", ["PLAINTEXT", "SASLSSL"])
def test_steps_that_work_are_logged(source, secured, listener):
    if listener == "PLAINTEXT":
        config = secured.config(listener, {"security_protocol": "PLAINTEXT"})
    else:
        config = secured.sasl(listener, secured.authentication("SCRAM-SHA-256"))
    runs = [source.run("check", config) for _ in range(5)]
    for run in runs:
        assert run.bodies("CONNECTION_STATUS") == [{"status": "SUCCEEDED"}], run.explain()
    steps = [line["message"].split(":")[0] for line in runs[0].bodies("LOG") if line["level"] == "INFO"]
    encrypted = ["TLS"] if listener == "SASLSSL" else []
    login = ["SASL"] if listener == "SASLSSL" else []
    expected = ["config", "DNS", "TCP", *encrypted, "Kafka", *login, "metadata", "metadata"]
    expected += ["advertised addresses", "watermarks", "message", "authorization"]
    assert steps[: len(expected)] == expected
    # The best of several, because the machine does other things.
    if listener == "PLAINTEXT":
        assert min(run.seconds for run in runs) < HEALTHY_SECONDS


def test_a_pattern_leaves_out_what_may_not_be_read(source, secured):
    config = rights("*")(secured)
    run = source.run("check", config)
    assert run.bodies("CONNECTION_STATUS") == [{"status": "SUCCEEDED"}], run.explain()
    assert run.warnings.count("`describe.only`") == 1 and "hidden.a" not in run.warnings
    discovered = source.run("discover", config)
    (catalog,) = discovered.bodies("CATALOG")
    names = {stream["name"] for stream in catalog["streams"]}
    assert {"open.a", "open.b"} <= names and not names & {"describe.only", "hidden.a"}
    assert discovered.warnings.count("`describe.only`") == 1 and "hidden.a" not in discovered.warnings


def test_no_right_on_any_group_is_needed(source, secured):
    """The user may read the topic and no group of this name; reading assigns partitions and asks no coordinator."""
    config = {**rights("open.a")(secured), "group_id": "not-mine"}
    assert source.check(config) == {"status": "SUCCEEDED"}
    read = source.read(config)
    assert len(read.records("open.a")) == secured.description["records"]
    mirrored = source.read({**config, "enable_auto_commit": True}, state=read.state)
    assert "group `not-mine` does not show the offsets" in mirrored.warnings


@pytest.mark.parametrize("command", ["discover", "read"])
@pytest.mark.parametrize(
    ("name", "failure_type"),
    [
        ("private CA missing", "config_error"),
        ("PLAINTEXT on an SSL listener", "config_error"),
        ("wrong password, PLAIN", "config_error"),
        ("mechanism that is not enabled", "config_error"),
        ("unknown host", "transient_error"),
        ("closed port", "transient_error"),
    ],
)
def test_the_other_commands_say_the_same(source, secured, command, name, failure_type):
    config = {**FAULTS[name](secured), "request_timeout_ms": 5000}
    catalog = configured(source.discover(secured.config("PLAINTEXT", {"security_protocol": "PLAINTEXT"})))
    run = source.run(command, config, catalog if command == "read" else None)
    assert run.exit_code == 1, run.explain()
    (error,) = run.errors
    assert error["failure_type"] == failure_type
    assert snapshots.redacted(error["message"]) == snapshots.known()[name]


def test_reading_what_may_not_be_read(source, secured):
    config = rights("describe.only")(secured)
    catalog = configured(source.discover(secured.config("PLAINTEXT", {"security_protocol": "PLAINTEXT"}, topic="describe.only")))
    run = source.run("read", config, catalog)
    assert run.exit_code == 1, run.explain()
    assert [error["message"] for error in run.errors] == [snapshots.known()["topic that may be described, not read"]]


def test_a_message_that_is_not_in_the_format(source, secured):
    # Where only administrators see it.
    topic = "text.check"
    admin = AdminClient({"bootstrap.servers": secured.plaintext})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    producer = Producer({"bootstrap.servers": secured.plaintext})
    producer.produce(topic, "no JSON", partition=0)
    assert producer.flush(30) == 0
    config = secured.config("PLAINTEXT", {"security_protocol": "PLAINTEXT"}, topic=topic)
    snapshots.check("message that is not in the format", failure(source.run("check", config)))
    for tolerant in ({"on_bad_message": "skip"}, {"start_from": {"start_type": "latest"}}):
        run = source.run("check", {**config, **tolerant})
        assert run.bodies("CONNECTION_STATUS") == [{"status": "SUCCEEDED"}], run.explain()
        assert f"topic `{topic}`, partition 0, offset 0" in run.warnings
