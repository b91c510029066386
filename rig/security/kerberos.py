"""A real MIT KDC of our own: no root rights, nothing of the system's configuration."""

import os
import pathlib

from .. import ports, setup
from ..process import Service, ServiceFailed
from . import tools
from .rights import jaas

REALM = "RIG.TEST"
BROKER = f"kafka/localhost@{REALM}"
# keytab → its principal. `nobody` is the keytab that lacks the reader's principal.
KEYTABS = {
    "reader": f"reader@{REALM}",
    "reader-old-key": f"reader@{REALM}",
    "expired": f"expired@{REALM}",
    "nobody": f"nobody@{REALM}",
}

CLIENT = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  {extra}
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  localhost = {realm}
"""
SERVER = """\
[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {folder}/principal
    key_stash_file = {folder}/stash
    acl_file = {folder}/acl
    default_principal_flags = +preauth
  }}
[logging]
  kdc = FILE:{folder}/kdc.log
"""


class Kerberos:
    """The KDC with its realm, and what a client needs to get a ticket. The broker's keytab is `kafka.keytab`."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.realm = REALM
        self.principals = dict(KEYTABS)
        self.port, dead = ports.free(2)
        self._service: Service | None = None
        folder.mkdir()
        self.krb5_conf = self._client(self.port)
        self.krb5_conf_dead_kdc = self._client(dead)
        # A client a few minutes off believes the KDC's clock by default.
        self.krb5_conf_strict_clock = self._client(self.port, "kdc_timesync = 0")
        self.krb5_conf_short_tickets = self._client(self.port, "ticket_lifetime = 20s")
        self.krb5_conf_path.write_text(self.krb5_conf)
        (folder / "kdc.conf").write_text(SERVER.format(port=self.port, realm=REALM, folder=folder))
        self._create()
        self.start_kdc()

    @property
    def krb5_conf_path(self) -> pathlib.Path:
        return self.folder / "krb5.conf"

    def keytab_path(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.keytab"

    def keytab(self, name: str) -> bytes:
        return self.keytab_path(name).read_bytes()

    def start_kdc(self) -> None:
        """Starts the KDC on the port it had."""
        if self._service is None:
            own = [f"{name}={value}" for name, value in self._environment().items()]
            serve = [setup.program("krb5kdc"), "-n", "-r", REALM, "-P", f"{self.folder}/kdc.pid"]
            log = self.folder / "kdc.out"
            self._service = Service(self.folder.parent, log, ["env", *own, *serve])
            tools.wait_for_port(self.port, self._service)

    def stop_kdc(self) -> None:
        if self._service:
            self._service.end()
            self._service = None

    close = stop_kdc

    def login(self) -> dict[str, str]:
        """The broker's settings for GSSAPI."""
        module, keytab = "com.sun.security.auth.module.Krb5LoginModule", str(self.keytab_path("kafka"))
        options = {"useKeyTab": "true", "storeKey": "true", "doNotPrompt": "true", "keyTab": keytab}
        return {"sasl.jaas.config": jaas(module, **options, principal=BROKER)}

    def jvm_options(self) -> list[str]:
        return [f"-Djava.security.krb5.conf={self.krb5_conf_path}", "-Dsun.security.krb5.disableReferrals=true"]

    def describe(self) -> dict:
        return {
            "realm": REALM,
            "kdc": f"127.0.0.1:{self.port}",
            "krb5_conf": self.krb5_conf,
            "krb5_conf_path": str(self.krb5_conf_path),
            "krb5_conf_dead_kdc": self.krb5_conf_dead_kdc,
            "krb5_conf_strict_clock": self.krb5_conf_strict_clock,
            "krb5_conf_short_tickets": self.krb5_conf_short_tickets,
            "principals": self.principals,
            "keytabs": {name: str(self.keytab_path(name)) for name in KEYTABS},
        }

    def _client(self, port: int, extra: str = "") -> str:
        return CLIENT.format(port=port, realm=REALM, extra=extra)

    def _environment(self) -> dict[str, str]:
        return {
            "KRB5_CONFIG": str(self.krb5_conf_path),
            "KRB5_KDC_PROFILE": f"{self.folder}/kdc.conf",
            # The default would be a file in /var/tmp that stays.
            "KRB5RCACHENAME": "none:",
        }

    def _create(self) -> None:
        environment = {**os.environ, **self._environment()}
        create = [setup.program("kdb5_util"), "create", "-s", "-r", REALM, "-P", "master"]
        tools.run(create, environment=environment)
        output = tools.run([setup.program("kadmin.local"), "-r", REALM], self._commands(), environment)
        # kadmin.local exits with 0 whatever happened.
        if missing := [name for name in ("kafka", *KEYTABS) if not self.keytab_path(name).exists()]:
            raise ServiceFailed(f"no keytab for {', '.join(missing)}:\n{output}")

    def _commands(self) -> str:
        lines = [f"addprinc -randkey {principal}" for principal in {BROKER, *KEYTABS.values()}]
        lines += [
            # Its key is replaced before the good keytab is made.
            self._export("reader-old-key"),
            f"cpw -randkey {KEYTABS['reader']}",
            f"modprinc -expire 2024-01-01 {KEYTABS['expired']}",
            *(self._export(name) for name in KEYTABS if name != "reader-old-key"),
            f"ktadd -norandkey -k {self.keytab_path('kafka')} {BROKER}",
        ]
        return "".join(f"{line}\n" for line in lines)

    def _export(self, name: str) -> str:
        return f"ktadd -norandkey -k {self.keytab_path(name)} {KEYTABS[name]}"
