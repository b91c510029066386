"""A secured Kafka: one broker with a listener for every way in, and the services behind them."""

import json

from . import ports, setup
from .kafka import LATEST, Kafka
from .security import listeners, rights
from .security.certificates import Certificates
from .security.tools import run_python


class SecureKafka(Kafka):
    """One broker that asks who you are. `bootstrap` is its PLAINTEXT listener, where everybody is administrator."""

    def __init__(self, settings: dict[str, str] | None = None, heap: str = "512m"):
        super().__init__(LATEST, settings, heap)
        self.address: dict[str, str] = {}
        self.users = rights.users()

    def start(self) -> None:
        is_new = self.folder is None
        super().start()
        if is_new:
            run_python("rig.security.fill", self.bootstrap, text=json.dumps(self.users))

    def _properties(self) -> dict[str, object]:
        setup.environment(setup.SECURITY)
        self.certificates = Certificates(self.folder / "certificates")
        others = ports.free(len(listeners.LISTENERS) - 1)
        open_ports = dict(zip(listeners.LISTENERS, [self.port, *others]))
        self.address = {name: f"localhost:{port}" for name, port in open_ports.items()}
        return {
            **super()._properties(),
            **rights.AUTHORIZER,
            **listeners.settings(open_ports, self.controller, self.certificates.folder, rights.logins(self.users)),
        }
