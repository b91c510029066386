"""What is read: the data sets, and which readers are compared on each."""

import dataclasses

SEED = 20260101

LIMIT = "limit"
TUNED = "limit tuned"
TUNED_ONE_CORE = "limit tuned, one core"
OURS = "source-kafka"
LEAN = "source-kafka, payload + key columns"
OURS_PIPE = "source-kafka, into a pipe"
OURS_ONE_CORE = "source-kafka, one core"
KCAT = "kcat"
KCAT_JSON = "kcat -J"
CONSOLE = "kafka-console-consumer"
TAP = "tap-kafka"

# In the order of the tables. OURS_PIPE comes for nothing: it is the counted run of OURS.
BASE = (LIMIT, TUNED, OURS, LEAN, OURS_PIPE)


@dataclasses.dataclass(frozen=True)
class DataSet:
    """One topic. `records` is the full size; `--scale` shrinks it."""

    name: str
    shape: str  # of generate.c
    records: int
    partitions: int
    readers: tuple[str, ...]
    compression: str = "none"
    fewest: int = 1000

    def scaled(self, scale: float) -> "DataSet":
        return dataclasses.replace(self, records=max(self.fewest, round(self.records * scale)))

    @property
    def topic(self) -> str:
        return self.name.lower().replace("/", "-")


# Readers that take tens of microseconds per record get topics of a tenth of the size, with our binary and the limit
# measured in that same series: start-up is part of a process, so figures of different sizes do not compare.
SLOW = (TUNED, OURS, TAP)

SETS = (
    DataSet("D1", "order", 3_000_000, 6, (*BASE, TUNED_ONE_CORE, OURS_ONE_CORE, KCAT, KCAT_JSON, CONSOLE)),
    DataSet("D1/10", "order", 300_000, 6, SLOW),
    DataSet("D1z", "order", 3_000_000, 6, (*BASE, KCAT), compression="lz4"),
    DataSet("D2", "nested", 1_000_000, 6, (*BASE, KCAT, KCAT_JSON, CONSOLE)),
    DataSet("D2/10", "nested", 100_000, 6, SLOW),
    DataSet("D5", "tiny", 5_000_000, 6, (*BASE, KCAT, KCAT_JSON)),
    DataSet("D6", "order", 1_000_000, 1000, (*BASE, KCAT)),
    DataSet("D7", "large", 300, 6, (*BASE, KCAT), fewest=30),
)


def chosen(names: str | None) -> list[DataSet]:
    """The sets of a comma-separated list; `D1` brings `D1/10` with it."""
    if not names:
        return list(SETS)
    wanted = names.split(",")
    unknown = set(wanted) - {each.name for each in SETS}
    if unknown:
        raise SystemExit(f"no such data set: {', '.join(sorted(unknown))}; there is {', '.join(s.name for s in SETS)}")
    return [each for each in SETS if each.name in wanted or each.name.partition("/")[0] in wanted]
