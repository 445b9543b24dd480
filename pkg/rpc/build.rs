//! Compiles `schema/proto` without `protoc`.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/proto");
    let files = ["upload.proto", "user.proto", "video.proto"].map(|name| folder.join(name));
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    let descriptors = protox::compile(&files, [&folder])?;
    tonic_prost_build::configure().bytes(".").include_file("contracts.rs").compile_fds(descriptors)?;
    Ok(())
}
