//! Completion scripts.

use crate::sandbox::Sandbox;

#[test]
fn each_shell_gets_a_script_that_knows_every_command() {
    let sandbox = Sandbox::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = sandbox.run(&format!("completion {shell}"));
        assert!(output.status.success() && output.stderr.is_empty(), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        for word in ["res-edge", "validate", "publish", "explain", "--source", "--confirm"] {
            let long = word.trim_start_matches("--");
            assert!(script.contains(long), "the script for {shell} does not know `{word}`");
        }
    }
}

#[test]
fn an_unknown_shell_is_a_usage_error_that_lists_those_that_are_known() {
    insta::assert_snapshot!(Sandbox::empty().show("completion csh"));
}
