//! The program as a person runs it.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

struct Run {
    output: Output,
}

impl Run {
    fn code(&self) -> i32 {
        self.output.status.code().expect("it ended by itself")
    }

    fn out(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("the program writes UTF-8")
    }

    fn err(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).expect("the program writes UTF-8")
    }

    fn json(&self) -> Vec<Value> {
        self.out().lines().map(|l| serde_json::from_str(l).expect("every line is JSON")).collect()
    }
}

/// Runs the program in an empty folder, so that no configuration is picked up.
fn footnote_in(folder: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_footnote"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("FOOTNOTE_CONFIG")
        .env_remove("DISCORD_TOKEN")
        .env_remove("TELEGRAM_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The program may end before it has read everything, when its arguments are wrong.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("the writer ends");
    Run { output }
}

fn footnote(arguments: &[&str], input: &[u8]) -> Run {
    let folder = tempfile::tempdir().expect("a scratch folder");
    footnote_in(folder.path(), arguments, input)
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn answers_the_question_of_the_readme() {
    let run = footnote(&["ask", "who chairs the CSTO secretariat?"], b"");
    assert_eq!(run.code(), 0);
    assert!(run.out().contains("Stanislav Zas") && run.out().contains("¶3"), "{}", run.out());
    assert!(!run.out().contains('\u{1b}'), "colours only on a terminal");
}

#[test]
fn one_answer_as_json() {
    let run = footnote(&["ask", "--json", "who chairs the CSTO secretariat?"], b"");
    let answer = &run.json()[0];
    assert_eq!(answer["outcome"], "answered");
    assert_eq!(answer["citations"][0], "p3");
}

#[test]
fn explains_its_scores() {
    let ask = footnote(&["ask", "--explain", "who chairs the CSTO secretariat?"], b"").out();
    assert!(ask.contains("nearest way of asking") && ask.contains("entry secretariat-chair"), "{ask}");
    let check = footnote(&["check", "--explain", "Serbia is a full member of the CSTO"], b"").out();
    assert!(check.contains("chance of support by fact"), "{check}");
}

#[test]
fn json_lines_keep_order_and_survive_bad_lines() {
    let mut input = Vec::new();
    input.extend_from_slice(b"{\"id\":\"a\",\"q\":\"who wrote this paper?\"}\n");
    input.extend_from_slice(b"not json\n");
    input.extend_from_slice(b"\xff\xfe broken\n");
    input.extend_from_slice(b"{\"id\":7,\"question\":\"wrong key\"}\n");
    input.extend_from_slice(b"\n[1,2]\n");
    input.extend_from_slice(b"{\"id\":\"b\",\"q\":\"\"}\n");
    input.extend_from_slice("{\"id\":\"c\",\"q\":\"🙃\"}\n".as_bytes());
    input.extend_from_slice(b"{\"id\":\"d\",\"q\":\"when was the CSTO treaty signed?\"}");
    let run = footnote(&["ask", "--jsonl"], &input);
    assert_eq!(run.code(), 0);
    let lines = run.json();
    assert_eq!(lines.len(), 9);
    assert_eq!(lines[0]["id"], "a");
    assert_eq!(lines[0]["outcome"], "answered");
    for at in [1, 2, 4, 5] {
        assert!(lines[at]["error"].is_string(), "{}", lines[at]);
    }
    assert_eq!(lines[3]["id"], 7);
    assert!(lines[3]["error"].is_string());
    assert_eq!(lines[6]["id"], "b");
    assert_ne!(lines[6]["outcome"], "answered");
    assert_ne!(lines[7]["outcome"], "answered");
    assert_eq!(lines[8]["id"], "d");
}

#[test]
fn each_line_is_flushed_before_the_next_is_read() {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(env!("CARGO_BIN_EXE_footnote"))
        .args(["check", "--jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    for id in 0..3 {
        writeln!(stdin, "{{\"id\":{id},\"claim\":\"Serbia is a full member of the CSTO\"}}").expect("written");
        stdin.flush().expect("flushed");
        let mut line = String::new();
        out.read_line(&mut line).expect("an answer comes while the input is open");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(answer["id"], id);
        assert_eq!(answer["verdict"], "contradicted");
    }
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn odd_texts_neither_panic_nor_get_lost() {
    let long = "why ".repeat(25_000);
    for text in
        ["", " ", "?", "🙃", "\u{202e}\u{200f}abc", "a\u{0}b\u{7}", "ﷺ", "¶5", &long, "((((", "<script>", "1 2 3 4 5 6 7 8 9", "….", "'s"]
    {
        for (mode, key) in [("ask", "q"), ("check", "claim")] {
            let mut line = serde_json::to_vec(&serde_json::json!({ "id": 1, key: text })).expect("JSON");
            line.push(b'\n');
            let run = footnote(&[mode, "--jsonl"], &line);
            assert_eq!(run.json().len(), 1, "{mode} {text:.20}");
            assert_eq!(run.json()[0]["id"], 1);
        }
    }
}

#[test]
fn a_conversation_from_a_pipe() {
    let run = footnote(
        &["chat"],
        "who chairs the CSTO secretariat?\n/timeline\n/define LoC\n/sources p3\n/chek x\n\u{0}\n/quit\nnot read\n".as_bytes(),
    );
    assert_eq!(run.code(), 0);
    let out = run.out();
    for expected in ["Stanislav Zas", "1949", "ine of contact", "In our words:", "Did you mean /check?"] {
        assert!(out.contains(expected), "{expected} is missing in {out}");
    }
    assert!(!out.contains("not read"));
}

#[test]
fn run_without_platforms_points_to_chat() {
    let run = footnote(&["run"], b"");
    assert_eq!(run.code(), 2);
    assert!(run.err().contains("footnote chat"), "{}", run.err());
}

#[test]
fn misuse_ends_with_two_and_says_what_to_do() {
    for (arguments, expected) in [
        (vec!["ask"], "Usage"),
        (vec!["chek", "x"], "similar subcommand"),
        (vec!["--knowledge", "missing.toml", "ask", "x"], "cannot read the knowledge file missing.toml"),
        (vec!["--config", "missing.toml", "ask", "x"], "config.example.toml"),
        (vec!["eval", "missing"], "has no cases"),
        (vec!["eval", ".", "--min", "x"], "NAME=VALUE"),
    ] {
        let run = footnote(&arguments, b"");
        assert_eq!(run.code(), 2, "{arguments:?}");
        assert!(run.err().contains(expected), "{arguments:?}: {}", run.err());
    }
}

#[test]
fn knowledge_files_with_faults_are_refused_with_all_of_them() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    for (text, expected) in [
        ("", vec!["there are no entries"]),
        ("this is not toml", vec![":1:"]),
        (
            "[[entry]]\nid = 1\nanswer = \"A.\"\nask = \"x\"\nkinds = \"who\"\n[[gap]]\nid = \"g\"\nask = []\n[papr]\n",
            vec!["bad.toml:2:6", "bad.toml:4:7", "unknown key `kinds`", "`topic` is missing", "did you mean `paper`?"],
        ),
    ] {
        let path = file(&folder, "bad.toml", text);
        let path = path.to_str().expect("UTF-8");
        let run = footnote(&["--knowledge", path, "ask", "x"], b"");
        assert_eq!(run.code(), 2);
        for expected in &expected {
            assert!(run.err().contains(expected), "{expected}: {}", run.err());
        }
        let lint = footnote(&["lint", path], b"");
        assert_eq!(lint.code(), 1, "{}", lint.err());
    }
}

#[test]
fn a_table_is_missed_once_and_known_to_be_old() {
    let folder = tempfile::tempdir().expect("a folder");
    file(&folder, "bank.toml", "[[entry]]\nid = \"a\"\nanswer = \"At nine.\"\nask = [\"when do you open\", \"opening hours\"]\n");
    let lines = b"{\"q\":\"when do you open?\"}\n{\"q\":\"opening hours\"}\n";
    let without = footnote_in(folder.path(), &["--knowledge", "bank.toml", "ask", "--jsonl"], lines);
    assert!(without.json().iter().all(|answer| answer["entry"] == "a"), "{}", without.out());
    assert_eq!(without.err().matches("there is no bank.table").count(), 1, "{}", without.err());
    let rows: Vec<f32> = (0..8).map(|i| i as f32).collect();
    std::fs::write(folder.path().join("bank.table"), footnote::qa::table::Table::write(&["open"], &rows, 8, 7)).expect("writable");
    let with = footnote_in(folder.path(), &["--knowledge", "bank.toml", "ask", "--jsonl"], lines);
    assert!(with.err().is_empty() && with.json().len() == 2, "{}", with.err());
    let linted = footnote_in(folder.path(), &["lint", "bank.toml"], b"");
    assert!(linted.code() == 0 && linted.out().contains("bank.table was trained on another state"), "{}", linted.out());
}

#[test]
fn settings_are_found_and_checked() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let bank = "[[entry]]\nid = \"sky\"\nanswer = \"The sky is blue.\"\nask = [\"what colour is the sky\", \"colour of the sky\"]\n";
    file(&folder, "bank.toml", bank);
    file(&folder, "config.toml", "[knowledge]\npath = \"bank.toml\"\n");
    let run = footnote_in(folder.path(), &["ask", "what colour is the sky?"], b"");
    assert!(run.out().contains("The sky is blue."), "{}{}", run.out(), run.err());
    file(&folder, "config.toml", "[knowledge]\npaht = \"bank.toml\"\n");
    let run = footnote_in(folder.path(), &["ask", "what colour is the sky?"], b"");
    assert_eq!(run.code(), 2);
    assert!(run.err().contains("unknown key `paht`; did you mean `path`?"), "{}", run.err());
}

#[test]
fn the_schema_in_the_tree_is_the_one_of_the_types() {
    let printed = footnote(&["schema"], b"").out();
    let kept = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/schema.json")).expect("it is there");
    assert_eq!(printed, kept, "run `cargo run -- schema > knowledge/schema.json`");
}

#[test]
fn completions_are_printed() {
    let run = footnote(&["completions", "bash"], b"");
    assert_eq!(run.code(), 0);
    assert!(run.out().contains("_footnote"));
}

#[test]
fn eval_is_a_gate() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let case = "{\"id\":\"a\",\"q\":\"who chairs the CSTO secretariat?\",\"kind\":\"who\",\"style\":\"plain\",\"gold\":[\"p3\"],\"must\":[\"\\\\bZas\\\\b\"],\"must_not\":[]}\n";
    file(&folder, "answerable.jsonl", case);
    let path = folder.path().to_str().expect("UTF-8");
    assert_eq!(footnote(&["eval", path, "--min", "cited_accuracy=1"], b"").code(), 0);
    file(&folder, "answerable.jsonl", &case.replace("Zas", "Nobody"));
    let run = footnote(&["eval", path, "--show", "--min", "cited_accuracy=1"], b"");
    assert_eq!(run.code(), 1);
    assert!(run.out().contains("cited_accuracy is 0.000, below 1"), "{}", run.out());
    assert_eq!(footnote(&["eval", path, "--min", "beauty=1"], b"").code(), 2);
}
