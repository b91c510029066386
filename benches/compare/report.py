"""Raw results → Markdown. Ratios first: absolute figures drift with the machine, ratios within a series do not."""

import json
import pathlib
import statistics

import goals
import sets
from series import file_name, load

NOT_MEASURED = "–"
PEERS = (sets.KCAT, sets.KCAT_JSON, sets.CONSOLE, sets.TAP)
READERS = (*sets.BASE, sets.TUNED_ONE_CORE, sets.OURS_ONE_CORE, *PEERS)


class Results:
    """The results of one folder, by data set."""

    def __init__(self, folder: pathlib.Path):
        found = ((each.name, load(folder / file_name(each))) for each in sets.SETS)
        self.by_set = {name: result for name, result in found if result}

    def names(self) -> list[str]:
        return list(self.by_set)

    def rounds(self, name: str, reader: str, figure: str) -> dict[int, float]:
        """The figure of every round that counts."""
        runs = self.by_set.get(name, {}).get("runs", [])
        return {run["round"]: value(run, figure) for run in runs if run["reader"] == reader and is_timed(run)}

    def voids(self, name: str, reader: str) -> int:
        return sum(1 for run in self.by_set.get(name, {}).get("runs", []) if run["reader"] == reader and "void" in run)

    def median(self, name: str, reader: str, figure: str) -> float | None:
        """None when it was not measured, or when any of its runs is void: a median of survivors would flatter."""
        figures = self.rounds(name, reader, figure)
        return statistics.median(figures.values()) if figures and not self.voids(name, reader) else None

    def ratio(self, name: str, over: str, under: str | None, figure: str) -> float | None:
        above = self.median(name, over, figure)
        if under is None or above is None:
            return above
        below = self.median(name, under, figure)
        return above / below if below else None

    def spread(self, name: str, over: str, under: str, figure: str) -> tuple[float, float] | None:
        """Lowest and highest quotient of one round's two runs."""
        above, below = self.rounds(name, over, figure), self.rounds(name, under, figure)
        quotients = [above[each] / below[each] for each in above if below.get(each)]
        return (min(quotients), max(quotients)) if quotients else None


def is_timed(run: dict) -> bool:
    return run["round"] != "count" and "void" not in run


def value(run: dict, figure: str) -> float:
    return run["max_rss_kib"] / 1024 if figure == "max_rss_mib" else run[figure]


def number(figure: float) -> str:
    """Three digits that mean something."""
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def void_runs(folder: pathlib.Path) -> list[str]:
    results = Results(folder)
    return [
        f"{name}, {run['reader']}, round {run['round']}: {run['void']}"
        for name, result in results.by_set.items()
        for run in result["runs"]
        if "void" in run
    ]


def markdown(folder: pathlib.Path) -> str:
    results = Results(folder)
    if not results.by_set:
        return "Nothing was measured."
    parts = [_header(results), _ratios(results), _goals(results)]
    parts.append(_figures(results, "CPU, µs per record (user + system)", "cpu_us_per_record", number))
    parts.append(_figures(results, "Peak memory, MiB RSS", "max_rss_mib", "{:.0f}".format))
    if voids := void_runs(folder):
        parts.append("**Void runs**\n\n" + "\n".join(f"- {line}" for line in voids))
    return "\n\n".join(parts)


def _header(results: Results) -> str:
    first = next(iter(results.by_set.values()))
    machine, versions = first["machine"], first["versions"]
    loads = [result["load_before"] for result in results.by_set.values()]
    dates = sorted(result["measured_at"][:10] for result in results.by_set.values())
    size = "Full size." if first["scale"] == 1 else f"**Scaled: {first['scale']:g} of the full number of records.**"
    lines = [
        f"{dates[0]}, {machine['cores']} cores {machine['cpu']}, {machine['memory_gib']} GiB; broker on the same cores; load "
        f"average before each series {min(loads):.1f} to {max(loads):.1f}. {size} Median of {first['rounds']} interleaved rounds.",
        "",
        f"source-kafka: {versions['source-kafka']} (binary {versions['source-kafka sha256']}). Limit: {versions['limit']}. "
        f"kcat {versions['kcat']}. tap-kafka {versions['tap-kafka']}. Kafka {versions['kafka']}, Java {versions['java']}.",
    ]
    return "\n".join(lines)


def _ratios(results: Results) -> str:
    rows = [(f"{name} : {sets.TUNED}", name, sets.TUNED) for name in (sets.OURS, sets.LEAN, sets.OURS_PIPE)]
    rows.append((f"{sets.OURS_ONE_CORE} : {sets.TUNED_ONE_CORE}", sets.OURS_ONE_CORE, sets.TUNED_ONE_CORE))
    rows.append((f"{sets.OURS} : {sets.LIMIT}", sets.OURS, sets.LIMIT))
    rows += [(f"{peer} : {sets.OURS}", peer, sets.OURS) for peer in PEERS]
    return _table(results, "Ratios of CPU (lowest to highest round)", rows, _ratio_cell)


def _ratio_cell(results: Results, name: str, over: str, under: str) -> str:
    ratio = results.ratio(name, over, under, "cpu_us_per_record")
    if ratio is None:
        return "void" if results.voids(name, over) or results.voids(name, under) else NOT_MEASURED
    low, high = results.spread(name, over, under, "cpu_us_per_record")
    return f"**{number(ratio)}** ({number(low)}..{number(high)})"


def _goals(results: Results) -> str:
    lines = ["| set | goal | measured | |", "|---|---|---|---|"]
    for goal in goals.GOALS:
        measured = results.ratio(goal.set, goal.over, goal.under, goal.figure)
        if measured is None:
            void = results.voids(goal.set, goal.over) or (goal.under and results.voids(goal.set, goal.under))
            lines.append(f"| {goal.set} | {goal.text} | {'void' if void else 'not yet measured'} | |")
        else:
            verdict = "met" if goal.met(measured) else "**missed**"
            lines.append(f"| {goal.set} | {goal.text} | {number(measured)} | {verdict} |")
    return "\n".join(["**Goals**", "", *lines])


def _figures(results: Results, title: str, figure: str, style) -> str:
    def cell(results: Results, name: str, reader: str) -> str:
        median = results.median(name, reader, figure)
        if median is None:
            return "void" if results.voids(name, reader) else NOT_MEASURED
        return style(median)

    return _table(results, title, [(reader, reader) for reader in READERS], cell)


def _table(results: Results, title: str, rows: list[tuple], cell) -> str:
    """Readers down, data sets across; a row without any figure is left out."""
    lines = [f"| | {' | '.join(results.names())} |", "|---" * (len(results.names()) + 1) + "|"]
    for label, *readers in rows:
        cells = [cell(results, name, *readers) for name in results.names()]
        if any(text != NOT_MEASURED for text in cells):
            lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join([f"**{title}**", "", *lines])


def dump(result: dict) -> str:
    """JSON with one run per line: readable, and a change of one run is one line of a diff."""
    runs = ",\n".join("  " + json.dumps(run) for run in result["runs"])
    head = json.dumps({name: part for name, part in result.items() if name != "runs"}, indent=1)
    return f'{head[:-2]},\n "runs": [\n{runs}\n ]\n}}\n'
