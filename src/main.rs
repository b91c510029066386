//! The binary: hands the command line to the library and the outcome to the operating system.

use std::process::ExitCode;

/// librdkafka allocates each message on one thread and frees it on another, which glibc's malloc does badly. Unprefixed,
/// jemalloc serves the C code, too (`docs/decisions.md`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    source_kafka::run(std::env::args_os())
}
