"""Tokens of Amazon MSK's own signer, with credentials from every place."""

import urllib.error
import urllib.request

import boto3
import pytest
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.exceptions import ClientError


@pytest.fixture
def sign(kafka, monkeypatch):
    """Client settings with a token signed from that environment, optionally for another role."""

    def sign(environment: dict[str, str], region: str = kafka.aws.region, role: str = "") -> dict:
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        if role:
            token, milliseconds = MSKAuthTokenProvider.generate_auth_token_from_role_arn(region, role)
        else:
            token, milliseconds = MSKAuthTokenProvider.generate_auth_token(region)
        return {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": lambda _: (token, milliseconds / 1000)}

    return sign


def assume(kafka, environment: dict[str, str], role: str, **more) -> dict[str, str]:
    """The environment of somebody who has assumed the role."""
    sts = boto3.client(
        "sts",
        region_name=kafka.aws.region,
        endpoint_url=kafka.aws.sts_url,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
    )
    keys = sts.assume_role(RoleArn=role, RoleSessionName="rig-test", **more)["Credentials"]
    names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey"}
    names["AWS_SESSION_TOKEN"] = "SessionToken"
    return {**kafka.aws.environment("static"), **{variable: keys[name] for variable, name in names.items()}}


@pytest.mark.parametrize("listener", ["MSK", "MSKPLAIN"])
@pytest.mark.parametrize("source", ["static", "temporary", "web-identity", "container", "instance"])
def test_read(clients, kafka, sign, listener, source):
    assert clients.read(listener, sign(kafka.aws.environment(source))).is_complete()


def test_role(clients, kafka, sign):
    static = kafka.aws.environment("static")
    assert clients.read("MSK", sign(static, role=kafka.aws.role_arn)).is_complete()
    assert clients.topics("MSK", sign(static, role=kafka.aws.nobody_role_arn)) == set()


def test_external_id(clients, kafka, sign):
    static, role = kafka.aws.environment("static"), kafka.aws.guarded_role_arn
    for wrong in ({}, {"ExternalId": "wrong"}):
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(kafka, static, role, **wrong)
    environment = assume(kafka, static, role, ExternalId=kafka.aws.external_id)
    assert clients.read("MSK", sign(environment)).is_complete()


def test_chained_roles(clients, kafka, sign):
    static, role = kafka.aws.environment("static"), kafka.aws.chained_role_arn
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(kafka, static, role)
    environment = assume(kafka, assume(kafka, static, kafka.aws.role_arn), role)
    assert clients.read("MSK", sign(environment)).is_complete()
    assert [r["RoleArn"] for r in kafka.aws.requests if r["service"] == "sts"][-2:] == [kafka.aws.role_arn, role]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "AKIAAAAAAAAAAAAAAAAA"}, "InvalidClientTokenId"),
    ],
)
def test_sts_refuses_strangers(kafka, wrong, code):
    with pytest.raises(ClientError, match=code):
        assume(kafka, {**kafka.aws.environment("static"), **wrong}, kafka.aws.role_arn)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "signature mismatch"),
        ({"AWS_ACCESS_KEY_ID": "AKIAAAAAAAAAAAAAAAAA"}, "unknown access key"),
        ({"AWS_SESSION_TOKEN": "wrong"}, "session token missing or wrong"),
    ],
)
def test_broker_refuses(clients, kafka, sign, wrong, words):
    outcome = clients.read("MSK", sign({**kafka.aws.environment("temporary"), **wrong}))
    assert not outcome.values and words in outcome.said


def test_other_region(clients, kafka, sign):
    outcome = clients.read("MSK", sign(kafka.aws.environment("static"), region="us-east-1"))
    assert not outcome.values and "other region than eu-central-1" in outcome.said


def test_token_that_is_none(clients):
    outcome = clients.read("MSK", {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": lambda _: ("bm9uc2Vuc2U", 4102444800)})
    assert not outcome.values and "invalid_token" in outcome.said


@pytest.mark.parametrize("url", ["container_url", "imds_url"])
def test_metadata_needs_its_token(kafka, url):
    path = "/latest/meta-data/iam/security-credentials/" if url == "imds_url" else ""
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(getattr(kafka.aws, url) + path, timeout=10)


def test_wrong_web_identity(kafka):
    sts = boto3.client("sts", region_name=kafka.aws.region, endpoint_url=kafka.aws.sts_url)
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        sts.assume_role_with_web_identity(
            RoleArn=kafka.aws.web_identity_role_arn, RoleSessionName="rig-test", WebIdentityToken="wrong"
        )
