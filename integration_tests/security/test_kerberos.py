"""GSSAPI: tickets that end during a read, what kinit says, and files that go with the process."""

import pathlib
import signal
import tempfile

import pytest
from connector import configured, read_at_least
from test_matrix import everything
from test_tokens import LONG_SECONDS, slowly

PLACES = {pathlib.Path("/dev/shm"), pathlib.Path(tempfile.gettempdir()), pathlib.Path("/tmp")}


def folders() -> set[pathlib.Path]:
    return {path for place in PLACES for path in place.glob("source-kafka-*")}


def test_a_read_outlives_its_tickets(source, secured, long_topic):
    topic, count = long_topic
    kerberos = secured.kerberos(conf="krb5_conf_short_tickets")
    before = secured.ticket_requests()
    config = secured.sasl("REAUTH", secured.authentication("GSSAPI", **kerberos), topic=topic)
    run = slowly(source, config, LONG_SECONDS)
    assert run.exit_code == 0, run.explain()
    assert run.numbers(topic) == list(range(count))
    assert secured.ticket_requests() - before >= 4


def test_a_keytab_by_path_in_a_login_line(source, secured, tmp_path, monkeypatch):
    import connector

    # The older form has no field for krb5.conf: it is the container's.
    described = secured.description["kerberos"]
    monkeypatch.setitem(connector.ENVIRONMENT, "KRB5_CONFIG", described["krb5_conf_path"])
    line = (
        "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true\n"
        f"keyTab=\"{described['keytabs']['reader']}\" principal=\"{described['principals']['reader']}\";"
    )
    protocol = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "GSSAPI", "sasl_jaas_config": line}
    everything(source, secured, secured.config("SASLPLAIN", protocol))


@pytest.mark.parametrize(
    ("keytab", "conf", "words", "failure_type"),
    [
        ("reader-old-key", "krb5_conf", "Preauthentication failed while getting initial credentials", "config_error"),
        ("expired", "krb5_conf", "Client's entry in database has expired", "config_error"),
        ("reader", "krb5_conf_dead_kdc", "Cannot contact any KDC for realm 'RIG.TEST'", "transient_error"),
    ],
)
def test_what_kinit_says(source, secured, keytab, conf, words, failure_type):
    before = folders()
    config = secured.sasl("SASLPLAIN", secured.authentication("GSSAPI", **secured.kerberos(keytab, conf)))
    status = source.check(config)
    assert status["status"] == "FAILED" and words in status["message"], status
    run = source.run("discover", config)
    assert [error["failure_type"] for error in run.errors] == [failure_type], run.explain()
    assert folders() == before


def test_a_keytab_without_the_principal(source, secured):
    authentication = secured.authentication("GSSAPI", keytab=secured.kerberos("nobody")["keytab"])
    status = source.check(secured.sasl("SASLPLAIN", authentication))
    assert status["message"] == (
        "invalid configuration: `protocol.authentication.keytab` has no key for the principal `reader@RIG.TEST`; "
        "it has keys for `nobody@RIG.TEST`"
    )


def test_a_service_that_the_realm_does_not_know(source, secured):
    authentication = secured.authentication("GSSAPI", service_name="other")
    status = source.check(secured.sasl("SASLPLAIN", authentication))
    assert "the KDC does not know the broker as `other/localhost@RIG.TEST`" in status["message"], status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_files_go_with_the_process(source, secured, long_topic, number):
    config = secured.sasl("SASLPLAIN", secured.authentication("GSSAPI"), topic=long_topic[0])
    before = folders()
    catalog = configured(source.discover(config))
    process = source.start("read", config, catalog)
    read_at_least(process, 65536)
    (folder,) = folders() - before
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("keytab", "krb5.conf", "tickets"), 0o600
    )
    process.send_signal(number)
    _, prose = process.communicate(timeout=60)
    # A read ends in order when it is told to; the other two end it at once.
    assert (process.returncode, prose) == (143 if number == signal.SIGTERM else -number, b"")
    assert folders() == before
