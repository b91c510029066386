"""Secrets never appear: not in what is printed, not in a command line, not in a file that is left behind.

Every run is as talkative as it can be: trace level, and librdkafka's own debug output.
"""

import base64
import json
import pathlib
import subprocess
import threading
import urllib.parse

import connector
import pytest
from connector import BINARY, configured
from test_kerberos import PLACES

MARKER = "marker-4f1d9c0e7b25"


def forms(secret: str) -> list[str]:
    """A secret in every spelling in which it could be printed."""
    lines = [line for line in secret.splitlines() if len(line) > 15 and "-----" not in line] if "\n" in secret else [secret]
    found = []
    for line in lines:
        found += [line, json.dumps(line)[1:-1], urllib.parse.quote(line, safe=""), base64.b64encode(line.encode()).decode()[:-4]]
    return found


def secrets_of(value) -> list[str]:
    """The values of the secret fields of a configuration."""
    names = {"password", "ssl_key", "ssl_key_password", "keytab", "client_secret", "sasl_jaas_config"}
    if isinstance(value, dict):
        own = [text for name, text in value.items() if name in names and isinstance(text, str)]
        return own + [secret for part in value.values() for secret in secrets_of(part)]
    return [secret for part in value for secret in secrets_of(part)] if isinstance(value, list) else []


def left_behind(folder: pathlib.Path) -> set[pathlib.Path]:
    return {path for place in (*PLACES, folder) for path in place.iterdir()}


class Watch:
    """Collects the command lines of a process and of its children while it runs."""

    def __init__(self, pid: int):
        self.lines: set[bytes] = set()
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._collect)
        self._thread.start()

    def _collect(self) -> None:
        while not self._over.wait(0.002):
            children = subprocess.run(["pgrep", "-P", str(self._pid)], capture_output=True, text=True).stdout.split()
            for pid in (str(self._pid), *children):
                try:
                    self.lines.add(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
                except OSError:
                    pass

    def end(self) -> bytes:
        self._over.set()
        self._thread.join()
        return b"\n".join(self.lines)


def silent(source, command: str, config: dict, catalog: dict | None = None) -> None:
    """Runs the command and looks for the configuration's secrets everywhere."""
    config = {**config, "kafka_properties": [{"name": "debug", "value": "all"}]}
    work = source.folder / "work"
    work.mkdir(exist_ok=True)
    before = left_behind(work)
    environment = {**connector.ENVIRONMENT, "LOG_LEVEL": "trace", "RUST_BACKTRACE": "1"}
    arguments = source.arguments(command, config, catalog)
    assert str(BINARY) == arguments[0]
    process = subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=work
    )
    watch = Watch(process.pid)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        lines = watch.end()
    assert err == b""
    assert len(out) > 1000, "it is meant to be talkative"
    new = left_behind(work) - before
    assert not {path for path in new if "source-kafka" in path.name or path.parent == work}, new
    for secret in secrets_of(config):
        for form in forms(secret):
            for where, text in (("output", out), ("command line", lines)):
                at = text.find(form.encode())
                assert at < 0, f"{where}: …{text[max(0, at - 200) : at]!r}"


def everywhere(source, config: dict, catalog: dict) -> None:
    for command in ("check", "discover"):
        silent(source, command, config)
    silent(source, "read", config, catalog)


@pytest.fixture
def catalog(source, secured) -> dict:
    return configured(source.discover(secured.config("PLAINTEXT", {"security_protocol": "PLAINTEXT"})))


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER"])
@pytest.mark.parametrize("listener", ["SASLPLAIN", "SASLMTLS"])
def test_success(source, secured, catalog, listener, mechanism):
    everywhere(source, secured.sasl(listener, secured.authentication(mechanism)), catalog)


def test_success_with_an_encrypted_key(source, secured, catalog):
    protocol = {"security_protocol": "SSL", "ssl_key_password": secured.key_password, **secured.ca()}
    config = secured.config("MTLS", protocol | secured.client("client.encrypted.key"))
    everywhere(source, config, catalog)


@pytest.mark.parametrize(
    "authentication",
    [
        {"mechanism": "PLAIN", "username": "reader", "password": MARKER},
        {"mechanism": "SCRAM-SHA-256", "username": "reader", "password": f'{MARKER} "\\ö/+'},
        {"mechanism": "GSSAPI", "principal": "reader@RIG.TEST", "keytab": f"BQI{MARKER}"},
        {"mechanism": "GSSAPI", "principal": "reader@RIG.TEST", "keytab": base64.b64encode(b"\5\2" + MARKER.encode()).decode()},
        {"mechanism": "OAUTHBEARER", "client_id": "c", "client_secret": MARKER, "token_endpoint_url": "http://localhost:1/t"},
        {"mechanism": "AWS_MSK_IAM", "secret_access_key": MARKER},
    ],
)
def test_failure(source, secured, catalog, authentication):
    config = secured.sasl("SASLPLAIN", authentication)
    for command, given in (("check", None), ("discover", None), ("read", catalog)):
        failing(source, command, config, given)


@pytest.mark.parametrize(
    "line",
    [
        f'org.apache.kafka.common.security.plain.PlainLoginModule required username="reader" password="{MARKER}";',
        f'org.apache.kafka.common.security.plain.PlainLoginModule required username="reader" password="{MARKER}',
        f"{MARKER} required;",
        MARKER,
    ],
)
def test_failure_of_a_login_line(source, secured, catalog, line):
    protocol = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_jaas_config": line}
    failing(source, "check", secured.config("SASLPLAIN", protocol))


@pytest.mark.parametrize("field", ["ssl_key", "ssl_key_password"])
def test_failure_of_a_key(source, secured, field):
    fields = {**secured.ca(), **secured.client("client.encrypted.key"), "ssl_key_password": secured.key_password}
    failing(source, "check", secured.config("MTLS", {"security_protocol": "SSL", **fields, field: MARKER}))


def test_a_file_that_is_no_json(source, secured):
    run = source.run("check", f'{{"password": "{MARKER}", "client_secret": {MARKER}'.encode())
    assert run.connection_status["status"] == "FAILED" and MARKER.encode() not in run.stdout


def test_an_answer_that_repeats_the_secret(source, secured, tmp_path):
    """A token endpoint, as some do, tells the whole request in its complaint."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.dumps({"error": "invalid_client", "error_description": f"{self.headers} {MARKER}"}).encode()
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://localhost:{server.server_port}/token"
        authentication = secured.authentication("OAUTHBEARER", token_endpoint_url=url, client_secret=MARKER)
        printed = failing(source, "check", secured.sasl("SASLPLAIN", authentication))
        # Once alone and once behind the client's name, in basic authentication.
        assert printed.count(b"***") >= 2, printed
        server.shutdown()


def failing(source, command: str, config: dict, catalog: dict | None = None) -> bytes:
    """Runs a command that has to fail, without a word of the marker."""
    work = source.folder / "work"
    work.mkdir(exist_ok=True)
    before = left_behind(work)
    config = {**config, "kafka_properties": [{"name": "debug", "value": "all"}]}
    environment = {**connector.ENVIRONMENT, "LOG_LEVEL": "trace", "RUST_BACKTRACE": "1"}
    result = subprocess.run(source.arguments(command, config, catalog), capture_output=True, env=environment, cwd=work, timeout=90)
    assert result.stderr == b""
    assert b'"FAILED"' in result.stdout if command == "check" else result.returncode == 1, result.stdout[-2000:]
    for form in [*forms(MARKER), *(form for secret in secrets_of(config) for form in forms(secret))]:
        at = result.stdout.find(form.encode())
        assert at < 0, f"…{result.stdout[max(0, at - 200) : at]!r}"
    new = left_behind(work) - before
    assert not {path for path in new if "source-kafka" in path.name or path.parent == work}, new
    return result.stdout
