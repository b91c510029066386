"""The AWS stand-ins, and what a client needs to sign a token for the listeners MSK and MSKPLAIN."""

import json
import pathlib
import secrets
import string
import urllib.request
from dataclasses import asdict, dataclass

from .. import cache, ports, setup
from ..process import Service
from . import tools
from .rights import READER, jaas

ACCOUNT = "123456789012"
ROLES = {
    "role_arn": "plain",
    "guarded_role_arn": "guarded",
    "chained_role_arn": "chained",
    "web_identity_role_arn": "web-identity",
    "nobody_role_arn": "nobody",
}
SOURCES = ("static", "temporary", "web-identity", "container", "instance")


@dataclass(frozen=True)
class Keys:
    access_key: str
    # With `/` and `+`, which naive encoders trip over.
    secret_key: str
    session_token: str = ""


def _keys(prefix: str, temporary: bool) -> Keys:
    letters = string.ascii_uppercase + "234567"
    access_key = prefix + "".join(secrets.choice(letters) for _ in range(16))
    secret = secrets.token_hex(8) + "/" + secrets.token_hex(6) + "+" + secrets.token_hex(5)
    return Keys(access_key, secret, secrets.token_urlsafe(90) + "/+==" if temporary else "")


class Aws:
    region = "eu-central-1"
    role_arn: str
    # Needs `external_id`.
    guarded_role_arn: str
    # May be assumed by somebody in the role of `role_arn` only.
    chained_role_arn: str
    web_identity_role_arn: str
    # An identity without rights.
    nobody_role_arn: str

    def __init__(self, folder: pathlib.Path):
        self.static = _keys("AKIA", temporary=False)
        self.temporary, self.container, self.instance = (_keys("ASIA", temporary=True) for _ in range(3))
        self.external_id = f"external-{secrets.token_hex(8)}"
        self.container_token = f"container-{secrets.token_hex(8)}"
        self.web_identity_token = f"identity-{secrets.token_hex(16)}"
        self.web_identity_token_file = folder / "web-identity-token"
        self.web_identity_token_file.write_text(self.web_identity_token)
        for name, role in ROLES.items():
            setattr(self, name, f"arn:aws:iam::{ACCOUNT}:role/{role}")
        self.port, self.moto_port = ports.free(2)
        self.sts_url = self.imds_url = f"http://127.0.0.1:{self.port}"
        self.container_url = f"{self.sts_url}/container"
        self._moto = self._start_moto(folder)
        self._endpoint = tools.serve_python(folder, "aws", "rig.security.aws_endpoint", json.dumps(self._settings()))

    @property
    def access_key(self) -> str:
        return self.static.access_key

    @property
    def secret_key(self) -> str:
        return self.static.secret_key

    @property
    def requests(self) -> list[dict]:
        """What was asked of STS, container and instance, oldest first."""
        with urllib.request.urlopen(f"{self.sts_url}/requests", timeout=10) as answer:
            return json.load(answer)

    def environment(self, source: str) -> dict[str, str]:
        """The variables by which AWS' SDKs find credentials; `source` is one of `SOURCES`."""
        # Not every SDK asks for the first name of the region.
        common = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region, "AWS_ENDPOINT_URL_STS": self.sts_url}
        # The test machine's own files and metadata are out of reach.
        common |= {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
        if source != "instance":
            common["AWS_EC2_METADATA_DISABLED"] = "true"
        sources = {
            "static": _variables(self.static),
            "temporary": _variables(self.temporary),
            "web-identity": {
                "AWS_ROLE_ARN": self.web_identity_role_arn,
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.web_identity_token_file),
            },
            "container": {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.container_url,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.container_token,
            },
            "instance": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.imds_url},
        }
        return {**common, **sources[source]}

    def wait(self) -> None:
        tools.wait_for_port(self.moto_port, self._moto)
        tools.wait_for_port(self.port, self._endpoint)

    def close(self) -> None:
        self._endpoint.end()
        self._moto.end()

    def login(self) -> dict[str, str]:
        """The broker's settings for OAUTHBEARER with AWS tokens."""
        module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
        return {"sasl.jaas.config": jaas(module), "sasl.server.callback.handler.class": "rig.MskValidator"}

    def jvm_options(self) -> list[str]:
        return [f"-Drig.aws.keys={self.sts_url}/keys/", f"-Drig.aws.region={self.region}"]

    def describe(self) -> dict:
        return {
            "region": self.region,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "static": asdict(self.static),
            "temporary": asdict(self.temporary),
            "external_id": self.external_id,
            **{name: getattr(self, name) for name in ROLES},
            "sts_url": self.sts_url,
            "imds_url": self.imds_url,
            "container_url": self.container_url,
            "container_token": self.container_token,
            "web_identity_token_file": str(self.web_identity_token_file),
            "requests_url": f"{self.sts_url}/requests",
            "environment": {source: self.environment(source) for source in SOURCES},
        }

    def _start_moto(self, folder: pathlib.Path) -> Service:
        server = str(cache.venv(setup.SECURITY) / "bin" / "moto_server")
        # The key of its own account is made up; nothing is ever asked of the real AWS.
        return Service(folder, folder / "moto.log", [server, "-H", "127.0.0.1", "-p", str(self.moto_port)])

    def _settings(self) -> dict:
        known = (self.static, self.temporary, self.container, self.instance)
        return {
            "port": self.port,
            "moto": f"http://127.0.0.1:{self.moto_port}/",
            "region": self.region,
            "user": READER,
            "keys": [asdict(keys) for keys in known],
            "container": asdict(self.container),
            "instance": asdict(self.instance),
            "container_token": self.container_token,
            "external_id": self.external_id,
            "web_identity_token": self.web_identity_token,
            **{name: getattr(self, name) for name in ROLES},
        }


def _variables(keys: Keys) -> dict[str, str]:
    found = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    return {**found, "AWS_SESSION_TOKEN": keys.session_token} if keys.session_token else found
