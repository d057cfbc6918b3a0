//! Generates a test for every scenario of the library, so that each new file in `harness/world/scenarios` is tested automatically.

use std::{env, error::Error, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo xtask fuzz` builds the targets with this cfg.
    println!("cargo:rustc-check-cfg=cfg(fuzzing)");
    let folder = Path::new("../harness/world/scenarios");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "toml") {
            names.push(file.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    names.sort();
    let mut tests = String::new();
    for name in names {
        writeln!(tests, "#[test] fn {}() {{ check({name:?}); }}", name.replace('-', "_"))?;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells a build script where to write in no other way"
    )]
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("scenarios.rs"), tests)?;
    Ok(())
}
