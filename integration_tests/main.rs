//! The fast tier: the built binary against a broker inside the test's process. No network, no services.
//!
//! Every test runs the binary as the platform does and reads back what it writes; each line of each run goes through
//! `protocol`. What the mock broker cannot show (transactions, compaction, retention, times) is tested in `real/`.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr)]

// What the tests stand on.
mod broker;
mod catalog;
mod harness;
mod protocol;
mod run;

// The four commands, and the command line.
mod check;
mod discover;
mod read;
mod spec;

// What read makes of messages: columns, formats, headers; those that are bad.
mod columns;
mod values;

// Where a sync begins and where it ends.
mod limits;
mod resume;

// Killed, terminated, closed, full; brokers that go and come back.
mod faults;
mod interruption;

// The size of things: many partitions, large messages.
mod size;

// What users read when something is wrong.
mod messages;

// The library's reader, where the binary would show a mistake only now and then.
mod library;
