//! Compiles `proto/` without protoc: messages, services, their JSON mapping and the descriptor set for reflection.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const PROTOS: [&str; 8] = [
    "dozvon/v1/admin.proto",
    "dozvon/v1/case.proto",
    "dozvon/v1/events.proto",
    "dozvon/v1/ingest.proto",
    "dozvon/v1/live.proto",
    "dozvon/v1/report.proto",
    "dozvon/v1/survey.proto",
    "dozvon/v1/tuning.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let descriptors = protox::compile(PROTOS, ["proto"])?;
    let encoded = descriptors.encode_to_vec();
    fs::write(out.join("dozvon.bin"), &encoded)?;
    tonic_prost_build::configure()
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .build(&[".dozvon.v1"])?;
    Ok(())
}
