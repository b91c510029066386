//! The binary: hands the command line to the library and the outcome to the operating system.

use std::process::ExitCode;

/// librdkafka allocates each message on one thread and frees it on another, which glibc's malloc does badly; the
/// `override` feature puts mimalloc under the C code, too (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    source_kafka::run(std::env::args_os())
}
