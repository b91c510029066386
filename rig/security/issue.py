"""Issues every certificate of the security profile: `python -m rig.security.issue FOLDER PASSWORD`."""

import datetime
import ipaddress
import pathlib
import sys
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
PKCS1, PKCS8 = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8
PLAIN = serialization.NoEncryption()
NOW = datetime.datetime.now(datetime.UTC)
VALID = (NOW - datetime.timedelta(days=1), NOW + datetime.timedelta(days=30))
EXPIRED = (datetime.datetime(2024, 1, 1), datetime.datetime(2024, 2, 1))
LOCALHOST = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


@dataclass(frozen=True)
class Identity:
    """A certificate, the key of it, and what has to be sent with it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    chain: bytes

    def key_text(self, form=PKCS8, encryption=PLAIN) -> bytes:
        return self.key.private_bytes(PEM, form, encryption)


def issue(name: str, issuer: Identity | None = None, key=None, hosts=(), valid=VALID, authority=False) -> Identity:
    """A certificate for `CN=name`, signed by `issuer` or by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    # An authority at the root is what the other side has already.
    above = issuer.chain if issuer else b""
    own = certificate.public_bytes(PEM) if issuer else b""
    return Identity(certificate, key, own + above)


def main(folder: pathlib.Path, password: str) -> None:
    ca, other_ca, token_ca = (issue(f"Rig {name} CA", authority=True) for name in ("private", "other", "token"))
    for file, authority in (("ca.pem", ca), ("other-ca.pem", other_ca), ("token-ca.pem", token_ca)):
        (folder / file).write_bytes(authority.certificate.public_bytes(PEM))
    server(folder / "server.pem", issue("localhost", ca, hosts=LOCALHOST))
    server(folder / "server-expired.pem", issue("localhost", ca, hosts=LOCALHOST, valid=EXPIRED))
    elsewhere = [x509.DNSName("kafka.example.internal")]
    server(folder / "server-wrong-host.pem", issue("kafka.example.internal", ca, hosts=elsewhere))
    server(folder / "token.pem", issue("localhost", token_ca, hosts=LOCALHOST))
    # The broker knows the root only, so a client that leaves its chain out is refused.
    clients = issue("Rig client CA", ca, authority=True)
    client(folder / "client", reader := issue("reader", clients, rsa_key()))
    client(folder / "client-expired", issue("reader", clients, rsa_key(), valid=EXPIRED))
    client(folder / "client-other-ca", issue("reader", other_ca, rsa_key()))
    (folder / "client-without-chain.pem").write_bytes(reader.certificate.public_bytes(PEM))
    encryption = serialization.BestAvailableEncryption(password.encode())
    (folder / "client.pkcs1.key").write_bytes(reader.key_text(PKCS1))
    (folder / "client.encrypted.key").write_bytes(reader.key_text(PKCS8, encryption))
    (folder / "client.encrypted.pkcs1.key").write_bytes(reader.key_text(PKCS1, encryption))


def server(file: pathlib.Path, identity: Identity) -> None:
    """Key and chain in one file, as Kafka's PEM key store wants them."""
    file.write_bytes(identity.key_text() + identity.chain)


def client(stem: pathlib.Path, identity: Identity) -> None:
    stem.with_suffix(".pem").write_bytes(identity.chain)
    stem.with_suffix(".key").write_bytes(identity.key_text())


def rsa_key() -> rsa.RSAPrivateKey:
    # PKCS#1 is a form of RSA keys.
    return rsa.generate_private_key(65537, 2048)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
