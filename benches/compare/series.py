"""One series: every reader of a data set in turn, round after round, on one topic of one broker."""

import json
import os
import pathlib
import re
import subprocess

import sets
from readers import TIMEOUT_SECONDS, Command, Readers, Void
from tools import say

# Beside the output, /proc/PID/io counts what a reader logs to stderr and librdkafka's wake-ups of a byte each.
# Measured: the runs of one reader differ by less than 100 bytes in 100 MB, by 430 on 1 000 partitions.
SLACK_BYTES = 1024


class Series:
    def __init__(self, readers: Readers, data: sets.DataSet):
        self.readers, self.data = readers, data
        self.runs: list[dict] = []
        # reader → bytes written by its counted run, the measure for its runs into /dev/null
        self.full_bytes: dict[str, dict] = {}

    def measure(self, present: list[str], rounds: int) -> dict:
        topic = self._fill()
        load_before = os.getloadavg()[0]
        for name in present:
            self._count_once(name)
        for number in range(rounds):
            # Another one goes first each time, so that what one leaves behind hits nobody in particular.
            start = number % len(present)
            for name in present[start:] + present[:start]:
                self._run(name, number)
            say(f"{self.data.name}: round {number + 1} of {rounds} done")
        return {"topic": topic, "load_before": round(load_before, 2), "runs": self.runs}

    def _fill(self) -> dict:
        data = self.data
        say(f"{data.name}: {data.records} records into topic {data.topic}")
        size = [data.records, data.partitions, data.compression, sets.SEED]
        arguments = [self.readers.programs / "generate", self.readers.bootstrap, data.topic, data.shape, *size]
        made = subprocess.run([str(word) for word in arguments], check=True, stdout=subprocess.PIPE)
        return {**json.loads(made.stdout), "partitions": data.partitions, "compression": data.compression, "seed": sets.SEED}

    def _count_once(self, name: str) -> None:
        """Round "count" is never part of a median: it also warms caches, and pays for the first touch of everything."""
        self._run(name, "count", counted=True)

    def _run(self, name: str, number, counted: bool = False) -> None:
        counted = counted or name == sets.OURS_PIPE
        run = {"reader": name, "round": number, "sink": "counting pipe" if counted else "/dev/null"}
        try:
            command = self.readers.command(name, self.data, counted)
            run |= self._launch(command)
            run["cpu_us_per_record"] = round((run["user_us"] + run["system_us"]) / self.data.records, 5)
            self._judge(name, command, run)
        except Void as why:
            run["void"] = str(why)
            say(f"{self.data.name}: void run of {name}: {why}")
        self.runs.append(run)

    def _launch(self, command: Command) -> dict:
        out, err = self.readers.scratch / "stdout.txt", self.readers.scratch / "stderr.txt"
        options = ["-t", TIMEOUT_SECONDS, "-e", err]
        if command.pin is not None:
            options += ["-p", command.pin]
        if command.counted and command.prefix is not None:
            options += ["-c", "-n", command.prefix]
        elif command.prefix is None:
            options += ["-o", out]
        words = [self.readers.programs / "launch", *options, *command.arguments]
        done = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE)
        result = json.loads(done.stdout)
        if command.summary:
            path = out if command.summary_on == "stdout" else err
            counts = command.summary.findall(path.read_text(errors="replace"))
            result["own_count"] = int(counts[-1]) if counts else None
        return result

    def _judge(self, name: str, command: Command, run: dict) -> None:
        """Exact counts where there are counts, else the bytes that the counted run of the same reader wrote."""
        if run["timed_out"]:
            raise Void(f"not done after {TIMEOUT_SECONDS} s")
        if run["exit"] != 0:
            raise Void(f"exit code {run['exit']}")
        wanted = self.data.records
        if command.summary and run["own_count"] != wanted:
            raise Void(f"it says that it read {run['own_count']} of {wanted} records")
        if command.prefix is None:
            return
        if command.counted:
            if run["matching"] != wanted:
                raise Void(f"it printed {run['matching']} of {wanted} records")
            if run["written"] < run["bytes"]:
                raise Void("a process behind it does the writing, so its runs into /dev/null could not be checked")
            self.full_bytes.setdefault(name, {"written": run["written"], "beside": run["bytes"] - run["matching_bytes"]})
            return
        full = self.full_bytes.get(name)
        if not full:
            raise Void("its counted run failed, so there is nothing to compare this run with")
        # What is printed beside the records (states, logs) may differ from run to run by as much as there is of it.
        if abs(run["written"] - full["written"]) > full["beside"] + SLACK_BYTES:
            raise Void(f"it wrote {run['written']} bytes where the counted run wrote {full['written']}")


def load(path: pathlib.Path) -> dict | None:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def file_name(data: sets.DataSet) -> str:
    return re.sub(r"[^a-z0-9]+", "-", data.name.lower()) + ".json"
