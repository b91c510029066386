"""What must hold in every read, whatever it read."""

import jsonschema

# `1.0` is no integer to Airbyte's own acceptance tests; JSON Schema itself would let it pass.
_TYPES = jsonschema.Draft7Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
StrictValidator = jsonschema.validators.extend(jsonschema.Draft7Validator, type_checker=_TYPES)

METADATA = {
    "_kafka_partition",
    "_kafka_offset",
    "_kafka_timestamp",
    "_kafka_timestamp_type",
    "_kafka_key",
    "_kafka_headers",
    "_kafka_extra",
    "_kafka_error",
}


def offsets(state: dict) -> dict[int, int]:
    return {int(p): next for p, next in state["stream"]["stream_state"]["partitions"].items()}


def successful(run) -> None:
    """A complete sync: statuses in order, one final STATE that covers everything, COMPLETE last."""
    for stream in (s["stream"]["name"] for s in run.catalog["streams"]):
        events = _events(run, stream)
        kinds = [kind for kind, _ in events]
        statuses = [kind for kind in kinds if kind.isupper() and kind not in ("RECORD", "STATE")]
        assert statuses[0] == "STARTED" and statuses.count("STARTED") == 1, f"{stream}: {statuses}"
        assert statuses[-1] == "COMPLETE" and statuses.count("COMPLETE") == 1, f"{stream}: {statuses}"
        assert set(statuses[1:-1]) == {"RUNNING"}, f"{stream}: {statuses}"
        assert kinds[0] == "STARTED" and kinds[-1] == "COMPLETE", f"{stream}: {kinds[:3]}…{kinds[-3:]}"
        assert kinds[-2] == "STATE", f"{stream}: COMPLETE without a final STATE: {kinds[-5:]}"
        first = min(kinds.index("STATE"), kinds.index("RECORD") if "RECORD" in kinds else len(kinds))
        assert kinds.index("RUNNING") < first, f"{stream}: data before RUNNING"
    accountable(run)
    fits_schema(run)


def failed(run, failure_type: str) -> None:
    """A proper failure: exit code 1, one ERROR of that type, no COMPLETE, and states that cover what was written."""
    assert run.exit_code == 1, run.explain()
    assert [e["failure_type"] for e in run.errors] == [failure_type], run.explain()
    statuses = [_status(t) for t in run.bodies("TRACE") if t["type"] == "STREAM_STATUS"]
    started = {stream for stream, status in statuses if status == "STARTED"}
    ended = {stream: status for stream, status in statuses}
    assert all(ended[stream] in ("INCOMPLETE", "COMPLETE") for stream in started), statuses
    if started:
        assert "INCOMPLETE" in ended.values(), statuses
    accountable(run)


def accountable(run, is_whole: bool = True) -> None:
    """Counts are exact, no STATE is ahead of its records, offsets ascend. `is_whole`: the last STATE covers all."""
    since: dict[str, int] = {}
    last: dict[tuple[str, int], int] = {}
    promised: dict[tuple[str, int], int] = {}
    emitted: dict[str, set[int]] = {}
    for message in run.messages:
        if message["type"] == "RECORD":
            stream, data = message["record"]["stream"], message["record"]["data"]
            since[stream] = since.get(stream, 0) + 1
            if "_kafka_offset" not in data:
                continue
            place = (stream, data["_kafka_partition"])
            offset = data["_kafka_offset"]
            assert offset > last.get(place, -1), f"{place}: offset {offset} after {last[place]}"
            assert offset >= promised.get(place, 0), f"{place}: offset {offset} after a STATE at {promised[place]}"
            last[place] = offset
            emitted.setdefault(stream, set()).add(place[1])
        elif message["type"] == "STATE":
            state = message["state"]
            assert state["type"] == "STREAM", state
            stream = state["stream"]["stream_descriptor"]["name"]
            counted = state["sourceStats"]["recordCount"]
            assert counted == since.get(stream, 0), f"{stream}: STATE counts {counted} of {since.get(stream, 0)}"
            since[stream] = 0
            places = offsets(state)
            for partition in emitted.get(stream, ()):
                assert places.get(partition) is not None, f"{stream}: partition {partition} is not in {state}"
                assert places[partition] > last[stream, partition], f"{stream}: STATE behind its records: {state}"
            promised.update({(stream, partition): next for partition, next in places.items()})
    if is_whole:
        assert not any(since.values()), f"records that no STATE covers: {since}"


def fits_schema(run) -> None:
    """What discover declared is what read emits: no undeclared column, and values of the declared types."""
    for entry in run.catalog["streams"]:
        name, schema = entry["stream"]["name"], entry["stream"]["json_schema"]
        declared = set(schema["properties"])
        validator = StrictValidator(schema)
        records = run.records(name)
        for record in records:
            assert set(record) <= declared, f"{name}: undeclared {set(record) - declared}"
        # Full validation is slow; the ends and an even sample see every kind of record that tests produce.
        for record in records[:200] + records[200 :: max(1, len(records) // 200)]:
            validator.validate(record)


def values(records: list[dict]) -> list[dict]:
    """The records without metadata columns; fields that were rescued stand where they would have stood."""
    plain = []
    for record in records:
        value = {name: column for name, column in record.items() if name not in METADATA}
        plain.append({**value, **(record.get("_kafka_extra") or {})})
    return plain


def _status(trace: dict) -> tuple[str, str]:
    status = trace["stream_status"]
    return status["stream_descriptor"]["name"], status["status"]


def _events(run, stream: str) -> list[tuple[str, dict]]:
    """What concerns one stream, in order: RECORD, STATE and the statuses."""
    found = []
    for message in run.messages:
        kind = message["type"]
        if kind == "RECORD" and message["record"]["stream"] == stream:
            found.append((kind, message))
        elif kind == "STATE" and message["state"]["stream"]["stream_descriptor"]["name"] == stream:
            found.append((kind, message))
        elif kind == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            name, status = _status(message["trace"])
            if name == stream:
                found.append((status, message))
    return found
