//! What `glyphfall up` prints when the shop is open: where everything is, and the commands that play the story by hand. Teaches that
//! a line that is printed to be pasted is a program: it is tested in the shells that people use.

use std::env;

use console::style;
use http::uri::Authority;
use world::{World, scenario::STORY};

use crate::{listeners::Listeners, ports::Ports, screen::Screen, target::Tokens};

pub(crate) struct Opened<'a> {
    pub(crate) world: &'a World,
    pub(crate) tokens: &'a Tokens,
    pub(crate) listeners: &'a Listeners,
    pub(crate) around: &'a Authority,
}

/// A step of the story: what comes of it, and the lines that take it.
struct Step {
    says: &'static str,
    lines: Vec<String>,
}

pub(crate) fn welcome(
    screen: &Screen,
    Opened { world, tokens, listeners, around }: &Opened<'_>,
    (seed, ports): (u64, &Ports),
    record: &str,
) {
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
         evidence        http://{}/evidence/logs, /metrics for Prometheus\n\
         OTLP            {} (gRPC), {} (HTTP)\n\n\
         The story by hand: paste these lines into another terminal, one after the other.\n",
        style("The shop is open.").bold(),
        addresses.web_front,
        addresses.content_store,
        addresses.cache,
        listeners.room,
        listeners.otlp_grpc,
        listeners.otlp_http,
    ));
    for Step { says, lines } in steps(world, tokens, ports, record) {
        screen.say(says);
        for line in lines {
            screen.say_as_it_is(&format!("  {line}"));
        }
    }
    screen.say("");
}

fn steps(world: &World, tokens: &Tokens, ports: &Ports, record: &str) -> Vec<Step> {
    let addresses = world.shop().addresses();
    let (store, front) = (&addresses.content_store, &addresses.web_front);
    let (program, ports) = (program(), ports.options());
    let command = |words: &str| format!("{program} {words}{ports}");
    let step = |says, lines: &[String]| Step { says, lines: lines.to_vec() };
    vec![
        step(
            "First the tokens:",
            &[
                format!("export GLYPHFALL_EDITOR_TOKEN={}", quoted(&tokens.editor)),
                format!("export GLYPHFALL_OPERATOR_TOKEN={}", quoted(&tokens.operator)),
            ],
        ),
        step(
            "An editor publishes the banner; a soft line break came along, U+000B:",
            &[format!(
                "printf 'Spring\\013sale' | curl -sS -T - --oauth2-bearer \"$GLYPHFALL_EDITOR_TOKEN\" http://{store}/assets/promo-banner"
            )],
        ),
        step(
            "The home page hangs, and within half a minute every page does; all health checks are green:",
            &[
                format!("curl -sS -m 10 -o /dev/null http://{front}/"),
                format!("curl -sS http://{front}/healthz"),
            ],
        ),
        step(
            "Somebody restarts the cache: some pages come back, and are lost again in seconds:",
            &[command("restart cache")],
        ),
        step("Somebody rolls the banner back, and nothing happens:", &[command("roll-back promo-banner")]),
        step(
            "Rolled back, the cache is restarted once more, and the shop is restored:",
            &[command("restart cache")],
        ),
        step(
            "Other things to do: repair a fault (--undo brings it back), see more telemetry, trigger any scenario, begin again:",
            &[
                command("repair poor-error-handling"),
                command("level logs"),
                command(&format!("inject {STORY}")),
                command("restore"),
            ],
        ),
        step(
            "When you have closed the shop with Ctrl-C, what happened in it:",
            &[format!("{program} debrief {record}")],
        ),
    ]
}

/// How this program can be called from any folder: by its name, if that is how it was called.
fn program() -> String {
    let called = env::args_os().next().unwrap_or_default();
    if !called.to_string_lossy().contains('/') {
        return quoted(&called.to_string_lossy());
    }
    env::current_exe()
        .map_or_else(|_| quoted(&called.to_string_lossy()), |path| quoted(&path.to_string_lossy()))
}

/// A word that every shell takes as it is.
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
