"""The comparison's own judgement: what voids a run, and how goals are read. `python3 -m unittest discover benches/compare`."""

import pathlib
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import goals  # noqa: E402
import report  # noqa: E402
import sets  # noqa: E402
from readers import Command, Void  # noqa: E402
from series import Series  # noqa: E402

DATA = sets.DataSet("D5", "tiny", 100_000, 6, (sets.TUNED, sets.OURS))
GOOD = {"exit": 0, "timed_out": False, "own_count": 100_000, "matching": 100_000}


class Judgement(unittest.TestCase):
    def setUp(self):
        self.series = Series(None, DATA)
        self.printing = Command([], prefix="{")
        # 100 000 lines of 23 bytes, and 300 bytes of states beside them
        whole = GOOD | {"written": 2_300_310, "bytes": 2_300_300, "matching_bytes": 2_300_000}
        self.series._judge(sets.OURS, Command([], prefix="{", counted=True), whole)

    def test_a_counted_run_that_lacks_one_record_is_void(self):
        with self.assertRaisesRegex(Void, "99999 of 100000"):
            self.series._judge(sets.OURS, Command([], prefix="{", counted=True), GOOD | {"matching": 99_999})

    def test_a_timed_run_may_differ_by_what_is_printed_beside_the_records(self):
        self.series._judge(sets.OURS, self.printing, GOOD | {"written": 2_300_005})

    def test_a_timed_run_that_writes_less_or_more_is_void(self):
        for written in (2_298_900, 2_301_700):
            with self.assertRaises(Void):
                self.series._judge(sets.OURS, self.printing, GOOD | {"written": written})

    def test_a_timed_run_without_a_counted_one_is_void(self):
        with self.assertRaises(Void):
            self.series._judge(sets.KCAT, self.printing, GOOD | {"written": 10**9})

    def test_a_failed_or_endless_run_is_void(self):
        for problem in ({"exit": 1}, {"timed_out": True}):
            with self.assertRaises(Void):
                self.series._judge(sets.OURS, self.printing, GOOD | {"written": 10**9} | problem)

    def test_a_reader_that_counts_for_itself_is_held_to_its_count(self):
        silent = Command([], summary=re.compile("x"))
        self.series._judge(sets.TUNED, silent, dict(GOOD))
        for count in (99_999, 100_001, None):
            with self.assertRaises(Void):
                self.series._judge(sets.TUNED, silent, GOOD | {"own_count": count})


class Report(unittest.TestCase):
    def results(self, runs: list[dict]) -> report.Results:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "d5.json")
            path.write_text(report.dump({"set": "D5", "runs": runs}))
            return report.Results(path.parent)

    def run_of(self, reader, number, cpu, **more):
        return {"reader": reader, "round": number, "cpu_us_per_record": cpu, "max_rss_kib": 2048} | more

    def test_the_ratio_is_that_of_the_medians_and_the_counted_round_is_left_out(self):
        ours = [self.run_of(sets.OURS, number, cpu) for number, cpu in (("count", 90), (0, 3), (1, 1), (2, 2))]
        limit = [self.run_of(sets.TUNED, number, cpu) for number, cpu in (("count", 90), (0, 4), (1, 4), (2, 8))]
        results = self.results(ours + limit)
        self.assertEqual(results.ratio("D5", sets.OURS, sets.TUNED, "cpu_us_per_record"), 0.5)
        self.assertEqual(results.spread("D5", sets.OURS, sets.TUNED, "cpu_us_per_record"), (0.25, 0.75))
        self.assertEqual(results.ratio("D5", sets.OURS, None, "max_rss_mib"), 2)

    def test_one_void_run_takes_the_figure_away(self):
        results = self.results([self.run_of(sets.OURS, 0, 3), self.run_of(sets.OURS, 1, 1, void="exit code 1")])
        self.assertIsNone(results.ratio("D5", sets.OURS, None, "cpu_us_per_record"))

    def test_goals_know_their_direction(self):
        at_most = goals.Goal("D5", "", 0.9, sets.OURS, sets.TUNED)
        at_least = goals.Goal("D5", "", 4, sets.KCAT_JSON, sets.OURS, at_least=True)
        self.assertEqual([at_most.met(0.8), at_most.met(1.0), at_least.met(5), at_least.met(3)], [True, False, True, False])

    def test_every_goal_names_a_set_and_readers_that_are_measured(self):
        by_name = {each.name: each for each in sets.SETS}
        for goal in goals.GOALS:
            for reader in filter(None, (goal.over, goal.under)):
                self.assertIn(reader, by_name[goal.set].readers, goal)


if __name__ == "__main__":
    unittest.main()
