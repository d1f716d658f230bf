//! What a person sees while something takes long.

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar on standard error; silent where that is no terminal.
pub fn progress(label: &'static str, length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {eta} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style).with_prefix(label)
}
