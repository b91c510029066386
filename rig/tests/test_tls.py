"""TLS: which certificates are taken, on either side."""

import socket
import ssl

import pytest


@pytest.mark.parametrize("listener", ["PLAINTEXT", "SSL", "TLS12"])
def test_read(clients, listener):
    assert clients.read(listener).is_complete()


def test_kcat_reads(clients):
    assert clients.kcat("SSL", {}).is_complete()


@pytest.mark.parametrize("form", ["", ".pkcs1", ".encrypted", ".encrypted.pkcs1"])
def test_client_certificate_with_every_form_of_key(clients, kafka, form):
    settings = clients.certificate("client.pem", f"client{form}.key") | {
        "ssl.key.password": kafka.certificates.password
    }
    assert clients.read("MTLS", settings).is_complete()


def test_material_as_text(clients, kafka):
    text = kafka.certificates.text
    settings = {
        "ssl.certificate.pem": text("client.pem"),
        "ssl.key.pem": text("client.key"),
        "ssl.ca.pem": text("ca.pem"),
    }
    assert clients.read("MTLS", settings).is_complete()


def test_the_name_in_the_certificate_is_the_user(clients):
    seen = clients.topics("MTLS", clients.certificate("client.pem", "client.key"))
    assert seen == {"open.a", "open.b", "describe.only"}


@pytest.mark.parametrize("listener", ["EXPIRED", "WRONGHOST"])
def test_bad_broker_certificate(clients, listener):
    outcome = clients.read(listener)
    assert not outcome.values and "certificate verify failed" in outcome.said


def test_wrong_host_only(clients):
    assert clients.read("WRONGHOST", {"ssl.endpoint.identification.algorithm": "none"}).is_complete()


def test_expired_only(clients):
    outcome = clients.read("EXPIRED", {"ssl.endpoint.identification.algorithm": "none"})
    assert not outcome.values and "certificate verify failed" in outcome.said
    assert clients.read("EXPIRED", {"enable.ssl.certificate.verification": "false"}).is_complete()


def test_foreign_ca(clients, kafka):
    outcome = clients.read("SSL", {"ssl.ca.location": str(kafka.certificates.path("other-ca.pem"))})
    assert not outcome.values and "certificate verify failed" in outcome.said


@pytest.mark.parametrize(
    ("name", "key", "alert"),
    [
        (None, None, "bad certificate"),
        ("client-other-ca.pem", "client-other-ca.key", "bad certificate"),
        ("client-without-chain.pem", "client.key", "bad certificate"),
        ("client-expired.pem", "client-expired.key", "certificate unknown"),
    ],
)
def test_refused_client_certificate(clients, name, key, alert):
    outcome = clients.read("MTLS", clients.certificate(name, key) if name else {})
    assert not outcome.values and alert in outcome.said


def test_only_tls_1_2(kafka):
    context = ssl.create_default_context(cafile=kafka.certificates.path("ca.pem"))
    for listener, version in (("TLS12", "TLSv1.2"), ("SSL", "TLSv1.3")):
        host, port = kafka.address[listener].split(":")
        with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as connection:
            assert connection.version() == version
