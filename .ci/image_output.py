"""Judges what the image wrote: image_output.py FOLDER DISCOVERED LABELS."""

import json
import pathlib
import sys

folder, discovered, labels = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), json.loads(sys.argv[3])


def lines(name: str, kind: str | None = None) -> list[dict]:
    messages = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    return [m for m in messages if kind in (None, m["type"])]


specification = {"type": "SPEC", "spec": json.loads(pathlib.Path("spec.json").read_text())}
assert lines("spec.out") == [specification], "spec.json and the image's spec differ"
assert lines("shell.out") == [specification], "spec through a shell and AIRBYTE_ENTRYPOINT"
(status,) = lines("check.out", "CONNECTION_STATUS")
assert status["connectionStatus"]["status"] == "SUCCEEDED", status
for way in ("gssapi", "oauthbearer"):
    (status,) = lines(f"check.{way}.out", "CONNECTION_STATUS")
    assert status["connectionStatus"] == {"status": "SUCCEEDED"}, (way, status)
assert lines("discover.out", "CATALOG") == [json.loads(discovered.read_text())], "the image discovers something else"

records = [m["record"]["data"] for m in lines("read.out", "RECORD")]
assert sorted(r["id"] for r in records) == list(range(1, 1001)), f"{len(records)} records"
assert len({(r["_kafka_partition"], r["_kafka_offset"]) for r in records}) == 1000
assert sum(m["state"]["sourceStats"]["recordCount"] for m in lines("read.out", "STATE")) == 1000
statuses = [m["trace"]["stream_status"]["status"] for m in lines("read.out", "TRACE") if "stream_status" in m["trace"]]
assert (statuses[0], statuses[-1]) == ("STARTED", "COMPLETE"), statuses

metadata = pathlib.Path("metadata.yaml").read_text()
assert f"dockerRepository: {labels['io.airbyte.name']}\n" in metadata, labels
assert f"dockerImageTag: {labels['io.airbyte.version']}\n" in metadata, labels
print("image: spec, check (also by ticket and by token), discover and read are right; 1000 records, each once; labels as in metadata.yaml")
