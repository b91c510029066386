"""Every line of our stdout, checked against the Airbyte protocol with nothing tolerated.

The protocol's own models allow unknown fields; here an unknown field, type or stray line is a failure.
"""

import json
from functools import cache

import pydantic
from airbyte_protocol.models import airbyte_protocol as protocol

# message type → the one field that carries it
BODY = {
    "SPEC": "spec",
    "CONNECTION_STATUS": "connectionStatus",
    "CATALOG": "catalog",
    "RECORD": "record",
    "STATE": "state",
    "LOG": "log",
    "TRACE": "trace",
}
# Models whose content is ours to shape.
FREE = (protocol.AirbyteStateBlob,)
RECORD_FIELDS = {"stream", "data", "emitted_at", "namespace", "meta"}
PANIC = ("panicked at", "RUST_BACKTRACE", "core::", "unwrap()")


class Malformed(AssertionError):
    """A line that is no valid message."""


def parse(stdout: bytes) -> list[dict]:
    """All messages of a run that ended by itself: every line whole, the last one too."""
    if stdout and not stdout.endswith(b"\n"):
        raise Malformed(f"stdout ends in the middle of a line: {stdout[-200:]!r}")
    return [message(line) for line in stdout.splitlines()]


def parse_cut(stdout: bytes) -> list[dict]:
    """The whole lines of a stdout that was cut anywhere."""
    return parse(stdout[: stdout.rfind(b"\n") + 1])


def message(line: bytes) -> dict:
    try:
        text = line.decode("utf-8", "strict")
        model = protocol.AirbyteMessage.model_validate_json(text, strict=True)
        parsed = json.loads(text)
    except (UnicodeDecodeError, pydantic.ValidationError, json.JSONDecodeError) as problem:
        raise Malformed(f"not an Airbyte message: {line[:500]!r}: {problem}") from None
    kind = parsed["type"]
    if set(parsed) != {"type", BODY.get(kind)}:
        raise Malformed(f"{kind} with the fields {sorted(parsed)}: {line[:500]!r}")
    if kind == "RECORD":
        _check_record(parsed["record"], line)
    else:
        unknown = _unknown_fields(model)
        if unknown:
            raise Malformed(f"fields unknown to the protocol: {unknown}: {line[:500]!r}")
    if kind in ("LOG", "TRACE") and any(word in text for word in PANIC):
        raise Malformed(f"a panic reached the user: {line[:500]!r}")
    return parsed


def _check_record(record: dict, line: bytes) -> None:
    """Records are many: the fields by hand, the models have seen the types."""
    unknown = set(record) - RECORD_FIELDS
    if unknown or not record["data"]:
        raise Malformed(f"unknown {unknown} or no data: {line[:500]!r}")
    # Milliseconds of this decade; a Kafka timestamp or seconds would fall outside.
    if not 1_700_000_000_000 < record["emitted_at"] < 2_500_000_000_000:
        raise Malformed(f"emitted_at is no clock time in milliseconds: {line[:500]!r}")


def _unknown_fields(model: pydantic.BaseModel, path: str = "") -> list[str]:
    if isinstance(model, FREE):
        return []
    found = [f"{path}{name}" for name in model.model_extra or {} if name not in _aliases(type(model))]
    for name, value in model:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, pydantic.BaseModel):
                found += _unknown_fields(item, f"{path}{name}.")
    return found


@cache
def _aliases(model: type[pydantic.BaseModel]) -> set[str]:
    return {field.alias for field in model.model_fields.values() if field.alias}


class Digits(str):
    """A number literal as it was written."""


def exact(text: str | bytes):
    """JSON in which every number keeps its digits, for comparisons that a float would blur."""
    return json.loads(text, parse_int=Digits, parse_float=Digits)
