//! How faults of a knowledge file are shown to a curator: the line, a mark under the place, and what to do.

use crate::qa::load::{Fault, Severity, Source};
use ariadne::{Config, IndexType, Label, Report, ReportKind, Source as Text};
use std::io::{self, Write};

/// Writes all faults, and a line that counts them.
///
/// # Errors
///
/// Only when writing fails.
pub fn write(faults: &[Fault], sources: &[Source], colour: bool, mut out: impl Write) -> io::Result<()> {
    for fault in faults {
        let Some(source) = sources.get(fault.source) else { continue };
        let kind = match fault.severity {
            Severity::Error => ReportKind::Error,
            Severity::Warning => ReportKind::Warning,
        };
        let name = source.name.as_str();
        let mut report = Report::build(kind, (name, fault.span.clone()))
            .with_config(Config::default().with_index_type(IndexType::Byte).with_color(colour))
            .with_message(&fault.message)
            .with_label(Label::new((name, fault.span.clone())).with_message("here"));
        if let Some(help) = &fault.help {
            report = report.with_help(help);
        }
        report.finish().write((name, Text::from(source.text.as_str())), &mut out)?;
    }
    let errors = faults.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = faults.len() - errors;
    writeln!(out, "{}, {}", counted(errors, "fault"), counted(warnings, "warning"))
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
