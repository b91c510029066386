"""Our process dies, or its reader does: nothing is lost, and no STATE was ahead of its records."""

import json
import os
import random
import re
import signal
import subprocess
import time

import checks
import kcat
import messages
import pytest
from connector import ENVIRONMENT, configured, kill, read_at_least, state_of

RECORDS, PARTITIONS = 150_000, 3
PLACE = re.compile(rb'"_kafka_partition":(\d+)')
OFFSET = re.compile(rb'"_kafka_offset":(\d+)')
seed = int(os.environ.get("SEED") or time.time())


@pytest.fixture(scope="module")
def topic(cluster) -> str:
    name = cluster.topic("interrupted", PARTITIONS)
    cluster.numbers(name, RECORDS, partitions=PARTITIONS, pad=40)
    return name


@pytest.fixture(scope="module")
def oracle(cluster, topic) -> set[tuple[int, int]]:
    return {(m.partition, m.offset) for m in kcat.read(cluster.bootstrap, topic)}


@pytest.fixture
def config(source, topic) -> dict:
    return source.config(topic)


@pytest.fixture
def catalog(source, config) -> dict:
    return configured(source.discover(config))


def positions(lines: list[bytes]) -> list[tuple[int, int]]:
    """Fast, for the many millions of bytes that these tests read; the lines' validity is tested elsewhere."""
    return [(int(PLACE.search(line)[1]), int(OFFSET.search(line)[1])) for line in lines if is_record(line)]


def is_record(line: bytes) -> bool:
    return b'"type":"RECORD"' in line[:40] or (b'"RECORD"' in line and messages.message(line)["type"] == "RECORD")


def survived(printed: bytes, oracle: set) -> tuple[list, list, list | None]:
    """All whole records of a cut stdout, those that its last whole STATE covers, and that STATE as a state file."""
    lines = printed[: printed.rfind(b"\n") + 1].splitlines()
    at = max((i for i, line in enumerate(lines) if b'"type":"STATE"' in line[:40]), default=None)
    if at is None:
        return positions(lines), [], None
    state = messages.message(lines[at])["state"]
    covered = positions(lines[:at])
    next_offsets = checks.offsets(state)
    promised = {place for place in oracle if place[1] < next_offsets[place[0]]}
    assert promised <= set(covered), f"STATE ahead of its records: {sorted(promised - set(covered))[:5]}"
    return positions(lines), covered, [state]


def resumed(source, config, catalog, state) -> list[tuple[int, int]]:
    process = source.start("read", config, catalog, state)
    printed, prose = process.communicate(timeout=120)
    assert process.returncode == 0 and prose == b"", (process.returncode, prose[:500])
    return positions(printed.splitlines())


@pytest.mark.timeout(400)
def test_kill_9_at_fifty_random_bytes_loses_nothing(source, config, catalog, oracle):
    whole = len(source.read(config, catalog=catalog).stdout)
    print(f"SEED={seed}")
    chance = random.Random(seed)
    with_state = 0
    for _ in range(50):
        process = source.start("read", config, catalog)
        cut = chance.randrange(whole)
        printed = read_at_least(process, cut)
        kill(process)
        written, covered, state = survived(printed, oracle)
        with_state += state is not None
        rest = resumed(source, config, catalog, state)
        assert set(covered) | set(rest) == oracle, f"cut at {cut}"
        assert set(written) <= oracle and len(rest) == len(set(rest)), f"cut at {cut}"
        assert not set(covered) & set(rest), f"cut at {cut}: a STATE that was behind its own records"
    assert with_state, "no STATE before the end: a killed sync of any size starts all over"


def test_sigterm_writes_the_state_of_what_was_written_and_exits_143(source, config, catalog, oracle):
    print(f"SEED={seed}")
    chance = random.Random(seed)
    for _ in range(10):
        process = source.start("read", config, catalog)
        printed = read_at_least(process, chance.randrange(1, 8_000_000))
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        run = source.ended(process, printed, seconds=10)
        assert run.exit_code == 143, run.explain()
        assert time.monotonic() - started < 5
        checks.accountable(run)
        assert run.states(), "no STATE"
        rest = resumed(source, config, catalog, run.state)
        assert sorted(run.positions() + rest) == sorted(oracle)


def test_sigterm_before_the_first_record_ends_at_once(source, config, catalog):
    process = source.start("read", config, catalog)
    process.send_signal(signal.SIGTERM)
    _, prose = process.communicate(timeout=10)
    # Before our handler stands, the signal's own action ends the process.
    assert process.returncode in (143, -signal.SIGTERM) and prose == b""


def test_a_reader_that_goes_away_ends_the_sync_quickly_and_quietly(source, config, catalog):
    process = source.start("read", config, catalog)
    read_at_least(process, 10_000)
    process.stdout.close()
    started = time.monotonic()
    process.wait(10)
    assert time.monotonic() - started < 5
    assert process.returncode not in (0, 101, -signal.SIGABRT, -signal.SIGSEGV), process.returncode
    assert process.stderr.read() == b""


@pytest.mark.parametrize("command", ["spec", "check", "discover", "read"])
def test_a_full_disk_under_stdout_is_no_success(source, config, catalog, command):
    files = {"spec": [], "check": [config], "discover": [config], "read": [config, catalog]}[command]
    with open("/dev/full", "wb") as full:
        process = source.start(command, *files, stdout=full)
        _, prose = process.communicate(timeout=20)
    assert process.returncode not in (0, 101, -signal.SIGABRT, -signal.SIGSEGV), process.returncode
    assert b"panicked" not in prose


def test_a_reader_that_stands_still_gets_everything_once_it_goes_on(source, config, catalog, oracle):
    process = source.start("read", config, catalog)
    printed = read_at_least(process, 100_000)
    # Longer than the idle limit of ten seconds: a full pipe is not an idle broker.
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(15)
    run = source.ended(process, printed)
    assert run.exit_code == 0, run.explain()
    assert sorted(run.positions()) == sorted(oracle)


def test_a_pause_while_one_stream_completes_is_no_idle_topic(cluster, source):
    """The write of a STATE blocks, outside the batch: the other stream must not be given up for that."""
    small, large = cluster.topic("small"), cluster.topic("large")
    cluster.numbers(small, 200, pad=300)
    cluster.numbers(large, 60_000, pad=1000)
    config = source.config(small, large)
    catalog = configured(source.discover(config), "full_refresh")
    process = source.start("read", config, catalog)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(13)
    run = source.ended(process)
    assert run.exit_code == 0, run.explain()
    assert len(run.records()) == 60_200


def test_an_environment_of_the_platform_changes_nothing(source, config, catalog, oracle):
    platform = {
        "USE_STREAM_CAPABLE_STATE": "true",
        "DEPLOYMENT_MODE": "OSS",
        "WORKER_JOB_ID": "7",
        "LOG_LEVEL": "debug",
        "DATA_CHANNEL_FORMAT": "JSONL",
        "DATA_CHANNEL_MEDIUM": "STDIO",
    }
    command = source.arguments("read", config, catalog)
    result = subprocess.run(command, env={**ENVIRONMENT, **platform}, capture_output=True, timeout=60)
    assert result.returncode == 0 and result.stderr == b""
    lines = result.stdout.splitlines()
    assert sorted(positions(lines)) == sorted(oracle)
    assert all(json.loads(line) for line in lines)


def test_the_state_file_of_a_larger_job_is_read(source, config, catalog, topic):
    state = [state_of(f"stream.{n}", {p: n for p in range(50)}) for n in range(2000)]
    run = source.read(config, [*state, state_of(topic, {p: 49_990 for p in range(PARTITIONS)})], catalog)
    assert len(run.records()) == 30
