"""A secured Kafka: one broker with a listener for every way in, and the services behind them."""

import json
import pathlib

from . import ports, setup
from .kafka import LATEST, Kafka
from .security import listeners, rights
from .security.aws import Aws
from .security.certificates import Certificates
from .security.kerberos import Kerberos
from .security.oauth import OAuth
from .security.tools import run_python


class SecureKafka(Kafka):
    """One broker that asks who you are. `bootstrap` is its PLAINTEXT listener, where everybody is administrator."""

    python = setup.SECURITY
    patience_seconds = 150
    certificates: Certificates
    kerberos: Kerberos
    oauth: OAuth
    aws: Aws

    def __init__(self, settings: dict[str, str] | None = None, heap: str = "512m"):
        super().__init__(LATEST, settings, heap)
        self.address: dict[str, str] = {}
        self.users = rights.users()
        self._surroundings: list = []

    def start(self) -> None:
        is_new = self.folder is None
        super().start()
        if is_new:
            run_python("rig.security.fill", self.bootstrap, text=json.dumps(self.users))
            self.description.write_text(json.dumps(self.describe(), indent=2))

    def close(self) -> None:
        self.kill()
        while self._surroundings:
            self._surroundings.pop().close()
        super().close()

    @property
    def description(self) -> pathlib.Path:
        """A file with everything that `describe` says."""
        return self.folder / "security.json"

    def describe(self) -> dict:
        """Everything about this broker as plain data."""
        return {
            "address": self.address,
            "users": self.users,
            "topics": list(rights.TOPICS),
            "records": rights.RECORDS,
            "certificates": self.certificates.describe(),
            "kerberos": self.kerberos.describe(),
            "oauth": self.oauth.describe(),
            "aws": self.aws.describe(),
            "log": str(self.log),
        }

    def _properties(self) -> dict[str, object]:
        setup.environment(setup.SECURITY)
        self._surround()
        others = ports.free(len(listeners.LISTENERS) - 1)
        open_ports = dict(zip(listeners.LISTENERS, [self.port, *others]))
        self.address = {name: f"localhost:{port}" for name, port in open_ports.items()}
        return {
            **super()._properties(),
            **rights.AUTHORIZER,
            **listeners.settings(open_ports, self.controller, self.certificates.folder, self._logins()),
        }

    def _surround(self) -> None:
        # First, because moto takes longest.
        self.aws = Aws(self.folder)
        self._surroundings.append(self.aws)
        self.kerberos = Kerberos(self.folder / "kerberos")
        self._surroundings.append(self.kerberos)
        self.certificates = Certificates(self.folder / "certificates")
        self.oauth = OAuth(self.folder, self.certificates.folder)
        self._surroundings.append(self.oauth)

    def _logins(self) -> dict[str, dict]:
        return {
            **rights.logins(self.users),
            "GSSAPI": self.kerberos.login(),
            "OAUTHBEARER": self.oauth.login(),
            "OAUTHBEARER extensions": self.oauth.login("rig.ExtensionsValidator"),
            "OAUTHBEARER aws": self.aws.login(),
        }

    def _launch(self) -> None:
        # Login module and validators ask them while the broker starts.
        self.oauth.wait()
        self.aws.wait()
        super()._launch()

    def _jvm_options(self) -> list[str]:
        # It serves a few hundred records: compiling well costs more than it saves.
        return [
            "-XX:TieredStopAtLevel=1",
            *self.kerberos.jvm_options(),
            *self.oauth.jvm_options(),
            *self.aws.jvm_options(),
        ]

    def _class_path(self) -> str:
        return f"{super()._class_path()}:{setup.classes(self.version)}"
