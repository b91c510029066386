"""An OIDC token endpoint with signing keys: `python -m rig.security.token_endpoint`, settings as JSON in argument 1.

`POST /token/VARIANT[/MARK]` behaves as `VARIANTS` in `oauth.py` says; `GET /jwks` are the keys for the broker;
`GET /requests` counts the requests for tokens by variant.
"""

import base64
import collections
import json
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

SETTINGS = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
KEY, FOREIGN_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
KEY_ID = "rig-1"
HOUR = 3600
# variant → what it answers instead of a token: status, content type, body
ANSWERS = {
    "not-found": (404, "application/json", b'{"error":"not_found"}'),
    "server-error": (500, "text/plain", b"internal error"),
    "unavailable": (503, "text/plain", b"try again later"),
    "not-json": (200, "text/html", b"<html>please log in</html>"),
    "no-token": (200, "application/json", b'{"token_type":"Bearer"}'),
}
# variant → seconds from now until the token starts and ends
TIMES = {"expired": (-2 * HOUR, -HOUR), "not-yet-valid": (HOUR, 2 * HOUR), "short": (0, 20), "fails-later": (0, 20)}
# variant → claims that differ
CLAIMS = {
    "no-subject": {"sub": None},
    "wrong-audience": {"aud": "elsewhere"},
    "wrong-issuer": {"iss": "http://elsewhere.example"},
    "nobody": {"sub": "nobody"},
}
SCOPE = "kafka"
requests: collections.Counter = collections.Counter()
counting = threading.Lock()


class Refused(Exception):
    def __init__(self, status: int, error: str, description: str):
        self.status, self.error, self.description = status, error, description


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        documents = {"/jwks": key_set, "/requests": lambda: dict(requests)}
        document = documents.get(self.path)
        self.send(200, document()) if document else self.send(404, {"error": "not_found"})

    def do_POST(self) -> None:
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        name = self.path.removeprefix("/token/")
        variant = name.partition("/")[0]
        with counting:
            requests[name] += 1
            turn = requests[name]
        if variant == "slow":
            time.sleep(30)
        failing = (variant == "fails-later" and turn > 1) or (variant == "recovers" and turn == 1)
        answer = ANSWERS.get("server-error" if failing else variant)
        if answer:
            self.send_bytes(*answer)
            return
        try:
            self.authenticate(form)
            self.send(200, token(variant, form))
        except Refused as refused:
            self.send(refused.status, {"error": refused.error, "error_description": refused.description})

    def authenticate(self, form: dict) -> None:
        """Client id and secret, as basic authentication or in the form."""
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            name, _, secret = base64.b64decode(text).decode().partition(":")
            given = (name, secret)
        wanted = (SETTINGS["client_id"], SETTINGS["client_secret"])
        # RFC 6749 wants both encoded as in a form; not every client does that.
        if given != wanted and tuple(map(urllib.parse.unquote_plus, given)) != wanted:
            raise Refused(401, "invalid_client", "client authentication failed")
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, "unsupported_grant_type", "only client_credentials")

    def send(self, status: int, document: dict) -> None:
        self.send_bytes(status, "application/json", json.dumps(document).encode())

    def send_bytes(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def key_set() -> dict:
    public = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}


def token(variant: str, form: dict) -> dict:
    if variant == "needs-scope" and form.get("scope") != SCOPE:
        raise Refused(400, "invalid_scope", f"scope {SCOPE} is required")
    start, end = TIMES.get(variant, (0, HOUR))
    now = int(time.time())
    claims = {"iss": SETTINGS["issuer"], "aud": "kafka", "sub": SETTINGS["subject"], "iat": now}
    claims |= {"nbf": now + start, "exp": now + end, **CLAIMS.get(variant, {})}
    # Kafka's validator refuses an empty scope.
    if form.get("scope"):
        claims["scope"] = form["scope"]
    key = FOREIGN_KEY if variant == "wrong-signature" else KEY
    present = {name: value for name, value in claims.items() if value is not None}
    text = jwt.encode(present, key, algorithm="RS256", headers={"kid": KEY_ID})
    return {"access_token": text, "token_type": "Bearer", "expires_in": end}


def main() -> None:
    secure = ThreadingHTTPServer(("127.0.0.1", SETTINGS["tls_port"]), Endpoint)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SETTINGS["certificate"])
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", SETTINGS["port"]), Endpoint).serve_forever()


if __name__ == "__main__":
    main()
