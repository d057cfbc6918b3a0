//! The exercises in which people repair the shop: each check fails before, and passes with the solution. Teaches that an exercise is a
//! program too.

use std::{fs, path::Path, process::Command, thread};

use glyphfall_tests::process::{output, program, root};
use tempfile::TempDir;

use crate::another_shop::{copied, solve};

/// The participant's file of each exercise. The third exercise's is a copy of the shop.
const WRITTEN: [&str; 2] = ["1-by-switch/repair.sh", "2-by-configuration/shop.env"];

/// The exercises in their original state.
fn begun() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |file: &str| {
        let to = folder.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root().join(file), to).unwrap();
    };
    for file in WRITTEN
        .map(|file| format!("exercises/{file}"))
        .iter()
        .map(String::as_str)
        .chain(["tests/shop.py", "exercises/check.py"])
    {
        copy(file);
    }
    copied(folder.path());
    folder
}

fn solved() -> TempDir {
    let folder = begun();
    let exercises = folder.path().join("exercises");
    for file in WRITTEN {
        fs::copy(root().join("exercises/solutions").join(file), exercises.join(file)).unwrap();
    }
    for fault in chassis::LatentFault::ALL {
        solve(folder.path(), fault.name());
    }
    folder
}

fn check(folder: &Path, exercise: &str) -> (i32, String) {
    let mut command = Command::new("python3");
    command.arg(folder.join("exercises/check.py")).arg(exercise).env("GLYPHFALL", program("glyphfall"));
    let (code, told, error) = output(&mut command);
    (code, told + &error)
}

#[test]
fn each_test_fails_before_and_passes_with_the_solution() {
    let (before, after) = (begun(), solved());
    thread::scope(|scope| {
        let exercises = ["1", "2", "3"];
        let all = exercises.map(|exercise| {
            let (before, after) = (before.path(), after.path());
            (scope.spawn(move || check(before, exercise)), scope.spawn(move || check(after, exercise)))
        });
        for (exercise, (before, after)) in exercises.iter().zip(all) {
            let (code, told) = before.join().unwrap();
            assert!(
                code == 1 && told.contains("  present") && told.contains("Not yet."),
                "{exercise}: {code} {told}"
            );
            let (code, told) = after.join().unwrap();
            assert!(code == 0 && told.matches("  repaired").count() == 4, "{exercise}: {code} {told}");
        }
    });
}
