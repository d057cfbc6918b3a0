//! `glyphfall verify` against a foreign shop: `tests/shop.py`, in another language, with all parts in one process at one address, and
//! without switches that report its faults.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use chassis::LatentFault::{
    self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
};
use glyphfall_tests::process::{Process, free_port, output, program, root, token};
use serde_json::Value;
use tempfile::TempDir;

use crate::{TOKENS, repairs};

struct PythonShop {
    _process: Process,
    address: String,
    token: String,
    _folder: TempDir,
}

impl PythonShop {
    /// Starts the shop with these repairs, and then one text replacement.
    async fn start(repaired: &[LatentFault], (from, to): (&str, &str)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = copied(folder.path());
        for fault in repaired {
            solve(folder.path(), fault.name());
        }
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replace(from, to)).unwrap();
        let (port, token) = (free_port(), token());
        let mut command = Command::new("python3");
        command.arg("-B").arg(&file).arg(port.to_string()).env(TOKENS[0], &token);
        let mut process = Process::start(&mut command);
        process.until_listening(port).await;
        Self { _process: process, address: format!("http://127.0.0.1:{port}"), token, _folder: folder }
    }

    fn glyphfall(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("glyphfall"));
        command.args(arguments).args(["--target", &self.address]);
        command.env(TOKENS[0], &self.token).env_remove(TOKENS[1]);
        command
    }

    /// The content store's answer about the banner.
    fn promo_banner(&self) -> String {
        let mut curl = Command::new("curl");
        let (code, text, error) = output(curl.args(["-s", &format!("{}/assets/promo-banner", self.address)]));
        assert_eq!(code, 0, "{error}");
        text
    }

    fn verify(&self, options: &[&str]) -> Command {
        self.glyphfall(&[&["verify", "--format", "json"], options].concat())
    }
}

/// Copies the shop to the exercise's path below this folder.
pub(crate) fn copied(folder: &Path) -> PathBuf {
    let file = folder.join("exercises/3-by-code/shop.py");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::copy(root().join("tests/shop.py"), &file).unwrap();
    file
}

/// Applies one of the solutions to the copy below this folder.
pub(crate) fn solve(folder: &Path, fault: &str) {
    let patch = root().join(format!("exercises/solutions/3-by-code/{fault}.patch"));
    let (code, _, error) = output(Command::new("git").arg("apply").arg(patch).current_dir(folder));
    assert_eq!(code, 0, "{error}");
}

/// Runs all commands at once. Returns each one's exit code, card and standard error.
fn cards(commands: Vec<Command>) -> Vec<(i32, Value, String)> {
    thread::scope(|scope| {
        let card = |mut command: Command| {
            let (code, text, error) = output(&mut command);
            (code, serde_json::from_str(&text).unwrap_or_default(), error)
        };
        let all: Vec<_> = commands.into_iter().map(|command| scope.spawn(move || card(command))).collect();
        all.into_iter().map(|card| card.join().unwrap()).collect()
    })
}

/// A fault's state and explanation on a card.
fn told(card: &Value, fault: LatentFault) -> (String, String) {
    let faults = card["faults"].as_array().unwrap_or_else(|| panic!("no card: {card}"));
    let found = faults.iter().find(|told| told["fault"] == fault.name()).unwrap();
    let word = |key: &str| found[key].as_str().unwrap().to_owned();
    (word("state"), word("found"))
}

#[tokio::test]
async fn it_gets_its_card_in_each_of_the_sixteen_combinations() {
    let mut shops = Vec::new();
    for combination in 0..16 {
        shops.push(PythonShop::start(&repairs(combination).0, ("", "")).await);
    }
    let first = cards(shops.iter().map(|shop| shop.verify(&[])).collect());
    for (combination, (code, card, error)) in first.iter().enumerate() {
        let (repaired, _) = repairs(combination);
        let is_repaired = |fault| repaired.contains(&fault);
        let mut states = BTreeSet::new();
        for fault in LatentFault::ALL {
            // A store that refuses unreadable text lets none through, and in a cache that gives up no fill hangs.
            let can_be_tried = match fault {
                PoorErrorHandling => !is_repaired(InvalidRendering),
                MissingHealthCheck => !is_repaired(InvalidRendering) && !is_repaired(PoorErrorHandling),
                InvalidRendering | InadequateTelemetry => true,
            };
            let expected = match (can_be_tried, is_repaired(fault)) {
                (false, _) => "unknown",
                (true, true) => "repaired",
                (true, false) => "present",
            };
            let (state, found) = told(card, fault);
            assert_eq!(state, expected, "{fault:?} with {repaired:?} repaired: {found} {error}");
            states.insert(state);
        }
        let expected = if states.contains("present") { 1 } else { 2 };
        assert_eq!(*code, expected, "one of the two can always not be told: {card} {error}");
        let customers = &card["customers"];
        assert!(
            customers["served"].as_u64() > Some(0) && customers["served"] == customers["asked"],
            "{card}"
        );
        assert_eq!(card["faults"][0]["classes"].as_array().map(Vec::len), Some(11), "{card}");
    }
    // With cards from before rendering and error handling were repaired, all four faults of the final shop are known.
    let folder = tempfile::tempdir().unwrap();
    let file = |combination: usize| folder.path().join(combination.to_string()).display().to_string();
    for (combination, (_, card, _)) in first.iter().enumerate() {
        fs::write(file(combination), card.to_string()).unwrap();
    }
    let last = [3, 7, 11, 15];
    let with_known = |combination: &usize| {
        let [handled, nothing] = [combination & !1, combination & !3].map(file);
        shops[*combination].verify(&["--known", &handled, "--known", &nothing])
    };
    let all_told = cards(last.iter().map(with_known).collect());
    for (combination, (code, card, error)) in last.into_iter().zip(all_told) {
        let (repaired, _) = repairs(combination);
        for fault in LatentFault::ALL {
            let expected = if repaired.contains(&fault) { "repaired" } else { "present" };
            assert_eq!(
                told(&card, fault).0,
                expected,
                "{fault:?} with {repaired:?} repaired: {card} {error}"
            );
        }
        assert_eq!(code, i32::from(repaired.len() < 4), "{card}");
    }
}

/// Other ways to break the shop: a text and its replacement, the affected fault, its expected state, and words of the finding.
const BROKEN: [(&str, &str, LatentFault, &str, &str); 5] = [
    ("case [\"readyz\"]:", "case [\"ready\"]:", MissingHealthCheck, "present", "answers 404"),
    ("case [\"evidence\", \"logs\"]:", "case [\"lines\"]:", InadequateTelemetry, "unknown", "answered 404"),
    (
        "time.sleep(RETRY_PAUSE_S)",
        "time.sleep(6)\n                return \"\"",
        PoorErrorHandling,
        "present",
        "only after 6 s",
    ),
    (
        "if reason := self.store.refuses(text):",
        "if not text.isascii():\n            return self.answer(500, \"\")\n        if reason := self.store.refuses(text):",
        InvalidRendering,
        "present",
        "the publish was answered 500",
    ),
    (
        "version, text = found\n",
        "version, text = found[0], b\"always the same\"\n",
        InvalidRendering,
        "repaired",
        "11 of them changed",
    ),
];

#[tokio::test]
async fn each_other_way_to_break_it_shows_too_and_nothing_is_left_behind() {
    let mut shops = Vec::new();
    for (from, to, ..) in BROKEN {
        shops.push(PythonShop::start(&[], (from, to)).await);
    }
    // Two more shops: one serves no customer although everything else works, and one closes the connection on a text that it cannot
    // publish.
    let page = "case [\"\"]:";
    let no_page = format!("{page}\n                self.answer(500, \"\")\n            case [\"home\"]:");
    shops.push(PythonShop::start(&[], (page, &no_page)).await);
    let publish = "version = self.store.publish(asset, text)";
    let dies = format!("assert text.isascii()\n        {publish}");
    shops.push(PythonShop::start(&[], (publish, &dies)).await);
    let told_all = cards(shops.iter().map(|shop| shop.verify(&[])).collect());
    how_the_page_writes_text_is_tried_where_it_may_be().await;
    for ((from, _, fault, state, words), (_, card, error)) in BROKEN.iter().zip(&told_all) {
        let (found, how) = told(card, *fault);
        assert!(found == *state && how.contains(words), "{from}: {found}: {how} {error}");
    }
    let [.., (_, no_page, _), (code, _, error)] = &told_all[..] else { panic!("there are two more") };
    assert!(no_page["customers"]["served"] == 0 && no_page["customers"]["asked"] != 0, "{no_page}");
    assert!(*code == 2 && error.contains("the call to 127.0.0.1"), "{error}");
    let mut elsewhere = Command::new(program("glyphfall"));
    let (code, _, error) = output(elsewhere.args(["verify", "--target", "https://127.0.0.1/shop"]));
    assert!(code == 2 && error.contains("a URL such as http://127.0.0.1:8000"), "{error}");
}

async fn how_the_page_writes_text_is_tried_where_it_may_be() {
    let escapes = "html.escape(self.cache.text(asset) or \"\")";
    let mut shops = Vec::new();
    for to in [escapes, "self.cache.text(asset) or \"\""] {
        shops.push(PythonShop::start(&[InvalidRendering], (escapes, to)).await);
    }
    let shown = ["--shown", "promo-banner"];
    let told_all = cards(shops.iter().map(|shop| shop.verify(&shown)).collect());
    let states = [("repaired", "as text"), ("present", "for HTML")];
    for ((shop, (_, card, error)), (state, words)) in shops.iter().zip(&told_all).zip(states) {
        let (found, how) = told(card, InvalidRendering);
        assert!(found == state && how.contains(words), "{found}: {how} {error}");
        assert!(shop.promo_banner().contains("Spring sale: 15 % off"), "it has its earlier text again");
    }
    let (code, _, error) = output(&mut shops[0].verify(&["--shown", "no-such-asset"]));
    assert!(code == 2 && error.contains("no asset 'no-such-asset'"), "{error}");
}

/// A text from standard input can be published into any shop that keeps the contract.
#[tokio::test]
async fn a_text_from_standard_input_is_published_as_it_is() {
    let shop = PythonShop::start(&[LatentFault::InvalidRendering], ("", "")).await;
    let mut command = shop.glyphfall(&["inject", "--asset", "promo-banner", "--file", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("Two lines,\nand \u{e9}".as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains("Published promo-banner version 2"), "{said:?}");
    let text = shop.promo_banner();
    assert!(text.contains(r#""body": "Two lines,\nand \u00e9""#), "{text}");
}
