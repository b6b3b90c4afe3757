//! Every command explains itself on one screen.

use crate::sandbox::Sandbox;

/// The commands, and the number of lines that fit a screen without scrolling far.
const AT_MOST: usize = 44;

fn commands() -> Vec<String> {
    let command = cli::command();
    command.get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

#[test]
fn the_first_page_names_every_command() {
    insta::assert_snapshot!(Sandbox::empty().show("--help"));
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let sandbox = Sandbox::empty();
    for name in commands() {
        let text = sandbox.show(&format!("{name} --help"));
        let n_lines = text.lines().count() - 2;
        // A server has more settings than a command has options.
        let most = if name == "serve" { 2 * AT_MOST } else { AT_MOST };
        assert!(n_lines <= most, "the help of {name} has {n_lines} lines:\n{text}");
        assert!(text.contains("Example"), "the help of {name} shows no example");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{name} is too wide");
        insta::assert_snapshot!(format!("help_{name}"), text);
    }
}

#[test]
fn no_words_at_all_show_the_first_page_and_fail() {
    let output = Sandbox::empty().run("");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && !output.stderr.is_empty());
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    insta::assert_snapshot!(Sandbox::empty().show("reder"));
}
