"""What people get wrong on the way into a cluster: a name for each, and the configuration that has it."""

import pathlib
import socket
import ssl as tls
import threading
from collections.abc import Callable

from secured import Secured

Config = Callable[[Secured], dict]
PLAINTEXT = {"security_protocol": "PLAINTEXT"}


def ssl(s: Secured, **fields) -> dict:
    return {"security_protocol": "SSL", **{"ssl_ca": s.certificate("ca.pem"), **fields}}


def sasl(authentication: dict) -> dict:
    return {"security_protocol": "SASL_PLAINTEXT", "authentication": authentication}


def sasl_ssl(s: Secured, authentication: dict) -> dict:
    return {"security_protocol": "SASL_SSL", "authentication": authentication, **s.ca()}


def to(address: str, protocol: dict = PLAINTEXT) -> Config:
    return lambda s: {**s.config("PLAINTEXT", protocol), "bootstrap_servers": address}


def login(mechanism: str, listener: str = "SASLPLAIN", **changes) -> Config:
    return lambda s: s.config(listener, sasl(s.authentication(mechanism, **changes)))


def tokens(variant: str) -> Config:
    return lambda s: s.config("SASLPLAIN", sasl(s.authentication("OAUTHBEARER", **s.oauth(variant))))


def kerberos(keytab: str = "reader", conf: str = "krb5_conf", **changes) -> Config:
    return lambda s: s.config("SASLPLAIN", sasl(s.authentication("GSSAPI", **{**s.kerberos(keytab, conf), **changes})))


def other_realm(s: Secured) -> dict:
    conf = s.description["kerberos"]["krb5_conf"].replace("RIG.TEST", "OTHER.TEST")
    return kerberos(krb5_conf=conf)(s)


def certificate(name: str, key: str) -> Config:
    return lambda s: s.config("MTLS", ssl(s, **s.client(key, name)))


def token_server(s: Secured, protocol: dict, variant: str = "ok") -> dict:
    """The token endpoint instead of a broker: an HTTP server."""
    address = s.description["oauth"]["urls"][variant].split("/")[2]
    return to(address, protocol)(s)


def rights(topic: str, user: str = "reader") -> Config:
    return lambda s: s.config(
        "SASLPLAIN", sasl(s.authentication("PLAIN", username=user, password=s.password(user))), topic=topic
    )


FAULTS: dict[str, Config] = {
    # the address
    "unknown host": to("no-such-host.invalid:9092"),
    "closed port": to("localhost:1"),
    "port that is no number": to("localhost:notaport"),
    "HTTP server": lambda s: token_server(s, PLAINTEXT),
    "HTTP server, SSL": lambda s: token_server(s, ssl(s)),
    "HTTPS server": lambda s: token_server(s, PLAINTEXT, "tls"),
    "HTTPS server, SSL": lambda s: token_server(
        s, ssl(s, ssl_ca=pathlib.Path(s.description["oauth"]["ca"]).read_text()), "tls"
    ),
    # the protocol
    "PLAINTEXT on an SSL listener": lambda s: s.config("SSL", PLAINTEXT),
    "PLAINTEXT on a SASL_PLAINTEXT listener": lambda s: s.config("SASLPLAIN", PLAINTEXT),
    "PLAINTEXT on a SASL_SSL listener": lambda s: s.config("SASLSSL", PLAINTEXT),
    "SSL on a PLAINTEXT listener": lambda s: s.config("PLAINTEXT", ssl(s)),
    "SSL on a SASL_PLAINTEXT listener": lambda s: s.config("SASLPLAIN", ssl(s)),
    "SSL on a SASL_SSL listener": lambda s: s.config("SASLSSL", ssl(s)),
    "SASL_PLAINTEXT on a PLAINTEXT listener": login("PLAIN", "PLAINTEXT"),
    "SASL_PLAINTEXT on an SSL listener": login("PLAIN", "SSL"),
    "SASL_PLAINTEXT on a SASL_SSL listener": login("PLAIN", "SASLSSL"),
    "SASL_SSL on a PLAINTEXT listener": lambda s: s.config("PLAINTEXT", sasl_ssl(s, s.authentication("PLAIN"))),
    "SASL_SSL on an SSL listener": lambda s: s.config("SSL", sasl_ssl(s, s.authentication("PLAIN"))),
    "SASL_SSL on a SASL_PLAINTEXT listener": lambda s: s.config("SASLPLAIN", sasl_ssl(s, s.authentication("PLAIN"))),
    # certificates
    "private CA missing": lambda s: s.config("SSL", {"security_protocol": "SSL"}),
    "another CA": lambda s: s.config("SSL", ssl(s, ssl_ca=s.certificate("other-ca.pem"))),
    "wrong host name": lambda s: s.config("WRONGHOST", ssl(s)),
    "expired certificate": lambda s: s.config("EXPIRED", ssl(s)),
    "client certificate missing": lambda s: s.config("MTLS", ssl(s)),
    "client certificate missing, SASL_SSL": lambda s: s.config("SASLMTLS", sasl_ssl(s, s.authentication("PLAIN"))),
    "client certificate of another CA": certificate("client-other-ca.pem", "client-other-ca.key"),
    "client certificate expired": certificate("client-expired.pem", "client-expired.key"),
    "client certificate without its chain": certificate("client-without-chain.pem", "client.key"),
    # user and password
    **{f"wrong password, {name}": login(name, password="not-this-one") for name in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")},
    **{f"unknown user, {name}": login(name, username="ghost") for name in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")},
    "mechanism that is not enabled": login("PLAIN", "SCRAMONLY"),
    # tokens
    "token endpoint: wrong secret": login("OAUTHBEARER", client_secret="not-this-one"),
    "token endpoint: 404": tokens("not-found"),
    "token endpoint: 500": tokens("server-error"),
    "token endpoint: slow": tokens("slow"),
    "token endpoint: not JSON": tokens("not-json"),
    "token endpoint: no token": tokens("no-token"),
    "token endpoint: scope missing": tokens("needs-scope"),
    "token endpoint: token ended": tokens("expired"),
    "token endpoint: down": login("OAUTHBEARER", token_endpoint_url="http://localhost:1/token"),
    "token endpoint: unknown host": login("OAUTHBEARER", token_endpoint_url="http://no-such-host.invalid/token"),
    "token refused: not yet valid": tokens("not-yet-valid"),
    "token refused: other audience": tokens("wrong-audience"),
    "token refused: other issuer": tokens("wrong-issuer"),
    "token refused: wrong signature": tokens("wrong-signature"),
    "token refused: extensions missing": login("OAUTHBEARER", "EXTENSIONS"),
    # Kerberos
    "keytab without the principal": lambda s: login("GSSAPI", keytab=s.kerberos("nobody")["keytab"])(s),
    "keytab with an old key": kerberos("reader-old-key"),
    "principal expired": kerberos("expired"),
    "KDC down": kerberos(conf="krb5_conf_dead_kdc"),
    "realm unknown to krb5.conf": other_realm,
    "wrong realm": kerberos(principal="reader@NOWHERE.TEST"),
    "wrong service name": kerberos(service_name="other"),
    "address that is not in the principal": lambda s: {
        **kerberos()(s),
        "bootstrap_servers": s.address["SASLPLAIN"].replace("localhost", "127.0.0.1"),
    },
    # rights
    "topic that may be described, not read": rights("describe.only"),
    "topic that may not be described": rights("hidden.a"),
    "topic that does not exist": rights("open.no-such-topic"),
    "pattern of invisible topics": rights("hidden*"),
    "pattern of topics that may not be read": rights("describe*"),
    "user without any right": rights("*", "nobody"),
    "group without rights, whose offsets are needed": lambda s: {
        **rights("open.a")(s),
        "group_id": "not-mine",
        "start_from": {"start_type": "committed"},
    },
}


class Hole:
    """A server that accepts connections (or not even that) and says nothing."""

    def __init__(self, accepts: bool):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=100 if accepts else 0)
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.callers = []
        while not accepts and len(self.callers) < 8:
            # A full queue drops whoever comes next, as a firewall does.
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(self.server.getsockname())
            self.callers.append(caller)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in (*self.callers, self.server):
            connection.close()


class TlsServer:
    """A server that shakes hands with this certificate, and no more."""

    def __init__(self, certificate: pathlib.Path):
        self.context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"localhost:{self.server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            try:
                self.context.wrap_socket(connection, server_side=True).close()
            except OSError:
                # The client does not like the certificate.
                connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()
