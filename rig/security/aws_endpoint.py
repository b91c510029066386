"""Stand-ins for AWS: `python -m rig.security.aws_endpoint`, its settings as JSON in argument 1.

`POST /` is STS: moto behind the checks that moto leaves out (caller, signature, external id, chaining, web identity).
`/container` and `/latest/…` hand out the keys of a container and, IMDSv2 only, of an instance. `GET /keys/ID` tells the
broker's validator what is known of an access key, `GET /requests` tells tests what was asked.
"""

import datetime
import json
import re
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .signature import Mismatch, signer

SETTINGS = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
# access key → its secret, its session token, the Kafka user it stands for, the role it was issued for
KEYS = {keys["access_key"]: {**keys, "user": SETTINGS["user"], "role": ""} for keys in SETTINGS.get("keys", [])}
# What our own request to moto brings itself.
HOP_BY_HOP = ("host", "connection", "accept-encoding", "content-length")
INSTANCE_ROLE = "instance"
requests: list[dict] = []
instance_tokens: set[str] = set()


class Refused(Exception):
    def __init__(self, status: int, code: str, text: str):
        self.status, self.code, self.text = status, code, text


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        form = dict(urllib.parse.parse_qsl(body.decode()))
        try:
            caller = check(form, self.headers, body)
            status, answer = ask_moto(self.headers, body)
        except Refused as refused:
            caller, status, answer = None, refused.status, error(refused).encode()
        note = {"service": "sts", "caller": caller, "status": status}
        requests.append({**note, **{name: form.get(name) for name in ("Action", "RoleArn", "ExternalId")}})
        if status == 200 and form.get("RoleArn"):
            remember(answer.decode(), form["RoleArn"])
        self.send(status, answer, "text/xml")

    def do_PUT(self) -> None:
        if self.path != "/latest/api/token":
            self.send(404)
            return
        token = secrets.token_urlsafe(24)
        instance_tokens.add(token)
        # SDKs demand to be told the lifetime.
        seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.send(200, token.encode(), "text/plain", {"X-aws-ec2-metadata-token-ttl-seconds": seconds})

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/requests":
            self.send(200, json.dumps(requests).encode(), "application/json")
        elif path.startswith("/keys/"):
            key = KEYS.get(path.removeprefix("/keys/"))
            lines = [key["secret_key"], key["session_token"], key["user"]] if key else []
            self.send(200 if key else 404, "\n".join(lines).encode())
        elif path == "/container":
            allowed = self.headers.get("Authorization") == SETTINGS["container_token"]
            self.hand_out("container", allowed, credentials(SETTINGS["container"]))
        elif path.startswith("/latest/"):
            allowed = self.headers.get("X-aws-ec2-metadata-token") in instance_tokens
            self.hand_out("instance", allowed, instance(path.removeprefix("/latest/")))
        else:
            self.send(404)

    def hand_out(self, service: str, allowed: bool, text: str | None) -> None:
        status = 401 if not allowed else 200 if text is not None else 404
        requests.append({"service": service, "path": self.path, "status": status})
        kind = "application/json" if (text or "").startswith("{") else "text/plain"
        self.send(status, text.encode() if status == 200 else b"", kind)

    def send(self, status: int, body: bytes = b"", kind: str = "text/plain", headers: dict | None = None) -> None:
        self.send_response(status)
        more = {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def check(form: dict, headers, body: bytes) -> str | None:
    """What moto takes on trust. Returns the caller's access key; web identity has none."""
    if form.get("Action") == "AssumeRoleWithWebIdentity":
        if form.get("WebIdentityToken") != SETTINGS["web_identity_token"]:
            raise Refused(400, "InvalidIdentityToken", "The web identity token is not the expected one.")
        return None
    try:
        caller = signer(headers, body, KEYS, SETTINGS["region"])
    except Mismatch as mismatch:
        raise Refused(403, mismatch.code, str(mismatch)) from None
    role, caller_role = form.get("RoleArn"), KEYS[caller]["role"]
    guarded = role == SETTINGS["guarded_role_arn"] and form.get("ExternalId") != SETTINGS["external_id"]
    chained = role == SETTINGS["chained_role_arn"] and caller_role != SETTINGS["role_arn"]
    if guarded or chained:
        who = caller_role or "arn:aws:iam::123456789012:user/rig"
        text = f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}"
        raise Refused(403, "AccessDenied", text)
    return caller


def ask_moto(headers, body: bytes) -> tuple[int, bytes]:
    passed = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
    try:
        with urllib.request.urlopen(urllib.request.Request(SETTINGS["moto"], body, passed), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as failed:
        return failed.code, failed.read()


def remember(answer: str, role: str) -> None:
    """Learns the keys that moto has issued."""

    def found(element: str) -> str:
        return re.search(f"<{element}>([^<]*)</{element}>", answer)[1].strip()

    user = "nobody" if role == SETTINGS["nobody_role_arn"] else SETTINGS["user"]
    secret, session = found("SecretAccessKey"), found("SessionToken")
    KEYS[found("AccessKeyId")] = {"secret_key": secret, "session_token": session, "user": user, "role": role}


def error(refused: Refused) -> str:
    return (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{refused.code}</Code><Message>{refused.text}</Message></Error>"
        "<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    )


def instance(path: str) -> str | None:
    documents = {
        "meta-data/iam/security-credentials/": INSTANCE_ROLE,
        f"meta-data/iam/security-credentials/{INSTANCE_ROLE}": credentials(SETTINGS["instance"]),
        "meta-data/placement/region": SETTINGS["region"],
        "meta-data/placement/availability-zone/": f"{SETTINGS['region']}a",
    }
    return documents.get(path) or documents.get(f"{path}/")


def credentials(keys: dict) -> str:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    return json.dumps(
        {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "LastUpdated": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "AccessKeyId": keys["access_key"],
            "SecretAccessKey": keys["secret_key"],
            "Token": keys["session_token"],
            "Expiration": f"{now + datetime.timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}",
        }
    )


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", SETTINGS["port"]), Endpoint).serve_forever()
