"""The certificates and keys that a test picks from."""

import pathlib
import secrets

from .tools import run_python

NAMES = (
    "ca.pem",
    "other-ca.pem",
    "token-ca.pem",
    "client.pem",
    "client-without-chain.pem",
    "client.key",
    "client.pkcs1.key",
    "client.encrypted.key",
    "client.encrypted.pkcs1.key",
    "client-expired.pem",
    "client-expired.key",
    "client-other-ca.pem",
    "client-other-ca.key",
)


class Certificates:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.password = f"key-{secrets.token_hex(8)}"
        folder.mkdir()
        run_python("rig.security.issue", str(folder), self.password)

    def path(self, name: str) -> pathlib.Path:
        return self.folder / name

    def text(self, name: str) -> str:
        return self.path(name).read_text()

    def describe(self) -> dict:
        return {"folder": str(self.folder), "password": self.password, "files": list(NAMES)}
