"""The goals, each a quotient of two readers' figures in one series. Stated before the connector existed."""

import dataclasses

import sets


@dataclasses.dataclass(frozen=True)
class Goal:
    set: str
    text: str
    wanted: float
    over: str  # what is divided …
    under: str | None  # … by what; None for a plain figure
    figure: str = "cpu_us_per_record"
    at_least: bool = False  # otherwise at most

    def met(self, value: float) -> bool:
        return value >= self.wanted if self.at_least else value <= self.wanted


def _limit(name: str, times: float) -> Goal:
    return Goal(name, f"CPU at most {times} × limit tuned", times, sets.OURS, sets.TUNED)


def _peer(name: str, peer: str, times: float) -> Goal:
    return Goal(name, f"{peer} costs at least {times:g} × our CPU", times, peer, sets.OURS, at_least=True)


def _memory(name: str, mib: int) -> Goal:
    return Goal(name, f"RSS at most {mib} MiB", mib, sets.OURS, None, figure="max_rss_mib")


GOALS = (
    _limit("D1", 1.7),
    Goal("D1", "on one core CPU at most 1.5 × limit tuned", 1.5, sets.OURS_ONE_CORE, sets.TUNED_ONE_CORE),
    _peer("D1", sets.KCAT_JSON, 4),
    _peer("D1", sets.CONSOLE, 6),
    _peer("D1/10", sets.TAP, 30),
    _memory("D1", 48),
    _limit("D1z", 1.7),
    _memory("D1z", 64),
    _limit("D2", 3.3),
    _peer("D2", sets.KCAT_JSON, 4),
    _peer("D2/10", sets.TAP, 14),
    _memory("D2", 48),
    _limit("D5", 0.9),
    _peer("D5", sets.KCAT_JSON, 4),
    _memory("D5", 48),
    _limit("D6", 1.2),
    Goal("D6", "RSS at most half of kcat's", 0.5, sets.OURS, sets.KCAT, figure="max_rss_mib"),
    _memory("D6", 48),
    _limit("D7", 4.0),
    _memory("D7", 64),
)
