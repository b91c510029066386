"""Two topics with messages for every test, and the folder that Airbyte's suite takes for the connector's."""

import atexit
import pathlib
import shutil
import tempfile

import pytest

import connector

ORDERS, READINGS = 300, 120


def _root() -> pathlib.Path:
    """A copy of what the suite reads, named as a connector's folder is, with configurations for the broker at hand."""
    parent = pathlib.Path(tempfile.mkdtemp(prefix="airbyte-suite-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    root = parent / connector.NAME
    fixtures = root / connector.FIXTURES.relative_to(connector.REPOSITORY)
    fixtures.mkdir(parents=True)
    for name in ("metadata.yaml", "acceptance-test-config.yml"):
        shutil.copy(connector.REPOSITORY / name, root)
    for file in connector.FIXTURES.glob("*.json"):
        (fixtures / file.name).write_text(connector.with_broker(file))
    return root


# Before collection: the suite makes its tests from the files.
CONNECTOR_ROOT = _root()


# Part of a test's name in the suite → the command it runs.
COMMANDS = {"config_matches_spec": "spec", "build_and_check": "check", "discover": "discover", "read": "read"}


def pytest_collection_modifyitems(items):
    """Takes out what the suite would skip: a configuration runs only the commands of the sections that list it."""
    for item in list(items):
        scenario = getattr(item, "callspec", None) and item.callspec.params.get("scenario")
        wanted = [command for part, command in COMMANDS.items() if scenario and item.originalname.endswith(part)]
        if wanted and not scenario.runs(*wanted):
            items.remove(item)


@pytest.fixture(scope="session", autouse=True)
def topics():
    connector.create("orders", "readings")
    connector.produce("orders", [connector.order(n) for n in range(ORDERS)])
    connector.produce("readings", [connector.reading(n) for n in range(READINGS)])
    return {"orders": ORDERS, "readings": READINGS}


@pytest.fixture
def run(tmp_path):
    """Runs the binary: `run("read", config=…, catalog=…, state=…)`."""
    return lambda command, **files: connector.Run(tmp_path, command, **files)


@pytest.fixture
def config():
    return connector.fixture("config.json")


@pytest.fixture
def catalog(run, config):
    """What discover finds."""
    discovered = run("discover", config=config)
    assert discovered.code == 0, discovered.lines
    return discovered.of("CATALOG")[0]["catalog"]
