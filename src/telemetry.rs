//! Logging: one subscriber for the whole process, writing to standard error.
//!
//! Tokens and names are never logged, and what people type only at trace.

use anyhow::{Context, Result};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Sets the subscriber up. A second call in one process changes nothing.
///
/// # Errors
///
/// A filter that cannot be read.
pub fn init(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter)
        .with_context(|| format!("[log] filter = \"{filter}\" cannot be read; try \"warn\" or \"footnote=debug\""))?;
    let colours = std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    // Tests start the application several times in one process.
    let _ = subscriber.try_init();
    Ok(())
}
