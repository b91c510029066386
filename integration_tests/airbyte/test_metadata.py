"""`metadata.yaml` against Airbyte's definition, and against everything that has to say the same."""

import json
import pathlib
import re
import tomllib
import xml.etree.ElementTree

import airbyte_connector_models
import jsonschema
import pytest
import yaml
from airbyte_connector_models.metadata.v0 import connector_metadata_definition_v0 as definition

from connector import REPOSITORY


@pytest.fixture
def metadata():
    return yaml.safe_load((REPOSITORY / "metadata.yaml").read_text())


@pytest.fixture
def data(metadata):
    return metadata["data"]


def without_ids(schema):
    """The nested `$id`s keep references of the file to itself from being resolved."""
    if isinstance(schema, dict):
        return {name: without_ids(part) for name, part in schema.items() if name != "$id"}
    return [without_ids(part) for part in schema] if isinstance(schema, list) else schema


def test_is_what_airbyte_defines(metadata):
    package = pathlib.Path(airbyte_connector_models.__file__).parent
    schema = json.loads((package / "metadata" / "v0" / "ConnectorMetadataDefinitionV0.json").read_text())
    # A date of YAML is a text in JSON.
    plain = json.loads(json.dumps(metadata, default=str))
    problems = [e.message for e in jsonschema.Draft7Validator(without_ids(schema)).iter_errors(plain)]
    assert problems == []
    definition.ConnectorMetadataDefinitionV0.model_validate(plain)


def test_version_is_the_crate_s(data):
    cargo = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())
    assert data["dockerImageTag"] == cargo["package"]["version"]
    assert data["license"] == cargo["package"]["license"] == "MIT"
    assert f"## {data['dockerImageTag']}" in (REPOSITORY / "CHANGELOG.md").read_text()


def test_image_labels_and_entrypoint(data):
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    labels = dict(re.findall(r'(io\.airbyte\.\w+)="([^"]+)"', dockerfile))
    assert labels == {"io.airbyte.name": data["dockerRepository"], "io.airbyte.version": data["dockerImageTag"]}
    entrypoint = json.loads(re.search(r"^ENTRYPOINT (\[.*\])$", dockerfile, re.MULTILINE)[1])
    assert re.search(r'AIRBYTE_ENTRYPOINT="([^"]+)"', dockerfile)[1] == " ".join(entrypoint)


def test_does_not_take_the_published_connector_s_name(data):
    assert data["dockerRepository"] != "airbyte/source-kafka"
    assert data["definitionId"] != "d917a47b-8537-4d0d-8c10-36a9928d4265"


def test_icon_is_a_drawing(data):
    root = xml.etree.ElementTree.parse(REPOSITORY / data["icon"]).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_user_documentation_has_airbyte_s_headings(data):
    text = (REPOSITORY / "docs" / "source-kafka.md").read_text()
    wanted = [
        "Prerequisites",
        "Setup guide",
        "Set up Kafka",
        "Supported sync modes",
        "Supported Streams",
        "Performance considerations",
        "Data type map",
        "Limitations & Troubleshooting",
        "Changelog",
    ]
    found = [h for h in re.findall(r"^##+ (.*)$", text, re.MULTILINE) if h in wanted]
    assert found == wanted
    assert data["dockerImageTag"] in text.split("## Changelog")[1]
