//! Compiles the contract in `proto/` into messages, servers, clients and the description that reflection
//! answers with. Only for the feature `service`; no `protoc` is needed, and nothing is written into `src`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "service")]
    service::compile()?;
    Ok(())
}

#[cfg(feature = "service")]
mod service {
    use prost::Message as _;
    use std::error::Error;
    use std::fs;
    use std::path::{Path, PathBuf};

    const INCLUDE: &str = "proto";
    const PACKAGE: &str = "proto/casemark/v1";

    pub(super) fn compile() -> Result<(), Box<dyn Error>> {
        println!("cargo:rerun-if-changed={INCLUDE}");
        let mut files: Vec<PathBuf> = fs::read_dir(PACKAGE)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
        files.sort();
        let descriptors = protox::compile(&files, [INCLUDE])?;
        let out = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
        fs::write(Path::new(&out).join("casemark_descriptor.bin"), descriptors.encode_to_vec())?;
        tonic_prost_build::configure().bytes(".casemark.v1").compile_fds(descriptors)?;
        Ok(())
    }
}
