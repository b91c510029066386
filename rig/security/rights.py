"""Users, rights and topics of the secured cluster."""

import secrets

READER = "reader"
AWKWARD = "awkward"
RECORDS = 30
TOPICS = ("open.a", "open.b", "describe.only", "hidden.a")
# (user, operation, resource type, name, pattern)
RIGHTS = [
    *((user, "READ", "TOPIC", "open.", "PREFIXED") for user in (READER, AWKWARD)),
    *((user, "DESCRIBE", "TOPIC", "describe.only", "LITERAL") for user in (READER, AWKWARD)),
    *((user, "READ", "GROUP", "reader-", "PREFIXED") for user in (READER, AWKWARD)),
    ("all", "READ", "TOPIC", "*", "LITERAL"),
    ("all", "READ", "GROUP", "*", "LITERAL"),
]
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": "User:ANONYMOUS;User:admin",
}


def users() -> dict[str, str]:
    """Fresh passwords, so that a test may look for them in any output."""
    ordinary = {name: f"{name}-{secrets.token_hex(8)}" for name in (READER, "admin", "all", "nobody")}
    return {**ordinary, AWKWARD: f"""a b,c=d "e" 'f' \\g ö; {secrets.token_hex(8)}"""}


def jaas(module: str, **options: str) -> str:
    """One line of JAAS text, each option quoted."""
    quoted = (f'{name}="{_escaped(value)}"' for name, value in options.items())
    return f"{' '.join([module, 'required', *quoted])};"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def logins(users: dict[str, str]) -> dict[str, dict]:
    """Settings of the mechanisms that take a password."""
    security = "org.apache.kafka.common.security"
    scram = {"sasl.jaas.config": jaas(f"{security}.scram.ScramLoginModule")}
    known = {f"user_{name}": password for name, password in users.items()}
    return {
        "PLAIN": {"sasl.jaas.config": jaas(f"{security}.plain.PlainLoginModule", **known)},
        "SCRAM-SHA-256": scram,
        "SCRAM-SHA-512": scram,
    }
