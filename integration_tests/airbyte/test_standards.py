"""Airbyte's standard checks, called directly and all of them enforced, and what the platform counts on beyond them."""

import json
import subprocess

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.test.models import ExpectedOutcome
from airbyte_cdk.test.standard_tests._assertions import assert_check_outcome, assert_config_matches_spec
from airbyte_cdk.test.standard_tests._catalog_checks import find_catalog_problems, format_catalog_problems
from airbyte_cdk.test.standard_tests._read_assertions import assert_read_records
from airbyte_cdk.test.standard_tests._spec_lint import (
    assert_no_secrets_in_output,
    assert_spec_is_valid,
    get_single_spec,
)

from connector import BINARY, NAME, REPOSITORY, configured, fixture

CONFIGS = ["config.json", "wrapped_config.json"]


@pytest.fixture
def spec(run):
    result = run("spec")
    assert (result.code, result.stderr) == (0, "")
    return get_single_spec(result.output, connector_name=NAME)


def test_spec_is_valid(spec):
    assert_spec_is_valid(spec, connector_name=NAME)


def test_spec_is_the_committed_one(run):
    assert run("spec").of("SPEC")[0]["spec"] == json.loads((REPOSITORY / "spec.json").read_text())


@pytest.mark.parametrize("name", [*CONFIGS, "invalid_config.json", "wrong_password_config.json"])
def test_config_matches_spec(run, name):
    assert_config_matches_spec(
        config=fixture(name), spec_result=run("spec").output, connector_name=NAME, scenario_id=name
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_check_succeeds(run, name):
    checked = run("check", config=fixture(name))
    outcome = ExpectedOutcome.EXPECT_SUCCESS
    assert_check_outcome(check_result=checked.output, expected_outcome=outcome, connector_name=NAME)
    assert (checked.code, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "named"), [("invalid_config.json", "no-such-topic"), ("wrong_password_config.json", "protocol")]
)
def test_check_fails_cleanly_and_keeps_secrets(run, spec, name, named):
    config = fixture(name)
    checked = run("check", config=config)
    assert_no_secrets_in_output(checked.output, spec=spec, config=config, verb="check", connector_name=NAME)
    outcome = ExpectedOutcome.EXPECT_EXCEPTION
    assert_check_outcome(check_result=checked.output, expected_outcome=outcome, connector_name=NAME)
    # FAILED is an answer, not a failure.
    assert (checked.code, checked.stderr, checked.of("TRACE")) == (0, "", [])
    assert named in checked.of("CONNECTION_STATUS")[0]["connectionStatus"]["message"]


@pytest.mark.parametrize("name", CONFIGS)
def test_catalog_passes_every_check(run, name):
    discovered = run("discover", config=fixture(name))
    assert discovered.code == 0
    problems = find_catalog_problems(discovered.output.catalog.catalog)
    assert not problems, format_catalog_problems(problems)


@pytest.mark.parametrize("mode", ["full_refresh", "incremental"])
@pytest.mark.parametrize("name", CONFIGS)
def test_records_fit_their_declared_schema(run, topics, name, mode):
    config = fixture(name)
    catalog = configured(run("discover", config=config).of("CATALOG")[0]["catalog"], mode)
    result = run("read", config=config, catalog=catalog)
    assert (result.code, result.stderr) == (0, "")
    assert_read_records(
        records=result.output.records,
        configured_catalog=ConfiguredAirbyteCatalogSerializer.load(catalog),
        require_records_per_stream=True,
        validate_schema=True,
    )
    streams = [configured_stream["stream"]["name"] for configured_stream in catalog["streams"]]
    assert counts(result) == {stream: topics[stream] for stream in streams}


def counts(result) -> dict[str, int]:
    """Records per stream; none twice."""
    seen: dict[str, set] = {}
    for message in result.of("RECORD"):
        record = message["record"]
        place = record["data"]["_kafka_partition"], record["data"]["_kafka_offset"]
        places = seen.setdefault(record["stream"], set())
        assert place not in places, f"{record['stream']} {place} twice"
        places.add(place)
    return {stream: len(places) for stream, places in seen.items()}


def test_states_count_their_records_exactly(run, config, catalog):
    result = run("read", config=config, catalog=configured(catalog))
    since_last: dict[str, int] = {}
    for message in result.messages:
        if message["type"] == "RECORD":
            stream = message["record"]["stream"]
            since_last[stream] = since_last.get(stream, 0) + 1
        elif message["type"] == "STATE":
            state = message["state"]
            assert state["type"] == "STREAM"
            stream = state["stream"]["stream_descriptor"]["name"]
            assert state["sourceStats"]["recordCount"] == since_last.get(stream, 0)
            since_last[stream] = 0
    assert since_last == {"orders": 0, "readings": 0}, "records after the last state"


def test_statuses_frame_each_stream(run, config, catalog):
    result = run("read", config=config, catalog=configured(catalog))
    for stream in ("orders", "readings"):
        mine = [
            kind
            for message in result.messages
            for name, kind in [_about(message)]
            if name == stream and kind is not None
        ]
        assert mine[0] == "STARTED"
        assert mine[-2:] == ["STATE", "COMPLETE"], "the last state comes before COMPLETE"
        assert mine.index("RUNNING") < mine.index("RECORD")


def _about(message):
    """The stream that a message is about, and what it says."""
    match message["type"]:
        case "RECORD":
            return message["record"]["stream"], "RECORD"
        case "STATE":
            return message["state"]["stream"]["stream_descriptor"]["name"], "STATE"
        case "TRACE" if message["trace"]["type"] == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            return status["stream_descriptor"]["name"], status["status"]
    return None, None


def test_reading_on_from_the_last_state_brings_nothing_twice(run, config, catalog, topics):
    first = run("read", config=config, catalog=configured(catalog))
    second = run("read", config=config, catalog=configured(catalog), state=first.last_states())
    assert (second.code, second.of("RECORD")) == (0, [])
    # Also without news each stream says where it stands.
    assert set(partitions(second)) == set(topics)
    assert partitions(second) == partitions(first)


def partitions(result) -> dict[str, dict]:
    states = [state["stream"] for state in result.last_states()]
    return {state["stream_descriptor"]["name"]: state["stream_state"]["partitions"] for state in states}


def test_any_state_resumes_without_loss(run, config, catalog, topics):
    """From every state of a read: what had been written until then and what comes after is the whole topic."""
    config = {**config, "max_records_process": 100}
    whole = configured(catalog, streams=["orders"])
    states, seen = [], set()
    for _ in range(10):
        result = run("read", config=config, catalog=whole, state=states)
        assert result.code == 0
        places = {
            (m["record"]["data"]["_kafka_partition"], m["record"]["data"]["_kafka_offset"])
            for m in result.of("RECORD")
        }
        assert len(places) <= 100 and not places & seen
        seen |= places
        states = result.last_states()
        if not places:
            break
    assert len(seen) == topics["orders"]


def test_bad_catalog_is_an_error(run, config):
    result = run("read", config=config, catalog=fixture("invalid_configured_catalog.json"))
    assert result.code != 0
    assert result.traces("ERROR") and not result.of("RECORD")


def test_state_beyond_the_end_is_an_error_that_names_the_place(run, config, catalog):
    state = fixture("abnormal_state.json")
    result = run("read", config=config, catalog=configured(catalog, streams=["orders"]), state=state)
    assert result.code != 0 and not result.of("RECORD")
    error = result.traces("ERROR")[0]["error"]
    assert error["failure_type"] == "config_error"
    assert "orders" in error["message"] and "partition" in error["message"]
    assert [s["stream_status"]["status"] for s in result.traces("STREAM_STATUS")][-1] == "INCOMPLETE"


def test_state_beyond_the_end_can_be_told_to_wait_for_news(run, config, catalog):
    """What the retired acceptance tests ask for: no records, a state."""
    config = {**config, "on_lost_offsets": "latest"}
    state = fixture("abnormal_state.json")
    result = run("read", config=config, catalog=configured(catalog, streams=["orders"]), state=state)
    assert result.code == 0, result.lines
    assert not result.of("RECORD") and result.of("STATE")


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"bootstrap_servers": 7}'])
def test_broken_config_file_is_an_error_of_the_user(run, tmp_path, broken):
    path = tmp_path / "broken.json"
    path.write_text(broken)
    done = subprocess.run([BINARY, "discover", "--config", path], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and done.stderr == ""
    errors = [m["trace"]["error"] for m in map(json.loads, done.stdout.splitlines()) if m["type"] == "TRACE"]
    assert [e["failure_type"] for e in errors] == ["config_error"]
