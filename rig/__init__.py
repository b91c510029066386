"""The rig: real services on loopback for tests and benchmarks, started and stopped by one place."""

from .kafka import BrokerFailed, Kafka
from .secure import SecureKafka

__all__ = ["BrokerFailed", "Kafka", "SecureKafka"]
