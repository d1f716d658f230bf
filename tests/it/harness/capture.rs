//! Requests that reached a fake, and its answers, written as JSON Lines where `FOOTNOTE_CAPTURE` names a file, so that
//! both can be checked against a platform's published description.

use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{LazyLock, Mutex};

static FILE: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
    let path = std::env::var_os("FOOTNOTE_CAPTURE")?;
    Some(Mutex::new(OpenOptions::new().create(true).append(true).open(path).expect("the capture can be written")))
});

/// Writes a request down, with what it was answered.
pub fn write(method: &str, path: &str, query: &str, content_type: &str, body: &str, status: u16, answer: &Value) {
    if let Some(file) = &*FILE {
        let answer = if answer.is_null() { String::new() } else { answer.to_string() };
        let line = json!({
            "method": method, "path": path, "query": query, "ct": content_type, "body": body,
            "status": status, "rct": "application/json", "rbody": answer,
        });
        writeln!(file.lock().expect("not poisoned"), "{line}").expect("written");
    }
}
