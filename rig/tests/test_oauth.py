"""OAUTHBEARER with tokens of the rig's endpoint, and its faults."""

import time
import urllib.error
import urllib.parse
import urllib.request

import pytest


@pytest.mark.parametrize("listener", ["SASLPLAIN", "SASLSSL", "SASLMTLS", "REAUTH"])
@pytest.mark.parametrize("variant", ["ok", "tls"])
def test_read(clients, kafka, listener, variant):
    settings = {**clients.oidc(variant), "https.ca.location": str(kafka.oauth.ca)}
    assert clients.read(listener, settings).is_complete()


def test_scope(clients, kafka):
    settings = clients.oidc("needs-scope")
    assert "invalid_scope" in clients.read("SASLPLAIN", settings).said
    assert clients.read("SASLPLAIN", {**settings, "sasl.oauthbearer.scope": kafka.oauth.scope}).is_complete()


def test_extensions(clients, kafka):
    settings = clients.oidc()
    assert "2 extensions are invalid" in clients.read("EXTENSIONS", settings).said
    extensions = ",".join(f"{name}={value}" for name, value in kafka.oauth.extensions.items())
    assert clients.read("EXTENSIONS", {**settings, "sasl.oauthbearer.extensions": extensions}).is_complete()


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("not-found", "not_found"),
        ("not-json", "Response is not JSON encoded: text/html"),
        ("no-token", 'Expected JSON response with "access_token" field'),
        ("expired", "Must supply an unexpired token"),
        ("no-subject", 'Expected JSON JWT response with "sub" field'),
        ("not-yet-valid", '{"status":"invalid_token"}'),
        ("wrong-audience", '{"status":"invalid_token"}'),
        ("wrong-issuer", '{"status":"invalid_token"}'),
        ("wrong-signature", '{"status":"invalid_token"}'),
    ],
)
def test_refused(clients, variant, words):
    outcome = clients.read("SASLPLAIN", clients.oidc(variant))
    assert not outcome.values and words in outcome.said


def test_wrong_secret(clients):
    outcome = clients.read("SASLPLAIN", {**clients.oidc(), "sasl.oauthbearer.client.secret": "wrong"})
    assert not outcome.values and "invalid_client" in outcome.said


def test_private_ca_of_the_endpoint_is_needed(clients, kafka):
    settings = {**clients.oidc("tls"), "https.ca.location": str(kafka.certificates.path("ca.pem"))}
    outcome = clients.read("SASLPLAIN", settings)
    assert not outcome.values and "certificate" in outcome.said


def test_user_without_rights(clients):
    assert clients.topics("SASLPLAIN", clients.oidc("nobody")) == set()


def test_short_tokens_are_asked_for_again(clients, kafka):
    """Beyond the end of the first token, on a listener that wants a new one every ten seconds."""
    said = []
    before = kafka.oauth.requests["short"]
    consumer = clients.consumer("REAUTH", clients.oidc("short"), said.append)
    started = time.monotonic()
    while time.monotonic() < started + 25:
        consumer.poll(0.1)
    assert len(consumer.list_topics(timeout=10).topics) == 3
    consumer.close()
    assert not said
    assert kafka.oauth.requests["short"] >= before + 2


def ask(kafka, variant: str, secret: str = "", timeout: float = 20, mark: str = "") -> tuple[int, str]:
    """Status and body of the endpoint, asked without any Kafka client."""
    form = {"grant_type": "client_credentials", "client_id": kafka.oauth.client_id}
    form["client_secret"] = secret or kafka.oauth.client_secret
    try:
        body = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(kafka.oauth.url(variant, mark), body, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as failed:
        return failed.code, failed.read().decode()


@pytest.mark.parametrize(
    ("variant", "statuses"),
    [
        ("ok", [200, 200]),
        ("not-found", [404]),
        ("server-error", [500, 500]),
        ("unavailable", [503]),
        ("recovers", [500, 200, 200]),
        ("fails-later", [200, 500, 500]),
    ],
)
@pytest.mark.parametrize("mark", ["first", "second"])
def test_statuses(kafka, variant, statuses, mark):
    assert [ask(kafka, variant, mark=mark)[0] for _ in statuses] == statuses
    assert kafka.oauth.requests[f"{variant}/{mark}"] == len(statuses)


def test_wrong_secret_is_401(kafka):
    status, body = ask(kafka, "ok", secret="wrong")
    assert status == 401 and "invalid_client" in body


def test_slow(kafka):
    with pytest.raises(TimeoutError):
        ask(kafka, "slow", timeout=2)
