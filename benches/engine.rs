//! How long the core takes: loading, answering, checking; with the built-in paper and with 10,000 made-up entries.
//! Every bench asserts its result inside the loop, so that a wrong fast path cannot look good.

// A bench may fail loudly.
#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use footnote::qa::load::{Source, parse};
use footnote::qa::table::Table;
use footnote::qa::{Answer, Engine, Verdict};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

const QUESTIONS: [(&str, &str); 20] = [
    ("who wrote this paper?", "author-name"),
    ("when was it published", "paper-date"),
    ("who chairs the CSTO secretariat?", "secretariat-chair"),
    ("which countries are members of the CSTO", "csto-members"),
    ("what does CRRF stand for", "crrf-meaning"),
    ("when did Azerbaijan leave the treaty", "azerbaijan-left-when"),
    ("why did Azerbaijan leave the treaty", "azerbaijan-left-why"),
    ("who sells Azerbaijan most of its arms", "azerbaijan-arms-main"),
    ("how many Russian troops were to take part in Kavkaz-2020", "kavkaz-russian-troops"),
    ("was Turkey invited to Kavkaz-2020", "kavkaz-turkey"),
    ("who is Hikmet Hajiyev", "hajiyev"),
    ("what does article 4 say", "article4-what"),
    ("when was the NATO Charter signed", "nato-charter-year"),
    ("which plane carried the arms", "arms-flights-plane"),
    ("through whose airspace did the flights go", "arms-flights-route"),
    ("what does CSCE stand for", "csce-meaning"),
    ("how many occupied districts are there", "occupied-districts-number"),
    ("where were the July 2020 clashes", "clashes-where"),
    ("is Serbia a member of the CSTO", "csto-serbia"),
    ("when was Crimea annexed", "crimea-when"),
];

const CLAIMS: [(&str, Verdict); 20] = [
    ("Serbia is a full member of the CSTO.", Verdict::Contradicted),
    ("Azerbaijan withdrew from the treaty in 1999.", Verdict::Supported),
    ("The NATO Charter was signed in 1949.", Verdict::Supported),
    ("The CSTO has six members.", Verdict::Supported),
    ("The rapid reaction forces came in 2009.", Verdict::Supported),
    ("General Zas chairs the CSTO Secretariat.", Verdict::Supported),
    ("Moscow annexed Crimea in 2014.", Verdict::Supported),
    ("Armenia appealed to the CSTO on July 13.", Verdict::Supported),
    ("The emergency meeting was postponed indefinitely.", Verdict::Supported),
    ("Most of Baku's arms come from Russia.", Verdict::Supported),
    ("Kavkaz-2020 was planned for September.", Verdict::Supported),
    ("Personnel from 18 states were invited.", Verdict::Supported),
    ("Turkey and Syria were both invited to Kavkaz-2020.", Verdict::Supported),
    ("Most of Baku's arms come from Israel.", Verdict::Contradicted),
    ("The NATO Charter was signed in 1992.", Verdict::Contradicted),
    ("Belarus refuses to arm Azerbaijan.", Verdict::Contradicted),
    ("The flights went through Georgian airspace.", Verdict::Contradicted),
    ("Afghanistan is a full member of the CSTO.", Verdict::Contradicted),
    ("Russian peacekeepers came to Karabakh in November 2020.", Verdict::NotAddressed),
    ("The CSTO's headquarters are in Moscow.", Verdict::NotAddressed),
];

fn paper() -> Vec<Source> {
    footnote::app::sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/strakes-2020")).expect("the paper is there")
}

/// A bank of made-up entries, each with ten ways of asking.
fn synthetic(entries: usize) -> Vec<Source> {
    const DEEDS: [&str; 20] = [
        "change", "find", "cancel", "print", "share", "renew", "delete", "copy", "track", "move", "archive", "rename", "export", "lock",
        "open", "sign", "merge", "split", "hide", "sort",
    ];
    const FRAMES: [&str; 10] = [
        "how do I {} my {}",
        "I want to {} the {}",
        "{} {} please",
        "where can I {} a {}",
        "can you {} this {}",
        "steps to {} an old {}",
        "is it possible to {} the {} online",
        "help me {} my {}",
        "need to {} {} today",
        "what is the way to {} a {}",
    ];
    let mut text = String::new();
    for number in 0..entries {
        let (deed, topic) = (DEEDS[number % DEEDS.len()], format!("topic{}", letters(number / DEEDS.len())));
        let ways: Vec<String> = FRAMES.iter().map(|f| format!("{:?}", f.replacen("{}", deed, 1).replacen("{}", &topic, 1))).collect();
        let _ = writeln!(text, "[[entry]]\nid = \"{deed}-{topic}\"\nanswer = \"To {deed} it, open {topic}.\"\nask = [{}]", ways.join(", "));
    }
    vec![Source { name: "synthetic.toml".into(), text }]
}

fn letters(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..3 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

fn first(engine: &Engine, question: &str) -> Option<String> {
    match engine.answer(&engine.query(question, &[]), None) {
        Answer::Found { entries, .. } => engine.entry(entries[0]).map(|e| e.id.clone()),
        _ => None,
    }
}

fn benches(c: &mut Criterion) {
    let sources = paper();
    c.bench_function("load and index the paper from its files", |b| {
        b.iter(|| {
            let knowledge = parse(black_box(&sources)).expect("no faults");
            assert!(Engine::new(knowledge, None).knowledge().entries.len() >= 200);
        });
    });
    c.bench_function("start: the built-in paper, ready to answer", |b| {
        b.iter(|| assert!(footnote::app::bot(None).expect("built in").engine().knowledge().entries.len() >= 200));
    });
    let engine = Engine::new(parse(&sources).expect("no faults"), None);
    let bot = footnote::app::bot(None).expect("built in");
    for (name, engine) in [("by words", &engine), ("with the table", bot.engine())] {
        c.bench_function(&format!("answer 20 questions, {name}"), |b| {
            b.iter(|| {
                for (question, id) in QUESTIONS {
                    assert_eq!(first(engine, black_box(question)).as_deref(), Some(id), "{question}");
                }
            });
        });
    }
    c.bench_function("check 20 claims", |b| {
        b.iter(|| {
            for (claim, verdict) in CLAIMS {
                assert_eq!(engine.check(black_box(claim), None).verdict, verdict, "{claim}");
            }
        });
    });
    let large = parse(&synthetic(10_000)).expect("no faults");
    let bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/knowledge/strakes-2020.table")).expect("the table is there");
    let table = Table::read(Cow::Owned(bytes)).expect("no faults");
    for (name, table) in [("by words", None), ("with the table", Some(table))] {
        let large = Engine::new(large.clone(), table);
        c.bench_function(&format!("answer one question among 10,000 entries, {name}"), |b| {
            b.iter(|| assert_eq!(first(&large, black_box("hi, how could I renew my topicdba?")).as_deref(), Some("renew-topicdba")));
        });
    }
}

criterion_group! {
    name = engine;
    config = Criterion::default().sample_size(20);
    targets = benches
}
criterion_main!(engine);
