//! The transformer: loading, damage, training, the cache, the hub, and the ranking with it; on a tiny random model, and on
//! the real one where `FOOTNOTE_TEST_MODEL` names its folder.

use crate::harness::tiny_bert;
use crate::knowledge;
use axum::Router;
use axum::extract::Path as UrlPath;
use axum::http::StatusCode;
use axum::routing::get;
use footnote::encoder::bert::{self, Bert};
use footnote::encoder::{Encoder, hub};
use footnote::qa::table::Table;
use footnote::qa::{Answer, Engine};
use footnote::train::{Plan, run};
use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard};
use tempfile::{TempDir, tempdir};

const BANK: &str = r#"
[[entry]]
id = "chair"
answer = "A general chairs it."
ask = ["who chairs the treaty", "who chairs it", "who is in the chair", "chairs who", "what general chairs", "the one who chairs"]
[[entry]]
id = "left"
answer = "They left in 1999."
ask = ["when left the treaty", "when was the treaty left", "left when", "what year left", "when did they leave the treaty", "leaving when"]
[[entry]]
id = "author"
answer = "A scholar wrote it."
ask = ["who wrote the paper", "the paper wrote who", "wrote the paper", "paper by who", "who signed the paper", "the one who wrote"]
"#;

/// Tests that use libtorch's random numbers, of which a process has one stream, take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn tiny() -> TempDir {
    let folder = tempdir().expect("a folder");
    tiny_bert::write(folder.path(), 7);
    folder
}

fn plan(base: &Path, out: &Path, table: Option<PathBuf>) -> Plan {
    Plan {
        base: base.to_owned(),
        out: out.to_owned(),
        table,
        dims: 16,
        epochs: 12,
        table_epochs: 60,
        aside: (5, 6),
        ways: usize::MAX,
        seed: 1,
        threads: 1,
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn embeddings_have_length_one_and_do_not_depend_on_their_neighbours() {
    let _turn = turn();
    let model = Bert::open(tiny().path()).expect("it loads");
    let together = model.encode(&["who left", "when was the paper signed?", "🙃"]).expect("it encodes");
    let alone = model.encode(&["who left"]).expect("it encodes");
    assert!(together.iter().all(|e| (cosine(e, e) - 1.0).abs() < 1e-4));
    assert!(cosine(&together[0], &alone[0]) > 0.9999);
    assert!(model.encode(&[]).expect("nothing is no fault").is_empty());
    assert!(model.encode(&["who ".repeat(5_000).as_str()]).is_ok());
}

#[test]
fn a_damaged_model_is_refused_with_its_file() {
    let _turn = turn();
    for (name, bytes) in [
        ("modules.json", None),
        ("config.json", Some("{")),
        ("1_Pooling/config.json", None),
        ("vocab.txt", None),
        ("model.safetensors", Some("cut off")),
    ] {
        let folder = tiny();
        let path = folder.path().join(name);
        match bytes {
            Some(text) => fs::write(path, text).expect("writable"),
            None => fs::remove_file(path).expect("removable"),
        }
        let error = format!("{:#}", Bert::open(folder.path()).err().expect("it is damaged"));
        assert!(error.contains(name) || error.contains("cannot be loaded"), "{name}: {error}");
    }
}

#[test]
fn training_lowers_the_loss_and_its_weights_load_again() {
    let _turn = turn();
    let (base, out) = (tiny(), tempdir().expect("a folder"));
    let table = out.path().join("bank.table");
    let bank = knowledge(BANK);
    let manifest = run(&bank, &plan(base.path(), out.path(), Some(table.clone()))).expect("it trains");
    let figures = manifest.encoder.expect("the encoder was trained");
    assert!(figures.loss[11] < 0.8 * figures.loss[0], "{figures:?}");
    let tables = manifest.table.expect("a table was made");
    // A step sees a dozen texts with pieces left out, so single losses jump.
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    assert!(mean(&tables.loss[50..]) < 0.7 * mean(&tables.loss[..5]), "{tables:?}");

    let texts = ["who chairs it", "when left"];
    let before = Bert::open(base.path()).expect("it loads").encode(&texts).expect("it encodes");
    let after = Bert::open(out.path()).expect("it loads").encode(&texts).expect("it encodes");
    let again = Bert::open(out.path()).expect("it loads").encode(&texts).expect("it encodes");
    assert_eq!(after, again);
    assert!(cosine(&before[0], &after[0]) < 0.9999, "training changed nothing");
    assert!(cosine(&after[0], &after[1]) < cosine(&before[0], &before[1]), "what differs should move apart");

    // The same plan again is done already; the same seed elsewhere gives the same weights.
    let second = run(&bank, &plan(base.path(), out.path(), None)).expect("it goes on");
    assert_eq!(second.encoder.expect("kept").loss, figures.loss);
    let elsewhere = tempdir().expect("a folder");
    let third = run(&bank, &plan(base.path(), elsewhere.path(), None)).expect("it trains");
    assert_eq!(third.encoder.expect("trained").loss, figures.loss);

    let table = Table::read(Cow::Owned(fs::read(table).expect("written"))).expect("it is whole");
    assert_eq!((table.dims(), table.knowledge()), (16, footnote::encoder::index::fingerprint(&bank)));
    let engine = Engine::new(bank, Some(table));
    let found = engine.answer(&engine.query("who is it that chairs the treaty?", &[]), None);
    assert!(matches!(&found, Answer::Found { entries, .. } if entries[0] == 0), "{found:?}");
}

#[test]
fn too_little_to_train_on_is_said() {
    let (base, out) = (tiny(), tempdir().expect("a folder"));
    let bank = knowledge("[[entry]]\nid = \"a\"\nanswer = \"A.\"\nask = [\"who left\"]\n");
    let error = run(&bank, &plan(base.path(), out.path(), None)).expect_err("one entry").to_string();
    assert!(error.contains("too little"), "{error}");
}

#[tokio::test]
async fn a_model_of_a_hub_is_fetched_once() {
    let folder = tiny();
    let served = folder.path().to_owned();
    let files = Router::new().route(
        "/{owner}/{name}/resolve/main/{*file}",
        get(move |UrlPath((_, _, file)): UrlPath<(String, String, String)>| {
            let path = served.join(file);
            async move { fs::read(path).map_err(|_| StatusCode::NOT_FOUND) }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let hub = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move { axum::serve(listener, files).await });
    let cache = tempdir().expect("a folder");
    let kept = cache.path().to_owned();
    let fetched = tokio::task::spawn_blocking({
        let (hub, kept) = (hub.clone(), kept.clone());
        move || hub::folder("someone/tiny", &kept, &hub)
    })
    .await
    .expect("no panic")
    .expect("it is fetched");
    server.abort();
    {
        let _turn = turn();
        assert!(Bert::open(&fetched).is_ok());
    }
    // Without the server: it is there already.
    assert_eq!(hub::folder("someone/tiny", &kept, &hub).expect("kept"), fetched);
    let missing = tokio::task::spawn_blocking(move || hub::folder("someone/other", &kept, &hub)).await.expect("no panic");
    assert!(format!("{:#}", missing.expect_err("nobody serves it")).contains("[encoder] model"));
}

#[test]
fn the_program_answers_with_the_encoder_and_keeps_its_index() {
    let (model, folder) = (tiny(), tempdir().expect("a folder"));
    fs::write(folder.path().join("bank.toml"), BANK).expect("writable");
    let config = format!("[encoder]\nbackend = \"bert\"\nmodel = \"{}\"\ncache = \"cache\"\n", model.path().display());
    fs::write(folder.path().join("config.toml"), config).expect("writable");
    let footnote = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_footnote")).args(arguments).current_dir(folder.path()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, _, said) = footnote(&["--knowledge", "bank.toml", "index"]);
    assert_eq!(code, Some(0), "{said}");
    let kept: Vec<_> = fs::read_dir(folder.path().join("cache")).expect("a cache").collect();
    assert_eq!(kept.len(), 1);
    let (_, explained, said) = footnote(&["--knowledge", "bank.toml", "ask", "--explain", "who wrote the paper"]);
    assert!(explained.contains("similarity of meaning"), "{explained}{said}");
    let (code, suggested, said) = footnote(&["--knowledge", "bank.toml", "suggest", "--text", "bank.toml"]);
    assert!(code == Some(0) && suggested.contains("Terms of the text that no entry has"), "{suggested}{said}");
    fs::remove_file(model.path().join("vocab.txt")).expect("removable");
    let (code, _, said) = footnote(&["--knowledge", "bank.toml", "ask", "who wrote the paper"]);
    assert!(code == Some(2) && said.contains("vocab.txt"), "{said}");
}

/// Cosines of the published model, computed by a forward pass written out in numpy over the same weights.
#[test]
fn the_real_model_agrees_with_its_reference() {
    let _turn = turn();
    let Ok(folder) = std::env::var("FOOTNOTE_TEST_MODEL") else { return };
    let texts = [
        "Who chairs the secretariat?",
        "Which general heads the office?",
        "When did Azerbaijan leave the treaty?",
        "In what year did Baku quit the pact?",
        "How do I bake bread?",
    ];
    bert::set_threads(1);
    let rows = Bert::open(Path::new(&folder)).expect("it loads").encode(&texts).expect("it encodes");
    for (a, b, reference) in [(0, 1, 0.428_671), (2, 3, 0.630_730), (0, 4, 0.004_563), (1, 2, 0.132_796)] {
        let value = cosine(&rows[a], &rows[b]);
        assert!((value - reference).abs() < 1e-4, "{} / {}: {value} instead of {reference}", texts[a], texts[b]);
    }
}
