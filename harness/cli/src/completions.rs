//! Shell completions and the manual page, both generated from the definitions that also make the help.

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::output;

#[derive(Clone, Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script: for bash, `source <(glyphfall completions bash)`.
pub(crate) fn completions(args: &CompletionsArgs, mut commands: Command) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut commands, "glyphfall", &mut script);
    output::text(&String::from_utf8(script)?);
    Ok(())
}

/// Prints one manual page for all commands. The generator makes a page for each command; here those become sections of the first.
pub(crate) fn man(mut command: Command) -> anyhow::Result<()> {
    command.build();
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    let mut text = String::from_utf8(text)?;
    let commands =
        command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    for command in commands {
        let mut section = Vec::new();
        let page = Man::new(command.clone());
        page.render_synopsis_section(&mut section)?;
        page.render_description_section(&mut section)?;
        page.render_options_section(&mut section)?;
        let name = command.get_name().to_uppercase();
        let section = String::from_utf8(section)?.replace(".SH ", ".SS ");
        text.extend([format!(".SH \"GLYPHFALL {name}\"\n"), section]);
    }
    output::text(&text);
    Ok(())
}
