//! The command line, as Airbyte's platform and its tools use it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Reads Apache Kafka topics into Airbyte records.
#[derive(Debug, Parser)]
#[command(name = "source-kafka", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Airbyte's four commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what can be configured
    Spec,
    /// Try the configuration
    Check(ConfigFile),
    /// List the topics and their columns
    Discover(ConfigFile),
    /// Read topics
    Read {
        /// where to connect to
        #[command(flatten)]
        config: ConfigFile,
        /// The configured catalog
        #[arg(long, value_name = "FILE")]
        catalog: PathBuf,
        /// The state to go on from
        #[arg(long, value_name = "FILE")]
        state: Option<PathBuf>,
    },
}

/// The file that every command but `spec` needs.
#[derive(Debug, Args)]
pub struct ConfigFile {
    /// The configuration
    #[arg(long = "config", value_name = "FILE")]
    pub path: PathBuf,
}

/// The options that we know, each with a value.
const OPTIONS: [&str; 3] = ["--config", "--catalog", "--state"];

/// Reads the command line. Platforms add options over time: what is unknown is left out, not refused.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(known(arguments))
}

fn known(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let mut known: Vec<OsString> = arguments.next().into_iter().collect();
    let mut command = None;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if OPTIONS.contains(&text.as_ref()) {
            // `spec` takes no file, but tools pass them all the same.
            let value = arguments.next();
            if takes(command.as_deref(), &text) {
                known.push(argument);
                known.extend(value);
            }
        } else if let Some((name, _)) = text.split_once('=').filter(|(name, _)| OPTIONS.contains(name)) {
            if takes(command.as_deref(), name) {
                known.push(argument);
            }
        } else if ["--help", "-h", "--version", "-V"].contains(&text.as_ref()) {
            known.push(argument);
        } else if command.is_none() && !text.starts_with('-') {
            command = Some(text.into_owned());
            known.push(argument);
        }
    }
    known
}

fn takes(command: Option<&str>, option: &str) -> bool {
    match command {
        Some("spec") => false,
        Some("check" | "discover") => option == "--config",
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Cli {
        parse(line.split(' ').map(OsString::from)).unwrap()
    }

    #[test]
    fn unknown_options_are_tolerated() {
        assert!(matches!(parsed("source-kafka spec --debug --config c.json").command, Command::Spec));
        let read = parsed("source-kafka read --new-flag x --config=c --catalog k --other --state s --more=1");
        let Command::Read { config, catalog, state } = read.command else { panic!("{read:?}") };
        assert_eq!((config.path, catalog, state), ("c".into(), "k".into(), Some("s".into())));
        assert!(matches!(parsed("source-kafka check --catalog k --config c").command, Command::Check(_)));
    }

    #[test]
    fn what_is_needed_is_demanded() {
        assert!(parse(["source-kafka", "read", "--config", "c"].map(OsString::from)).is_err());
        assert!(parse(["source-kafka"].map(OsString::from)).is_err());
        assert!(parse(["source-kafka", "write"].map(OsString::from)).is_err());
    }
}
