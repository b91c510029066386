"""What stands in config, catalog and state files, when it is wrong: one clear config_error, never a panic."""

import pathlib
import subprocess

import pytest
from connector import BINARY, configured

CONFIGS = {
    "not-json": b"{",
    "empty": b"",
    "list": b"[]",
    "null": b"null",
    "bytes": b"\xff\xfe",
    "missing-file": pathlib.Path("/nonexistent/config.json"),
    "folder": pathlib.Path("/tmp"),
}
FIELDS = {
    "no-servers": {"bootstrap_servers": None},
    "empty-servers": {"bootstrap_servers": ""},
    "server-without-port": {"bootstrap_servers": "localhost"},
    "server-with-bad-port": {"bootstrap_servers": "localhost:notaport"},
    "servers-are-a-number": {"bootstrap_servers": 9092},
    "unknown-protocol": {"protocol": {"security_protocol": "TELNET"}},
    "no-protocol": {"protocol": None},
    "unknown-format": {"MessageFormat": {"deserialization_type": "XML"}},
    "unknown-encoding": {"MessageFormat": {"deserialization_type": "TEXT", "encoding": "klingon"}},
    "unknown-shape": {"record_shape": "folded"},
    "unknown-start": {"start_from": {"start_type": "yesterday"}},
    "bad-timestamp": {"start_from": {"start_type": "timestamp", "timestamp": "not a time"}},
    "bad-duration": {"start_from": {"start_type": "relative", "duration": "soon"}},
    "committed-without-group": {"start_from": {"start_type": "committed"}, "group_id": None},
    "negative-limit": {"max_records_process": -1},
    "fractional-limit": {"max_records_process": 1.5},
    "huge-limit": {"max_sync_seconds": 1e300},
    "unknown-isolation": {"isolation_level": "read_everything"},
    "unknown-policy": {"on_bad_message": "ignore"},
    "owned-property": {"kafka_properties": [{"name": "enable.partition.eof", "value": "false"}]},
    "unknown-property": {"kafka_properties": [{"name": "no.such.property", "value": "1"}]},
}
CATALOGS = {
    "not-json": lambda catalog: b"{",
    "empty": lambda catalog: b"",
    "list": lambda catalog: [],
    "no-streams": lambda catalog: {},
    "missing-file": lambda catalog: pathlib.Path("/nonexistent/catalog.json"),
    "invalid-sync-mode": lambda catalog: changed(catalog, sync_mode="INVALID"),
    "no-stream": lambda catalog: changed(catalog, stream=None),
    "unknown-stream": lambda catalog: renamed(catalog, "__AIRBYTE__stream_that_does_not_exist"),
}
STATES = {
    "not-json": b"{",
    "bytes": b"\xff\xfe",
    "number": b"7",
    "list-of-numbers": b"[1]",
}
BLOBS = {
    "negative-offset": {"partitions": {"0": -5}},
    "offset-is-text": {"partitions": {"0": "many"}},
    "offset-is-a-fraction": {"partitions": {"0": 1.5}},
    "offset-is-too-large": {"partitions": {"0": 10**30}},
    "partition-is-text": {"partitions": {"first": 1}},
    "partition-is-negative": {"partitions": {"-1": 1}},
    "partitions-are-a-list": {"partitions": [1]},
}


def changed(catalog: dict, **fields) -> dict:
    return {"streams": [{**stream, **fields} for stream in catalog["streams"]]}


def renamed(catalog: dict, name: str) -> dict:
    (stream,) = catalog["streams"]
    return changed(catalog, stream={**stream["stream"], "name": name})


@pytest.fixture(scope="module")
def topic(cluster) -> str:
    name = cluster.topic("files")
    cluster.numbers(name, 3)
    return name


def config_error(run) -> str:
    """The message of the one TRACE of a run that must have failed by its input."""
    assert run.exit_code == 1, run.explain()
    assert [error["failure_type"] for error in run.errors] == ["config_error"], run.explain()
    assert not run.records() and not run.bodies("CATALOG")
    return run.errors[0]["message"]


@pytest.fixture(params=[*CONFIGS, *FIELDS])
def bad_config(request, source, topic):
    fields = FIELDS.get(request.param)
    return CONFIGS[request.param] if fields is None else source.config(topic, **fields)


def test_check_refuses_a_bad_config(source, bad_config):
    run = source.run("check", bad_config)
    assert run.exit_code == 0 and not run.bodies("TRACE"), run.explain()
    assert run.connection_status["status"] == "FAILED" and run.connection_status["message"]


def test_discover_refuses_a_bad_config(source, bad_config):
    config_error(source.run("discover", bad_config))


def test_read_refuses_a_bad_config(source, bad_config, topic):
    config_error(source.run("read", bad_config, configured(source.discover(source.config(topic)))))


@pytest.mark.parametrize("case", CATALOGS)
def test_read_refuses_a_bad_catalog(source, topic, case):
    config = source.config(topic)
    catalog = configured(source.discover(config))
    config_error(source.run("read", config, CATALOGS[case](catalog)))


@pytest.mark.parametrize("case", [*STATES, *BLOBS])
def test_read_refuses_a_bad_state(source, topic, case):
    config = source.config(topic)
    state = STATES.get(case)
    if state is None:
        state = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": topic}, "stream_state": BLOBS[case]}}]
    message = config_error(source.run("read", config, configured(source.discover(config)), state))
    if case in BLOBS:
        assert topic in message, message


@pytest.mark.parametrize(("field", "name"), [("max_records_process", "max_records_process"), ("isolation_level", "isolation_level")])
def test_the_error_names_the_field_by_its_place_in_the_form(source, topic, field, name):
    status = source.check(source.config(topic, **{field: "nonsense"}))
    assert name in status["message"]


def test_a_misspelt_field_is_a_warning_that_names_its_neighbour(source, topic):
    run = source.run("check", source.config(topic, max_record_process=5))
    assert run.connection_status["status"] == "SUCCEEDED"
    assert "max_record_process" in run.warnings and "max_records_process" in run.warnings


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["read"], ["check"], ["discover", "--config"]])
def test_a_wrong_command_line_fails_without_a_panic(source, arguments):
    result = subprocess.run([BINARY, *arguments], capture_output=True, timeout=10)
    assert result.returncode not in (0, 101) and b"panicked" not in result.stdout + result.stderr


def test_options_that_a_later_platform_may_add_are_tolerated(source, topic):
    arguments = source.arguments("check", source.config(topic))
    result = subprocess.run([*arguments, "--later-option", "x"], capture_output=True, timeout=10)
    assert result.returncode == 0 and b"SUCCEEDED" in result.stdout, result.stdout


def test_a_good_config_is_accepted(source, topic):
    assert source.check(source.config(topic))["status"] == "SUCCEEDED"
