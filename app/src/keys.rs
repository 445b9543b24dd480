//! The keys of an instance: printed for the settings, or kept in the state directory for `dev`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use reel_auth::{AuthSettings, InternalKey, SigningKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::cli::KeysOptions;

#[derive(Serialize, Deserialize)]
struct KeyFile {
    signing_key: String,
    internal_key: String,
}

/// `reelgraph keys`: prints a new set in the form of the settings file, or of environment variables.
pub(crate) fn run(options: &KeysOptions) -> Result<(), Failure> {
    let (signing, internal) = (SigningKey::generate(), InternalKey::generate());
    let (signing_key, internal_key) = (signing.to_setting(), internal.to_setting());
    let (secret, shared) = (signing_key.expose_secret(), internal_key.expose_secret());
    let public = signing.public_key().to_setting();
    println!("# Keep these secret, except for public_keys. Only the user domain needs signing_key.");
    if options.env {
        // Single quotes are understood alike by shells, by Compose and by systemd.
        println!("REELGRAPH__AUTH__SIGNING_KEY='{secret}'");
        println!("REELGRAPH__AUTH__PUBLIC_KEYS='[\"{public}\"]'");
        println!("REELGRAPH__AUTH__INTERNAL_KEY='{shared}'");
    } else {
        println!("auth:\n  signing_key: {secret}\n  public_keys: [{public}]\n  internal_key: {shared}");
    }
    Ok(())
}

/// Fills in the keys that the settings leave out, from the state directory, where the first start puts new ones.
pub(crate) fn complete(auth: &mut AuthSettings, state_dir: &Path) -> anyhow::Result<()> {
    if auth.signing_key.is_none() || auth.internal_key.is_none() {
        let file = kept(state_dir)?;
        auth.signing_key.get_or_insert_with(|| SecretString::from(file.signing_key));
        auth.internal_key.get_or_insert_with(|| SecretString::from(file.internal_key));
    }
    Ok(())
}

fn kept(state_dir: &Path) -> anyhow::Result<KeyFile> {
    let path = state_dir.join("keys.json");
    if let Ok(text) = fs::read_to_string(&path) {
        let unreadable =
            || format!("{} is damaged; delete it to make new keys (everyone has to log in again)", path.display());
        return serde_json::from_str(&text).with_context(unreadable);
    }
    let keys = KeyFile {
        signing_key: SigningKey::generate().to_setting().expose_secret().to_owned(),
        internal_key: InternalKey::generate().to_setting().expose_secret().to_owned(),
    };
    write_private(&path, &serde_json::to_vec_pretty(&keys)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(keys)
}

/// Written beside and renamed, so that a crash leaves no half a file; readable by its owner only.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}
