//! Loads and indexes the built-in paper when the program is built, so that starting costs milliseconds and a fault in
//! the knowledge stops the build. It compiles the core, `src/qa`, a second time; the core names nothing outside itself.

#[allow(dead_code, unused_imports)]
#[path = "src/qa/mod.rs"]
mod qa;

use qa::load::{self, Source};
use qa::table::Table;
use std::borrow::Cow;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// The built-in paper.
const FOLDER: &str = "knowledge/strakes-2020";
/// Its table of word-piece vectors; words alone decide without it.
const TABLE: &str = "knowledge/strakes-2020.table";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={FOLDER}");
    println!("cargo:rerun-if-changed={TABLE}");
    println!("cargo:rerun-if-changed=src/qa");
    println!("cargo:rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    // With the feature `bert`: programs and tests find libtorch where it was when they were built.
    if let Some(folder) = env::var_os("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.to_string_lossy());
    }
    let mut sources = Vec::new();
    for entry in fs::read_dir(FOLDER)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            sources.push(Source { name: path.display().to_string(), text: fs::read_to_string(&path)? });
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    let knowledge = load::parse(&sources).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|f| f.line(&sources)).collect();
        format!("the built-in knowledge has faults:\n{}", lines.join("\n"))
    })?;
    let bytes = if Path::new(TABLE).exists() { fs::read(TABLE)? } else { Vec::new() };
    let table = match bytes.is_empty() {
        true => None,
        false => Some(Table::read(Cow::Owned(bytes.clone())).map_err(|fault| format!("{TABLE} cannot be used: {fault}"))?),
    };
    let mut engine = qa::Engine::new(knowledge, table);
    let knowledge = postcard::to_allocvec(engine.knowledge())?;
    engine.lighten();
    let out = env::var("OUT_DIR")?;
    let write = |name: &str, bytes: &[u8]| fs::write(Path::new(&out).join(name), bytes);
    // A small program is worth seconds only where it is kept.
    let level = if env::var("PROFILE")? == "release" { 19 } else { 3 };
    let paper = postcard::to_allocvec(&engine)?;
    let vectors = engine.meaning().map(|m| m.vectors().bytes()).unwrap_or_default();
    for (name, bytes) in [("paper.zst", paper.as_slice()), ("vectors.zst", vectors), ("knowledge.zst", &knowledge)] {
        // Its size first, so that it is unpacked in one piece.
        write(name, &[&(bytes.len() as u32).to_le_bytes()[..], &zstd::bulk::compress(bytes, level)?].concat())?;
    }
    write("paper.table", &bytes)?;
    Ok(())
}
