//! Loads and indexes the built-in paper when the program is built, so that starting costs milliseconds and a fault in
//! the knowledge stops the build. It compiles the core, `src/qa`, a second time; the core names nothing outside itself.

#[allow(dead_code, unused_imports)]
#[path = "src/qa/mod.rs"]
mod qa;

use qa::load::{self, Source};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// The built-in paper.
const FOLDER: &str = "knowledge/strakes-2020";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={FOLDER}");
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
    let engine = postcard::to_allocvec(&qa::Engine::new(knowledge))?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("paper.bin"), engine)?;
    Ok(())
}
