"""PLAIN and SCRAM, and what each user may do."""

import pytest

MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("listener", ["SASLPLAIN", "SASLSSL", "SASLMTLS", "REAUTH"])
@pytest.mark.parametrize("user", ["reader", "awkward", "all", "admin"])
def test_read(clients, listener, mechanism, user):
    assert clients.read(listener, clients.password(mechanism, user)).is_complete()


@pytest.mark.parametrize("listener", ["SASLPLAIN", "SASLSSL", "SASLMTLS"])
def test_kcat_reads(clients, listener):
    # Its SCRAM repeats the client's nonce, which Kafka refuses since 3.9.
    assert clients.kcat(listener, clients.password("PLAIN", "awkward")).is_complete()


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("user", ["reader", "ghost"])
def test_refused(clients, mechanism, user):
    settings = {"sasl.mechanism": mechanism, "sasl.username": user, "sasl.password": "wrong"}
    outcome = clients.read("SASLPLAIN", settings)
    assert not outcome.values and "_AUTHENTICATION" in outcome.said and "nvalid" in outcome.said


def test_mechanism_that_is_not_enabled(clients):
    outcome = clients.read("SCRAMONLY", clients.password("PLAIN", "reader"))
    assert "broker's supported mechanisms: SCRAM-SHA-256" in outcome.said
    assert clients.read("SCRAMONLY", clients.password("SCRAM-SHA-256", "reader")).is_complete()


def test_client_certificate_is_asked_for_as_well(clients):
    settings = clients.password("PLAIN", "reader") | {"ssl.certificate.location": "", "ssl.key.location": ""}
    outcome = clients.read("SASLMTLS", settings)
    assert not outcome.values and "bad certificate" in outcome.said


@pytest.mark.parametrize(
    ("user", "topics"),
    [
        ("reader", {"open.a", "open.b", "describe.only"}),
        ("awkward", {"open.a", "open.b", "describe.only"}),
        ("all", {"open.a", "open.b", "describe.only", "hidden.a"}),
        ("admin", {"open.a", "open.b", "describe.only", "hidden.a"}),
        ("nobody", set()),
    ],
)
def test_what_a_user_sees(clients, user, topics):
    # Other tests name groups, which brings the topic of their offsets.
    seen = clients.topics("SASLPLAIN", clients.password("SCRAM-SHA-256", user)) - {"__consumer_offsets"}
    assert seen == topics


def test_rights(clients):
    reader, everything = clients.password("PLAIN", "reader"), clients.password("PLAIN", "all")
    assert clients.read("SASLPLAIN", reader, "open.b").is_complete("open.b")
    assert "TOPIC_AUTHORIZATION_FAILED" in clients.read("SASLPLAIN", reader, "describe.only").said
    for topic in ("describe.only", "hidden.a"):
        assert clients.read("SASLPLAIN", everything, topic).is_complete(topic)


def test_group_that_is_not_allowed(clients):
    outcome = clients.read("SASLPLAIN", clients.password("PLAIN", "reader") | {"group.id": "other"})
    assert "GROUP_AUTHORIZATION_FAILED" in outcome.said
