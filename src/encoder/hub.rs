//! Where a model comes from: a folder, or the name of one on a model hub, which is downloaded once.

use super::bert::FILES;
use anyhow::{Context, Result};
use rust_bert::resources::{RemoteResource, ResourceProvider};
use std::fs;
use std::path::{Path, PathBuf};

/// The hub that names are looked up at.
pub const HUB: &str = "https://huggingface.co";

/// The folder of a model: `model` itself if it is one, otherwise the model of that name at the hub, kept below `cache`.
///
/// # Errors
///
/// A name that the hub does not have, or a hub that cannot be reached.
pub fn folder(model: &str, cache: &Path, hub: &str) -> Result<PathBuf> {
    let local = Path::new(model);
    if local.is_dir() {
        return Ok(local.to_owned());
    }
    let folder = cache.join("models").join(model.replace('/', "--"));
    for (number, name) in FILES.iter().enumerate() {
        let path = folder.join(name);
        if path.is_file() {
            continue;
        }
        eprintln!("downloading {model}, file {} of {}: {name}", number + 1, FILES.len());
        let url = format!("{hub}/{model}/resolve/main/{name}");
        let fetched = RemoteResource::new(&url, "footnote").get_local_path().with_context(|| {
            format!("there is no folder {model}, and {url} cannot be fetched; name a local folder under [encoder] model")
        })?;
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::copy(&fetched, &path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}
