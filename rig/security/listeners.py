"""The listeners of the secured broker, as Kafka settings."""

import pathlib
from dataclasses import dataclass

EVERY = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER")
OAUTH = ("OAUTHBEARER",)


@dataclass(frozen=True)
class Listener:
    protocol: str
    mechanisms: tuple[str, ...] = ()
    certificate: str = "server.pem"
    client_certificate: bool = False
    tls: str = ""
    # What checks the tokens: a name in the logins.
    tokens: str = "OAUTHBEARER"
    session_seconds: int = 0


LISTENERS = {
    "PLAINTEXT": Listener("PLAINTEXT"),
    "SSL": Listener("SSL"),
    "MTLS": Listener("SSL", client_certificate=True),
    "TLS12": Listener("SSL", tls="TLSv1.2"),
    "EXPIRED": Listener("SSL", certificate="server-expired.pem"),
    "WRONGHOST": Listener("SSL", certificate="server-wrong-host.pem"),
    "SASLPLAIN": Listener("SASL_PLAINTEXT", EVERY),
    "SASLSSL": Listener("SASL_SSL", EVERY),
    "SASLMTLS": Listener("SASL_SSL", EVERY, client_certificate=True),
    "SCRAMONLY": Listener("SASL_PLAINTEXT", ("SCRAM-SHA-256",)),
    "REAUTH": Listener("SASL_PLAINTEXT", EVERY, session_seconds=10),
    "EXTENSIONS": Listener("SASL_PLAINTEXT", OAUTH, tokens="OAUTHBEARER extensions"),
    "MSK": Listener("SASL_SSL", OAUTH, tokens="OAUTHBEARER aws"),
    "MSKPLAIN": Listener("SASL_PLAINTEXT", OAUTH, tokens="OAUTHBEARER aws"),
}


def settings(ports: dict[str, int], controller: int, certificates: pathlib.Path, logins: dict[str, dict]) -> dict:
    """`logins` holds the settings of each mechanism, without their prefix."""
    protocols = [f"{name}:{listener.protocol}" for name, listener in LISTENERS.items()]
    lines = {
        "listeners": ",".join(
            [f"{name}://127.0.0.1:{port}" for name, port in ports.items()] + [f"CONTROLLER://127.0.0.1:{controller}"]
        ),
        # The name in the certificate and in the service principal.
        "advertised.listeners": ",".join(f"{name}://localhost:{port}" for name, port in ports.items()),
        "listener.security.protocol.map": ",".join([*protocols, "CONTROLLER:PLAINTEXT"]),
        "inter.broker.listener.name": "PLAINTEXT",
    }
    for name, listener in LISTENERS.items():
        own = {**_tls(listener, certificates), **_sasl(listener, logins)}
        lines |= {f"listener.name.{name.lower()}.{key}": value for key, value in own.items()}
    return lines


def _tls(listener: Listener, certificates: pathlib.Path) -> dict:
    if "SSL" not in listener.protocol:
        return {}
    lines = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": certificates / listener.certificate,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": certificates / "ca.pem",
    }
    if listener.client_certificate:
        lines["ssl.client.auth"] = "required"
        lines["ssl.principal.mapping.rules"] = "RULE:^.*CN=([^,]+).*$/$1/,DEFAULT"
    if listener.tls:
        lines |= {"ssl.enabled.protocols": listener.tls, "ssl.protocol": listener.tls}
    return lines


def _sasl(listener: Listener, logins: dict[str, dict]) -> dict:
    if not listener.mechanisms:
        return {}
    lines = {"sasl.enabled.mechanisms": ",".join(listener.mechanisms), "sasl.kerberos.service.name": "kafka"}
    for mechanism in listener.mechanisms:
        own = dict(logins[listener.tokens if mechanism == "OAUTHBEARER" else mechanism])
        if listener.session_seconds:
            own["connections.max.reauth.ms"] = listener.session_seconds * 1000
        lines |= {f"{mechanism.lower()}.{key}": value for key, value in own.items()}
    return lines
