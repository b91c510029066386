//! `spec`, and the command line as platforms use it.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::broker::{Broker, numbered};
use crate::catalog::Configured;
use crate::harness::Connector;
use crate::protocol::Message;

/// Nothing listens there, and nothing needs to.
const NOWHERE: &str = "localhost:1";

#[test]
fn spec_is_one_line_with_the_committed_specification() {
    let run = Connector::at(NOWHERE).run(&["spec"]).succeeds();
    let [Message::Spec { spec }] = run.messages.as_slice() else { panic!("not one SPEC") };
    let committed: Value = serde_json::from_str(include_str!("../spec.json")).unwrap();
    assert_eq!(spec.connection_specification, committed["connectionSpecification"]);
    // The platform looks for it in the first 2 MiB.
    assert!(run.stdout.len() < 1024 * 1024);
}

#[test]
fn the_specification_accepts_the_configurations_of_these_tests() {
    let run = Connector::at(NOWHERE).run(&["spec"]).succeeds();
    let [Message::Spec { spec }] = run.messages.as_slice() else { panic!("not one SPEC") };
    let schema = jsonschema::draft7::new(&spec.connection_specification).unwrap();
    let mut connector = Connector::at(NOWHERE).with_format("JSON").with("on_bad_message", "rescue");
    assert!(schema.is_valid(&Value::Object(connector.config.clone())));
    connector.set("on_bad_message", "explode");
    assert!(!schema.is_valid(&Value::Object(connector.config.clone())));
}

#[test]
fn spec_does_not_look_at_files_that_it_is_given() {
    Connector::at(NOWHERE).run(&["spec", "--config", "no-such-file", "--catalog", "nor-this"]).succeeds();
}

#[test]
fn options_that_nobody_knows_are_tolerated_by_every_command() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let connector = Connector::to(&broker).with_arguments(&["--debug", "--future-option", "x", "--other=1"]);
    connector.run(&["spec"]).succeeds();
    assert_eq!(connector.check().succeeds().outcome().0, "SUCCEEDED");
    let catalog = connector.catalog();
    assert_eq!(connector.read(&catalog).succeeds().records("orders").len(), 3);
}

#[test]
fn options_may_be_written_with_an_equals_sign() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let connector = Connector::to(&broker);
    let catalog = Configured::numbers(&["orders"]);
    let [_, _, config, _, catalog_path] = connector.read_arguments(&catalog);
    let run = connector.run(&["read", &format!("--config={config}"), &format!("--catalog={catalog_path}")]).succeeds();
    assert_eq!(run.records("orders").len(), 3);
}

#[test]
fn help_and_version_are_for_people() {
    let connector = Connector::at(NOWHERE);
    for (option, expected) in [("--help", "Usage: source-kafka <COMMAND>"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let mut command = connector.command(&[option]);
        command.stdout(Stdio::piped());
        let ended = connector.start(command).wait();
        assert!(ended.status.success());
        assert!(String::from_utf8(ended.stdout).unwrap().contains(expected), "{option}");
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn an_unknown_field_of_the_form_is_a_warning_that_names_the_nearest() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let run = Connector::to(&broker).with("on_bad_mesage", json!("skip")).check().succeeds();
    assert_eq!(run.outcome().0, "SUCCEEDED");
    let warning = run.log_text("WARN");
    assert!(warning.contains("on_bad_mesage") && warning.contains("on_bad_message"), "{warning}");
}

#[test]
fn log_level_of_the_environment_is_honoured() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let logged = |level: Option<&str>| {
        let connector = Connector::to(&broker).with("nonsense", true);
        let connector = match level {
            Some(level) => connector.with_environment("LOG_LEVEL", level),
            None => connector,
        };
        let run = connector.read(&Configured::numbers(&["orders"])).succeeds();
        let mut levels: Vec<String> = run.logs().map(|log| log.level.clone()).collect();
        levels.sort();
        levels.dedup();
        levels
    };
    assert_eq!(logged(None), ["INFO", "WARN"]);
    assert_eq!(logged(Some("warn")), ["WARN"]);
    assert_eq!(logged(Some("ERROR")), [""; 0]);
    // A check that fails tells the chain of causes.
    let failing = Connector::to(&broker).with_topics(&["no-such-topic"]);
    assert_eq!(failing.check().succeeds().log_text("DEBUG"), "");
    let run = failing.with_environment("LOG_LEVEL", "debug").check().succeeds();
    assert!(run.log_text("DEBUG").contains("no-such-topic"), "{}", run.log_text("DEBUG"));
    assert_eq!(run.log_text("TRACE"), "");
}
