"""Creates SCRAM users, rights, topics and records: `python -m rig.security.fill BOOTSTRAP`, passwords on stdin."""

import json
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from .rights import RECORDS, RIGHTS, TOPICS


def main(bootstrap: str, users: dict[str, str]) -> None:
    client = {"bootstrap.servers": bootstrap}
    admin = AdminClient(client)
    bindings = [binding(*right) for right in RIGHTS]
    pending = [
        *admin.create_topics([NewTopic(name, 1, 1) for name in TOPICS]).values(),
        *admin.create_acls(bindings).values(),
    ]
    # One request may alter a user once.
    for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
        info = ScramCredentialInfo(mechanism, 4096)
        new = [UserScramCredentialUpsertion(name, info, password.encode()) for name, password in users.items()]
        pending += admin.alter_user_scram_credentials(new).values()
    for future in pending:
        future.result(30)
    fill(Producer(client))
    # An answer says that the controller knows; the broker may not have applied it yet.
    wait(lambda: set(bindings) == set(admin.describe_acls(any_binding()).result(30)), "rights")
    wait(lambda: all(len(f.result(30).scram_credential_infos) == 2 for f in described(admin, users)), "SCRAM users")


def binding(user: str, operation: str, kind: str, name: str, pattern: str) -> AclBinding:
    return AclBinding(
        ResourceType[kind],
        name,
        ResourcePatternType[pattern],
        f"User:{user}",
        "*",
        AclOperation[operation],
        AclPermissionType.ALLOW,
    )


def any_binding() -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )


def described(admin: AdminClient, users) -> list:
    return list(admin.describe_user_scram_credentials(list(users)).values())


def fill(producer: Producer) -> None:
    for topic in TOPICS:
        for number in range(RECORDS):
            producer.produce(topic, json.dumps({"n": number, "topic": topic}), str(number), partition=0)
    if producer.flush(30):
        raise SystemExit("the topics could not be filled")


def wait(condition, what: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"no {what} within 30 s")
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
