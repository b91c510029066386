"""Encryption: private authorities, client certificates in every format, host names."""

import pytest
from test_matrix import everything


def ssl(secured, listener: str, **fields) -> dict:
    # A user by certificate may read, one without is nobody to the broker: the topic is of those that `all` may see.
    return secured.config(listener, {"security_protocol": "SSL", **fields})


def as_anonymous(source, config: dict) -> dict:
    return source.check(config)


def test_encrypted_without_a_login(source, secured):
    everything(source, secured, ssl(secured, "SSL", **secured.ca()))


def test_an_older_version_of_tls(source, secured):
    everything(source, secured, ssl(secured, "TLS12", **secured.ca()))


@pytest.mark.parametrize("key", ["client.key", "client.pkcs1.key", "client.encrypted.key", "client.encrypted.pkcs1.key"])
def test_a_client_certificate(source, secured, key):
    password = {"ssl_key_password": secured.key_password} if "encrypted" in key else {}
    everything(source, secured, ssl(secured, "MTLS", **secured.ca(), **secured.client(key), **password))


def test_line_breaks_written_out(source, secured):
    fields = {name: text.strip().replace("\n", "\\n") for name, text in {**secured.ca(), **secured.client()}.items()}
    everything(source, secured, ssl(secured, "MTLS", **fields))


def test_a_host_name_that_is_not_verified(source, secured):
    everything(source, secured, ssl(secured, "WRONGHOST", **secured.ca(), ssl_verify_hostname=False))


@pytest.mark.parametrize(
    ("listener", "ca"),
    [("SSL", None), ("SSL", "other-ca.pem"), ("EXPIRED", "ca.pem"), ("WRONGHOST", "ca.pem")],
)
def test_a_certificate_that_cannot_be_trusted(source, secured, listener, ca):
    fields = {"ssl_ca": secured.certificate(ca)} if ca else {}
    status = source.check(ssl(secured, listener, **fields))
    assert status["status"] == "FAILED"
    assert "certificate" in status["message"], status


def test_a_missing_client_certificate(source, secured):
    status = source.check(ssl(secured, "MTLS", **secured.ca()))
    assert status["status"] == "FAILED", status


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("protocol.ssl_key_password", {"ssl_key": "client.encrypted.key", "ssl_key_password": "not-this-one"}),
        ("protocol.ssl_key", {"ssl_key": "client.encrypted.key"}),
        ("protocol.ssl_key", {"ssl_key": "client-other-ca.key"}),
        ("protocol.ssl_key", {"ssl_key": "client.pem"}),
        ("protocol.ssl_certificate", {"ssl_certificate": "client.key"}),
    ],
)
def test_certificates_that_do_not_fit(source, secured, field, changes):
    files = {name: secured.certificate(value) if "." in value else value for name, value in changes.items()}
    status = source.check(ssl(secured, "MTLS", **{**secured.ca(), **secured.client(), **files}))
    assert status["status"] == "FAILED"
    assert f"`{field}`" in status["message"], status
