//! The program: reads the command line, does what it says, and turns failures into one message and exit code 2.

use clap::Parser;
use footnote::cli::Cli;
use std::io;
use std::process::ExitCode;

/// Exit code for misuse: a bad command line, configuration or knowledge file.
const MISUSE: u8 = 2;

fn main() -> ExitCode {
    match footnote::app::run(Cli::parse()) {
        Ok(code) => code,
        // Whoever reads our output has read enough, as `head` does.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("footnote: {error:#}");
            ExitCode::from(MISUSE)
        }
    }
}
