//! The dependency rule of ARCHITECTURE.md, read off the sources: which module may name which.

use std::fs;
use std::path::{Path, PathBuf};

/// Module, and those of ours that it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("qa", &["qa"]),
    ("message", &["message"]),
    ("command", &["command", "message"]),
    (
        "app",
        &["adapters", "bot", "cli", "config", "encoder", "eval", "message", "progress", "qa", "report", "suggest", "telemetry", "train"],
    ),
    ("wording", &["wording", "qa", "message", "command"]),
    ("bot", &["bot", "qa", "wording", "message", "command"]),
    ("adapters", &["adapters", "bot", "message", "command", "config"]),
    ("encoder", &["encoder", "qa"]),
    ("train", &["train", "encoder", "progress", "qa"]),
    ("suggest", &["suggest", "qa"]),
    ("progress", &["progress"]),
    ("config", &["config", "qa"]),
    ("telemetry", &["telemetry"]),
    ("eval", &["eval", "bot", "message"]),
    ("report", &["report", "qa"]),
    ("cli", &["cli"]),
];

/// Crate, and the only place of `src` that may name it.
const NAMED_IN: &[(&str, &[&str])] = &[
    ("serenity", &["src/adapters/discord"]),
    ("reqwest", &["src/adapters/discord"]),
    ("teloxide", &["src/adapters/telegram"]),
    ("axum", &["src/adapters/telegram"]),
    ("sqlx", &["src/store"]),
    ("rust_bert", &["src/encoder", "src/train"]),
    ("tch", &["src/encoder", "src/train"]),
    ("rustyline", &["src/adapters/console"]),
    ("clap", &["src/cli.rs", "src/main.rs", "src/app"]),
    ("ariadne", &["src/report.rs"]),
    ("fancy_regex", &["src/eval.rs"]),
];

/// What the core may not do: I/O, waiting, clocks, logging.
const NOT_IN_CORE: &[&str] =
    &["std::fs", "std::net", "std::env", "std::io", "std::process", "std::thread", "std::time", "tracing::", "async fn", "tokio"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Every line of code with its place, comments and test modules left out.
fn code() -> Vec<(String, usize, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lines = Vec::new();
    for file in sources(&root.join("src")) {
        let name = file.strip_prefix(root).expect("under the root").display().to_string();
        let text = fs::read_to_string(&file).expect("readable");
        if name.ends_with("/tests.rs") {
            continue;
        }
        let mut lines_of_file = text.lines().enumerate().peekable();
        while let Some((number, line)) = lines_of_file.next() {
            // Tests beside the code stand at its end; a test module in a file of its own is one line.
            if line.starts_with("#[cfg(test)]") && lines_of_file.peek().is_none_or(|(_, next)| !next.ends_with("tests;")) {
                break;
            }
            let code = line.split("//").next().unwrap_or("").to_owned();
            lines.push((name.clone(), number + 1, code));
        }
    }
    lines
}

fn module(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    inside.split(['/', '.']).next().unwrap_or(inside)
}

#[test]
fn modules_name_only_what_they_may() {
    let mut broken = Vec::new();
    for (file, number, line) in code() {
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == module(&file)) else { continue };
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let named: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list.split(',').map(|n| n.trim().split([':', '}', ' ']).next().unwrap_or("")).collect(),
                None => vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")],
            };
            for name in named.into_iter().filter(|n| !n.is_empty() && !allowed.contains(n)) {
                broken.push(format!("{file}:{number}: `{}` may not name `{name}`", module(&file)));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn platform_crates_are_named_in_one_place() {
    let mut broken = Vec::new();
    for (file, number, line) in code() {
        for (name, places) in NAMED_IN {
            let named = line.contains(&format!("{name}::")) || line.contains(&format!("use {name}"));
            if named && !places.iter().any(|place| file.starts_with(place)) {
                broken.push(format!("{file}:{number}: `{name}` belongs to {}", places.join(", ")));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let mut broken = Vec::new();
    for (file, number, line) in code().into_iter().filter(|(file, _, _)| module(file) == "qa") {
        for word in NOT_IN_CORE.iter().filter(|word| line.contains(**word)) {
            broken.push(format!("{file}:{number}: the core may not use `{word}`"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_console_needs_no_runtime() {
    // The gateway of Discord has one of its own, and says why.
    let may = ["src/app/mod.rs", "src/adapters/discord/gateway.rs"];
    for (file, number, line) in code() {
        let makes = line.contains("runtime::Builder") || line.contains("Builder::new_") || line.contains("Runtime::new");
        assert!(!makes || may.contains(&file.as_str()), "{file}:{number}: only app.rs makes a runtime");
        let waits = line.contains("async ") || line.contains("tokio::");
        let sync = ["src/adapters/console", "src/qa", "src/wording", "src/command", "src/message", "src/eval", "src/report"];
        assert!(!waits || !sync.iter().any(|part| file.starts_with(part)), "{file}:{number}: nothing waits here");
    }
}

#[test]
fn every_file_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in sources(&root.join("src")) {
        let text = fs::read_to_string(&file).expect("readable");
        assert!(text.starts_with("//!"), "{} does not open with what it is", file.display());
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    for (file, number, line) in code() {
        let reads = line.contains("env::var");
        assert!(!reads || file == "src/config.rs", "{file}:{number}: only config.rs reads the environment");
    }
}
