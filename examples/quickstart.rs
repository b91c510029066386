//! Shows the connector at work: `scripts/quickstart` builds both and runs this with the connector's path.
//!
//! A Kafka cluster of librdkafka's own, made for tests, lives in this process; the connector runs as a child and reads
//! from it as it would from any other. Ends with an error when anything is not as the text says.

#![allow(clippy::print_stdout, reason = "a demonstration talks; the connector itself has one writer")]
#![allow(clippy::indexing_slicing, reason = "of JSON values only: what is not there is null, and is noticed")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::{Value, json};

const TOPIC: &str = "orders";
const PARTITIONS: i32 = 3;
const FIRST: u32 = 12;
const MORE: u32 = 5;
const CUSTOMERS: [&str; 5] = ["Ada", "Blaise", "Chiara", "Dilip", "Émilie"];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let binary = fs::canonicalize(std::env::args_os().nth(1).ok_or("usage: quickstart PATH-OF-SOURCE-KAFKA")?)?;
    let cluster = MockCluster::new(1)?;
    cluster.create_topic(TOPIC, PARTITIONS, 1)?;
    let brokers = cluster.bootstrap_servers();
    produce(&brokers, 0..FIRST)?;
    println!(
        "A small Kafka runs inside this demonstration, at {brokers}.\n\
         Its topic `{TOPIC}` has {PARTITIONS} partitions and {FIRST} messages, each with a key and a header."
    );

    let folder = tempfile::tempdir()?;
    let connector = Connector { binary: &binary, folder: folder.path() };
    let config = json!({
        "bootstrap_servers": brokers,
        "protocol": { "security_protocol": "PLAINTEXT" },
        "subscription": { "subscription_type": "topics", "topics": [TOPIC] },
        "MessageFormat": { "deserialization_type": "JSON" },
    });

    specification(&connector)?;
    check(&connector, &config)?;
    let stream = discover(&connector)?;

    heading(4, "Read everything");
    connector.file("catalog", &catalog(&stream))?;
    let first = read(&connector, &["config", "catalog"], FIRST)?;

    heading(5, &format!("{MORE} more messages arrive; read on from the state of the first sync"));
    produce(&brokers, FIRST..FIRST + MORE)?;
    connector.file("state", &json!([first.state]))?;
    let second = read(&connector, &["config", "catalog", "state"], MORE)?;

    let both: BTreeSet<_> = first.ids.union(&second.ids).copied().collect();
    ensure(both == (0..u64::from(FIRST + MORE)).collect(), "a message is missing, or was read twice")?;
    println!(
        "\nDone: {} messages were read in two syncs, each exactly once.\n\
         Next: put your brokers into the configuration above; README.md goes on from here.",
        both.len()
    );
    Ok(())
}

fn specification(connector: &Connector<'_>) -> Outcome<()> {
    heading(1, "What can be configured");
    let spec = one(connector.run("spec", &[])?, "SPEC")?;
    let form = &spec["spec"]["connectionSpecification"];
    for group in form["groups"].as_array().ok_or("the specification has no groups")? {
        let fields: Vec<_> = properties(form)
            .filter(|(_, field)| field["group"] == group["id"] && field["airbyte_hidden"] != true)
            .map(|(name, _)| name.as_str())
            .collect();
        println!("   {:<16} {}", text(&group["title"]), fields.join(", "));
    }
    println!("   required: {}", form["required"]);
    ensure(form["required"].as_array().is_some_and(|names| !names.is_empty()), "the specification requires nothing")
}

fn check(connector: &Connector<'_>, config: &Value) -> Outcome<()> {
    heading(2, "Does the connection work?");
    println!("   config.json is\n{}", indented(&serde_json::to_string_pretty(config)?));
    connector.file("config", config)?;
    let status = one(connector.run("check", &["config"])?, "CONNECTION_STATUS")?;
    println!("   {}", status["connectionStatus"]);
    ensure(status["connectionStatus"]["status"] == "SUCCEEDED", "`check` did not succeed")
}

fn discover(connector: &Connector<'_>) -> Outcome<Value> {
    heading(3, "Which streams and columns are there?");
    let catalog = one(connector.run("discover", &["config"])?, "CATALOG")?;
    let stream = catalog["catalog"]["streams"][0].clone();
    ensure(stream["name"] == TOPIC, "the topic was not found")?;
    println!("   stream `{TOPIC}`");
    for (name, column) in properties(&stream["json_schema"]) {
        println!("      {name:<24} {}", column["type"]);
    }
    println!("   primary key {}, cursor {}", stream["source_defined_primary_key"], stream["default_cursor_field"]);
    Ok(stream)
}

struct Sync {
    ids: BTreeSet<u64>,
    state: Value,
}

fn read(connector: &Connector<'_>, files: &[&str], expected: u32) -> Outcome<Sync> {
    let lines = connector.run("read", files)?;
    let records: Vec<_> = lines.iter().filter(|line| line["type"] == "RECORD").collect();
    for record in records.iter().take(2) {
        println!("   {record}");
    }
    let mut by_partition = BTreeMap::new();
    for record in &records {
        *by_partition.entry(record["record"]["data"]["_kafka_partition"].as_i64()).or_insert(0) += 1;
    }
    let counts: Vec<_> = by_partition.iter().map(|(p, n)| format!("{n} of partition {}", p.unwrap_or(-1))).collect();
    println!("   … {} records: {}", records.len(), counts.join(", "));
    ensure(u32::try_from(records.len())? == expected, &format!("{} records, not {expected}", records.len()))?;

    let complete = lines.iter().any(|line| line["trace"]["stream_status"]["status"] == "COMPLETE");
    ensure(complete, "the stream did not complete")?;
    let state = lines.iter().rfind(|line| line["type"] == "STATE").ok_or("no state")?["state"].clone();
    println!("   state.json for the next sync: {}", state["stream"]["stream_state"]);

    let ids: Option<BTreeSet<_>> = records.iter().map(|record| record["record"]["data"]["id"].as_u64()).collect();
    let ids = ids.ok_or("a record without its `id`")?;
    ensure(ids.len() == records.len(), "a record came twice")?;
    Ok(Sync { ids, state })
}

/// What the platform makes of a discovered stream.
fn catalog(stream: &Value) -> Value {
    json!({ "streams": [{
        "stream": stream,
        "sync_mode": "incremental",
        "destination_sync_mode": "append_dedup",
        "cursor_field": stream["default_cursor_field"],
        "primary_key": stream["source_defined_primary_key"],
    }] })
}

/// The connector, and the folder with the files it is given.
struct Connector<'a> {
    binary: &'a Path,
    folder: &'a Path,
}

impl Connector<'_> {
    fn file(&self, name: &str, content: &Value) -> Outcome<()> {
        Ok(fs::write(self.folder.join(format!("{name}.json")), content.to_string())?)
    }

    /// Runs a command and shows it; its messages, which are all it may write.
    fn run(&self, command: &str, files: &[&str]) -> Outcome<Vec<Value>> {
        let mut child = Command::new(self.binary);
        child.arg(command).current_dir(self.folder);
        print!("   $ source-kafka {command}");
        for name in files {
            print!(" --{name} {name}.json");
            child.arg(format!("--{name}")).arg(format!("{name}.json"));
        }
        println!();
        let output = child.output().map_err(|error| format!("{} does not start: {error}", self.binary.display()))?;
        let written = String::from_utf8(output.stdout)?;
        ensure(
            output.status.success() && output.stderr.is_empty(),
            &format!("{}\n{written}{}", output.status, String::from_utf8_lossy(&output.stderr)),
        )?;
        written.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

fn produce(brokers: &str, orders: std::ops::Range<u32>) -> Outcome<()> {
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    for id in orders {
        let key = format!("customer-{}", id % 5);
        let value = json!({
            "id": id,
            "customer": CUSTOMERS.get(id as usize % CUSTOMERS.len()),
            "total": f64::from(id) * 2.5 + 9.9,
            "items": [{ "sku": format!("book-{id}"), "count": id % 3 + 1 }],
            "paid": id % 4 != 0,
        })
        .to_string();
        let headers = OwnedHeaders::new().insert(Header { key: "source", value: Some("web") });
        let message = BaseRecord::to(TOPIC).key(&key).payload(&value).headers(headers);
        producer.send(message).map_err(|(error, _)| error)?;
    }
    Ok(producer.flush(Duration::from_secs(10))?)
}

fn heading(number: u8, title: &str) {
    println!("\n{number}. {title}");
}

fn one(messages: Vec<Value>, kind: &str) -> Outcome<Value> {
    let found = messages.into_iter().find(|message| message["type"] == kind);
    Ok(found.ok_or_else(|| format!("no {kind} message"))?)
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}

fn ensure(holds: bool, otherwise: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
