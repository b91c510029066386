"""OAUTHBEARER: tokens that end during a read, extensions, a private authority, endpoints that fail."""

import time

import pytest
from connector import configured, read_at_least
from test_matrix import everything

# Longer than two tokens of 20 s and four sessions of 10 s.
LONG_SECONDS = 48


def slowly(source, config: dict, seconds: float):
    """A read that takes so long, because the destination is slow."""
    catalog = configured(source.discover(config))
    process = source.start("read", config, catalog)
    started, printed = time.monotonic(), b""
    while time.monotonic() - started < seconds:
        assert process.poll() is None, source.ended(process, printed).explain()
        printed += read_at_least(process, 65536)
        time.sleep(0.5)
    return source.ended(process, printed)


# The first listener asks again every 10 s. The second tells clients when their token ends and takes no second one on the same
# connection: librdkafka connects anew.
@pytest.mark.parametrize("listener", ["REAUTH", "SASLPLAIN"])
def test_a_read_outlives_its_tokens(source, secured, long_topic, listener):
    topic, count = long_topic
    before = secured.token_requests("short")
    config = secured.sasl(listener, secured.authentication("OAUTHBEARER", **secured.oauth("short")), topic=topic)
    run = slowly(source, config, LONG_SECONDS)
    assert run.exit_code == 0, run.explain()
    assert run.numbers(topic) == list(range(count))
    # One for discover, one to begin with, and one each time four fifths of 20 s had passed.
    assert secured.token_requests("short") - before >= 4


def test_an_endpoint_that_fails_for_good_ends_the_read(source, secured, long_topic):
    topic, _ = long_topic
    authentication = secured.authentication("OAUTHBEARER", **secured.oauth("fails-later"))
    config = secured.sasl("SASLPLAIN", authentication, topic=topic, request_timeout_ms=5000)
    # The first token is the only one: it has to be the read's own.
    catalog = configured(source.discover(secured.sasl("SASLPLAIN", secured.authentication("PLAIN"), topic=topic)))
    process = source.start("read", config, catalog)
    started, printed = time.monotonic(), b""
    while time.monotonic() - started < 24:
        printed += read_at_least(process, 65536)
        time.sleep(0.5)
    run = source.ended(process, printed)
    assert [error["failure_type"] for error in run.errors] == ["transient_error"], run.explain()
    # What came is covered by a state, and nothing is missing in it.
    numbers = run.numbers(topic)
    assert numbers == list(range(len(numbers))) and run.offsets(topic) == {0: len(numbers)}
    assert "the token could not be renewed" in run.warnings and "answered 500" in run.warnings


def test_extensions(source, secured):
    described = secured.description["oauth"]["extensions"]
    extensions = ", ".join(f"{name}={value}" for name, value in described.items())
    right = secured.authentication("OAUTHBEARER", extensions=extensions)
    everything(source, secured, secured.sasl("EXTENSIONS", right))
    status = source.check(secured.sasl("EXTENSIONS", secured.authentication("OAUTHBEARER")))
    assert status["status"] == "FAILED", status


def test_a_token_endpoint_with_a_private_authority(source, secured):
    with open(secured.description["oauth"]["ca"]) as file:
        ca = file.read()
    tls = secured.oauth("tls")
    everything(source, secured, secured.sasl("SASLPLAIN", secured.authentication("OAUTHBEARER", **tls, ca=ca)))
    status = source.check(secured.sasl("SASLPLAIN", secured.authentication("OAUTHBEARER", **tls)))
    assert status["status"] == "FAILED"
    assert "is not trusted" in status["message"] and "`ca`" in status["message"], status


def test_an_endpoint_that_recovers(source, secured):
    authentication = secured.authentication("OAUTHBEARER", **secured.oauth("recovers"))
    assert source.check(secured.sasl("SASLPLAIN", authentication)) == {"status": "SUCCEEDED"}


@pytest.mark.parametrize(
    ("variant", "words", "failure_type"),
    [
        ("not-found", "answered 404: not_found", "config_error"),
        ("needs-scope", "answered 400: invalid_scope: scope kafka is required", "config_error"),
        ("server-error", "answered 500: internal error", "transient_error"),
        ("unavailable", "answered 503: try again later", "transient_error"),
        ("not-json", "answered without a token: it is not JSON", "config_error"),
        ("no-token", "answered without a token: `access_token` is missing", "config_error"),
        ("expired", "gave a token that ended", "config_error"),
    ],
)
def test_an_endpoint_that_gives_no_token(source, secured, variant, words, failure_type):
    config = secured.sasl("SASLPLAIN", secured.authentication("OAUTHBEARER", **secured.oauth(variant)))
    started = time.monotonic()
    status = source.check(config)
    assert status["status"] == "FAILED"
    assert words in status["message"] and f"/token/{variant}`" in status["message"], status
    assert time.monotonic() - started < 10
    run = source.run("discover", config)
    assert run.exit_code == 1 and [error["failure_type"] for error in run.errors] == [failure_type], run.explain()


def test_a_wrong_client_secret(source, secured):
    authentication = secured.authentication("OAUTHBEARER", client_secret="not-this-one")
    status = source.check(secured.sasl("SASLPLAIN", authentication))
    assert "answered 401: invalid_client: client authentication failed" in status["message"], status


def test_an_endpoint_that_is_down(source, secured):
    authentication = secured.authentication("OAUTHBEARER", token_endpoint_url="http://localhost:1/token")
    status = source.check(secured.sasl("SASLPLAIN", authentication))
    assert "`http://localhost:1/token` cannot be reached: " in status["message"], status
