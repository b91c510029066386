"""The token endpoint, and what a client needs to get a token."""

import collections
import json
import pathlib
import secrets
import urllib.request

from .. import ports
from . import tools
from .rights import READER, jaas

# variant → what becomes of a request for a token
VARIANTS = {
    "ok": "a token of one hour for the user reader",
    "tls": "the same, from an endpoint with a certificate of token-ca.pem",
    "nobody": "a token for the user nobody",
    "needs-scope": "invalid_scope (400) without the scope `kafka`",
    "short": "a token of 20 s",
    "fails-later": "a token of 20 s the first time, 500 from then on",
    "recovers": "500 the first time, a token from then on",
    "not-found": "404",
    "server-error": "500",
    "unavailable": "503",
    "slow": "an answer after 30 s",
    "not-json": "an HTML page with status 200",
    "no-token": "JSON without a token",
    "expired": "a token that ended an hour ago",
    "not-yet-valid": "a token that starts in an hour",
    "no-subject": "a token without `sub`",
    "wrong-audience": "a token for somebody else",
    "wrong-issuer": "a token of somebody else",
    "wrong-signature": "a token signed with another key",
}
SECURITY = "org.apache.kafka.common.security.oauthbearer"
EXTENSIONS = {"logicalCluster": "lkc-rig", "identityPoolId": "pool-rig"}


class OAuth:
    def __init__(self, folder: pathlib.Path, certificates: pathlib.Path):
        self.client_id = "source-kafka"
        self.client_secret = f"client-{secrets.token_hex(8)}"
        self.scope = "kafka"
        self.extensions = dict(EXTENSIONS)
        self.ca = certificates / "token-ca.pem"
        self.port, self.tls_port = ports.free(2)
        self.issuer = f"http://127.0.0.1:{self.port}"
        settings = {
            "port": self.port,
            "tls_port": self.tls_port,
            "certificate": str(certificates / "token.pem"),
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "issuer": self.issuer,
            "subject": READER,
        }
        self._service = tools.serve_python(folder, "oauth", "rig.security.token_endpoint", json.dumps(settings))

    def wait(self) -> None:
        tools.wait_for_port(self.port, self._service)

    def close(self) -> None:
        self._service.end()

    def url(self, variant: str = "ok", mark: str = "") -> str:
        """With a mark of its own, a test has a first request and a count of its own: `requests["short/mark"]`."""
        if variant not in VARIANTS:
            raise ValueError(f"no variant {variant} of the token endpoint; there is {', '.join(VARIANTS)}")
        at = f"https://localhost:{self.tls_port}" if variant == "tls" else f"http://localhost:{self.port}"
        return f"{at}/token/{variant}/{mark}" if mark else f"{at}/token/{variant}"

    @property
    def requests(self) -> collections.Counter[str]:
        """How many tokens were asked for, by variant and mark."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/requests", timeout=10) as answer:
            return collections.Counter(json.load(answer))

    def login(self, handler: str = f"{SECURITY}.OAuthBearerValidatorCallbackHandler") -> dict[str, str]:
        """The broker's settings for OAUTHBEARER."""
        return {
            "sasl.jaas.config": jaas(f"{SECURITY}.OAuthBearerLoginModule"),
            "sasl.server.callback.handler.class": handler,
            "sasl.oauthbearer.jwks.endpoint.url": f"{self.issuer}/jwks",
            "sasl.oauthbearer.expected.audience": "kafka",
            "sasl.oauthbearer.expected.issuer": self.issuer,
        }

    def jvm_options(self) -> list[str]:
        # Kafka 4 asks no other address.
        return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.issuer}/jwks"]

    def describe(self) -> dict:
        return {
            "urls": {variant: self.url(variant) for variant in VARIANTS},
            "requests_url": f"{self.issuer}/requests",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": self.scope,
            "extensions": self.extensions,
            "ca": str(self.ca),
        }
