"""Every protocol with every mechanism: check, discover and read, and what was read is what kcat reads."""

import json

import kcat
import pytest
from secured import MECHANISMS, PASSWORD_MECHANISMS

AWKWARD = "awkward"


def everything(source, secured, config: dict, topic: str = "open.a") -> None:
    assert source.check(config) == {"status": "SUCCEEDED"}
    read = source.read(config)
    expected = kcat.read(secured.plaintext, topic)
    assert read.positions(topic) == [(message.partition, message.offset) for message in expected]
    assert [record["n"] for record in read.records(topic)] == [json.loads(message.value)["n"] for message in expected]
    assert len(expected) == secured.description["records"]


def test_plaintext(source, secured):
    everything(source, secured, secured.config("PLAINTEXT", {"security_protocol": "PLAINTEXT"}))


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("listener", ["SASLPLAIN", "SASLSSL", "SASLMTLS"])
def test_sasl(source, secured, listener, mechanism):
    everything(source, secured, secured.sasl(listener, secured.authentication(mechanism)))


@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
@pytest.mark.parametrize("listener", ["SASLPLAIN", "SASLSSL"])
def test_a_login_line_of_java(source, secured, listener, mechanism):
    module = "plain.PlainLoginModule" if mechanism == "PLAIN" else "scram.ScramLoginModule"
    line = f'org.apache.kafka.common.security.{module} required username="reader" password="{secured.password()}";'
    config = secured.sasl(listener, {})
    del config["protocol"]["authentication"]
    config["protocol"] |= {"sasl_mechanism": mechanism, "sasl_jaas_config": line}
    everything(source, secured, config)


def test_a_login_line_of_java_for_oauth(source, secured):
    oauth = secured.oauth()
    line = (
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
        f"clientId='{oauth['client_id']}' clientSecret='{oauth['client_secret']}' scope=kafka;"
    )
    protocol = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_jaas_config": line,
        "oauthbearer_token_endpoint_url": secured.oauth("needs-scope")["token_endpoint_url"],
    }
    everything(source, secured, secured.config("SASLPLAIN", protocol))


@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
def test_a_password_of_awkward_characters(source, secured, mechanism):
    authentication = {"mechanism": mechanism, "username": AWKWARD, "password": secured.password(AWKWARD)}
    everything(source, secured, secured.sasl("SASLSSL", authentication))


def test_an_awkward_password_in_a_login_line(source, secured):
    password = secured.password(AWKWARD).replace("\\", "\\\\").replace('"', '\\"')
    line = f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{AWKWARD}" password="{password}"'
    protocol = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512", "sasl_jaas_config": line}
    everything(source, secured, secured.config("SASLPLAIN", protocol))
