//! The text that `glyphfall up` prints when the shop is open: all addresses, and the commands that play the story by hand. Teaches that a
//! line printed for pasting is a program: it is tested in the shells that people use.

use std::env;

use console::style;
use http::uri::Authority;
use world::{World, scenario::STORY};

use crate::{ports::Ports, screen::Screen, target::Tokens};

pub(crate) struct Opened<'a> {
    pub(crate) tokens: &'a Tokens,
    pub(crate) around: Authority,
    /// The addresses for evidence queries, OTLP over gRPC, and OTLP over HTTP.
    pub(crate) evidence_at: [Authority; 3],
    /// The path of the record's file, quoted for a shell.
    pub(crate) record: String,
}

pub(crate) fn welcome(screen: &Screen, world: &World, opened: &Opened<'_>, (seed, ports): (u64, &Ports)) {
    let Opened { tokens, around, evidence_at: [room, grpc, otlp], record } = opened;
    let addresses = world.shop().addresses();
    let operators = addresses.operators.as_ref().map_or(String::new(), |operators| {
        let [cache, store, front] = [&operators.cache, &operators.content_store, &operators.web_front];
        format!("{cache}, {store}, {front}, {around}")
    });
    screen.say(&format!(
        "{}  seed {seed}; Ctrl-C closes the shop and writes its record\n\n\
         shop            http://{}/\n\
         editor's page   http://{}/editor\n\
         cache           http://{}/\n\
         operator ports  {operators}\n\
         evidence        http://{room}/evidence/logs, /metrics for Prometheus\n\
         OTLP            {grpc} (gRPC), {otlp} (HTTP)\n\n\
         The story by hand: paste these lines into another terminal, one after the other.\n",
        style("The shop is open.").bold(),
        addresses.web_front,
        addresses.content_store,
        addresses.cache,
    ));
    for (says, lines) in steps(world, tokens, ports, record) {
        screen.say(says);
        for line in lines {
            screen.say_as_it_is(&format!("  {line}"));
        }
    }
    screen.say("");
}

/// The steps of the story: the effect of each, and the lines to paste for it.
fn steps(world: &World, tokens: &Tokens, ports: &Ports, record: &str) -> Vec<(&'static str, Vec<String>)> {
    let addresses = world.shop().addresses();
    let (store, front) = (&addresses.content_store, &addresses.web_front);
    let (program, ports) = (program(), ports.options());
    let command = |words: &str| format!("{program} {words}{ports}");
    vec![
        (
            "First the tokens:",
            vec![
                format!("export GLYPHFALL_EDITOR_TOKEN={}", quoted(&tokens.editor)),
                format!("export GLYPHFALL_OPERATOR_TOKEN={}", quoted(&tokens.operator)),
            ],
        ),
        (
            "An editor publishes the banner; a soft line break came along, U+000B:",
            vec![format!(
                "printf 'Spring\\013sale' | curl -sS -T - --oauth2-bearer \"$GLYPHFALL_EDITOR_TOKEN\" http://{store}/assets/promo-banner"
            )],
        ),
        (
            "The home page hangs, and within half a minute every page does; all health checks are green:",
            vec![
                format!("curl -sS -m 10 -o /dev/null http://{front}/"),
                format!("curl -sS http://{front}/healthz"),
            ],
        ),
        (
            "Somebody restarts the cache: some pages come back, and are lost again in seconds:",
            vec![command("restart cache")],
        ),
        ("Somebody rolls the banner back, and nothing happens:", vec![command("roll-back promo-banner")]),
        (
            "Rolled back, the cache is restarted once more, and the shop is restored:",
            vec![command("restart cache")],
        ),
        (
            "Other things to do: repair a fault (--undo brings it back), see more telemetry, trigger any scenario, begin again:",
            vec![
                command("repair poor-error-handling"),
                command("level logs"),
                command(&format!("inject {STORY}")),
                command("restore"),
            ],
        ),
        (
            "When you have closed the shop with Ctrl-C, what happened in it:",
            vec![format!("{program} debrief {record}")],
        ),
    ]
}

/// How to call this program from any folder: by its name, if it was called so.
fn program() -> String {
    let called = env::args_os().next().unwrap_or_default();
    if !called.to_string_lossy().contains('/') {
        return quoted(&called.to_string_lossy());
    }
    env::current_exe()
        .map_or_else(|_| quoted(&called.to_string_lossy()), |path| quoted(&path.to_string_lossy()))
}

/// Quotes a word so that every shell takes it literally.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:,@".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_where_a_shell_would_change_it() {
        let check = |word: &str, expected: &str| assert_eq!(quoted(word), expected);
        check("0123abc", "0123abc");
        check("/opt/shop 2/glyphfall", "'/opt/shop 2/glyphfall'");
        check("it's $HOME!", "'it'\\''s $HOME!'");
        check("", "''");
        check("~", "'~'");
    }
}
