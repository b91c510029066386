"""GSSAPI with a real KDC, and its faults."""

import os
import subprocess

import pytest


@pytest.mark.parametrize("listener", ["SASLPLAIN", "SASLSSL", "SASLMTLS", "REAUTH"])
def test_read(clients, listener):
    assert clients.kcat(listener, *clients.kerberos()).is_complete()


@pytest.mark.parametrize(
    ("keytab", "principal", "words"),
    [
        ("reader-old-key", "reader", "Preauthentication failed"),
        ("expired", "expired", "Client's entry in database has expired"),
        ("nobody", "reader", "Keytab contains no suitable keys for reader@RIG.TEST"),
    ],
)
def test_bad_keytab(clients, keytab, principal, words):
    outcome = clients.kcat("SASLPLAIN", *clients.kerberos(keytab, principal))
    assert not outcome.values and words in outcome.said


def test_user_without_rights(clients):
    outcome = clients.kcat("SASLPLAIN", *clients.kerberos("nobody", "nobody"))
    assert not outcome.values and "Topic authorization failed" in outcome.said


def test_dead_kdc(clients, kafka):
    outcome = clients.kcat("SASLPLAIN", *clients.kerberos(conf=kafka.kerberos.krb5_conf_dead_kdc))
    assert not outcome.values and "Cannot contact any KDC" in outcome.said


def test_kdc_stops_and_comes_back(clients, kafka):
    kafka.kerberos.stop_kdc()
    try:
        outcome = clients.kcat("SASLPLAIN", *clients.kerberos())
        assert not outcome.values and "Cannot contact any KDC" in outcome.said
    finally:
        kafka.kerberos.start_kdc()
    assert clients.kcat("SASLPLAIN", *clients.kerberos()).is_complete()


@pytest.mark.parametrize("strict", [False, True])
def test_clock_skew(clients, kafka, strict):
    """Ten minutes off works unless the client insists on its own clock."""
    settings, environment = clients.kerberos(conf=kafka.kerberos.krb5_conf_strict_clock if strict else "")
    # Only kinit: kcat's own waits do not end under a false clock.
    kinit = ["kinit", "-k", "-t", settings["sasl.kerberos.keytab"], settings["sasl.kerberos.principal"]]
    own = {**os.environ, **environment, "DONT_FAKE_MONOTONIC": "1"}
    result = subprocess.run(["faketime", "-f", "+600", *kinit], capture_output=True, text=True, env=own, timeout=60)
    assert result.returncode == strict
    assert ("Clock skew too great" in result.stderr) == strict


def test_address_without_principal(clients, kafka):
    address = kafka.address["SASLPLAIN"].replace("localhost", "127.0.0.1")
    settings, environment = clients.kerberos()
    outcome = clients.kcat("SASLPLAIN", {**settings, "bootstrap.servers": address}, environment)
    assert "Server kafka/127.0.0.1@RIG.TEST not found in Kerberos database" in outcome.said
