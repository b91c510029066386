"""The secured broker as the tests see it: what to write into `protocol` for each way in."""

import base64
import json
import pathlib
import urllib.request

USER = "reader"
PASSWORD_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
MECHANISMS = (*PASSWORD_MECHANISMS, "GSSAPI", "OAUTHBEARER")


class Secured:
    def __init__(self, description: dict, folder: pathlib.Path):
        self.description = description
        self.folder = folder
        self.address: dict[str, str] = description["address"]
        self.plaintext = self.address["PLAINTEXT"]

    # parts of the form

    def ca(self) -> dict:
        return {"ssl_ca": self.certificate("ca.pem")}

    def client(self, key: str = "client.key", certificate: str = "client.pem") -> dict:
        return {"ssl_certificate": self.certificate(certificate), "ssl_key": self.certificate(key)}

    def certificate(self, name: str) -> str:
        return (pathlib.Path(self.description["certificates"]["folder"]) / name).read_text()

    @property
    def key_password(self) -> str:
        return self.description["certificates"]["password"]

    def password(self, user: str = USER) -> str:
        return self.description["users"][user]

    def authentication(self, mechanism: str, **changes) -> dict:
        """The form's `authentication`, right unless changed."""
        if mechanism in PASSWORD_MECHANISMS:
            fields = {"username": USER, "password": self.password()}
        elif mechanism == "GSSAPI":
            fields = self.kerberos()
        else:
            fields = self.oauth()
        return {"mechanism": mechanism, **fields, **changes}

    def kerberos(self, keytab: str = "reader", conf: str = "krb5_conf") -> dict:
        described = self.description["kerberos"]
        bytes_ = pathlib.Path(described["keytabs"][keytab]).read_bytes()
        return {
            "principal": described["principals"][keytab],
            "keytab": base64.b64encode(bytes_).decode(),
            "krb5_conf": described[conf],
        }

    def oauth(self, variant: str = "ok") -> dict:
        described = self.description["oauth"]
        return {
            "token_endpoint_url": described["urls"][variant],
            "client_id": described["client_id"],
            "client_secret": described["client_secret"],
        }

    def token_requests(self, variant: str) -> int:
        with urllib.request.urlopen(self.description["oauth"]["requests_url"], timeout=10) as answer:
            return json.load(answer).get(variant, 0)

    def ticket_requests(self) -> int:
        """How many tickets the KDC has given out."""
        log = self.folder / "kerberos/kdc.log"
        return sum("AS_REQ" in line and "ISSUE" in line for line in log.read_text().splitlines())

    # whole configurations

    def config(self, listener: str, protocol: dict, topic: str = "open.a", **fields) -> dict:
        return {
            "bootstrap_servers": self.address[listener],
            "protocol": protocol,
            "subscription": {"subscription_type": "topics", "topics": [topic]},
            "MessageFormat": {"deserialization_type": "JSON"},
            **fields,
        }

    def sasl(self, listener: str, authentication: dict, **fields) -> dict:
        """A configuration for a SASL listener, encrypted if the listener is."""
        if listener in ("SASLSSL", "SASLMTLS"):
            protocol = {"security_protocol": "SASL_SSL", **self.ca()}
            if listener == "SASLMTLS":
                protocol |= self.client()
        else:
            protocol = {"security_protocol": "SASL_PLAINTEXT"}
        return self.config(listener, {**protocol, "authentication": authentication}, **fields)
