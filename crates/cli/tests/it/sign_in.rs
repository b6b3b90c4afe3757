//! `login`, `logout`, `context`, `whoami`: who one is at a server.

use std::os::unix::fs::PermissionsExt as _;

use crate::sandbox::Sandbox;
use crate::serving::{ADMIN, Serving, run_with_input};

/// What a command prints, with the address of the server replaced.
fn shown(sandbox: &Sandbox, server: &Serving, output: &std::process::Output) -> String {
    let host = server.url.trim_start_matches("http://");
    let text = sandbox.text(output).replace(host, "[HOST]");
    assert!(!text.contains(ADMIN), "the token is shown: {text}");
    text
}

#[test]
fn a_token_signs_in_and_is_kept_for_its_owner_alone() {
    let sandbox = Sandbox::empty();
    let server = Serving::in_sandbox(&sandbox);
    let run = |words: &str| shown(&sandbox, &server, &sandbox.run(words));
    let login = run_with_input(&sandbox, &format!("login {} --name lab", server.url), ADMIN);
    let mut scene = shown(&sandbox, &server, &login);
    for words in
        ["context list", "context show", "context show -o json", "whoami", "whoami -o json"]
    {
        scene.push_str(&format!("\n$ {words}\n{}", run(words)));
    }
    scene.push_str(&format!("\n$ logout\n{}", run("logout")));
    scene.push_str(&format!("\n$ whoami\n{}", run("whoami")));
    scene.push_str(&format!("\n$ context delete lab\n{}", run("context delete lab")));
    scene.push_str(&format!("\n$ context list\n{}", run("context list")));
    insta::assert_snapshot!(scene);
}

#[test]
fn what_is_kept_is_readable_by_nobody_else() {
    let sandbox = Sandbox::empty();
    let server = Serving::in_sandbox(&sandbox);
    run_with_input(&sandbox, &format!("login {}", server.url), ADMIN);
    let file = sandbox.path().join(".config/res-edge/contexts.json");
    assert!(std::fs::read_to_string(&file).unwrap().contains(ADMIN));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    insta::assert_snapshot!(shown(&sandbox, &server, &sandbox.run("whoami")));
}

#[test]
fn each_failure_says_what_to_do() {
    let sandbox = Sandbox::empty();
    let server = Serving::in_sandbox(&sandbox);
    let url = &server.url;
    let mut scene = String::new();
    for words in [
        "whoami".to_owned(),
        format!("whoami --server {url}"),
        format!("whoami --server {url} --token-file nothing"),
        "login http://fleet.example".to_owned(),
        "login fleet.example".to_owned(),
        "context use nowhere".to_owned(),
        "context show".to_owned(),
        "logout".to_owned(),
    ] {
        let shown_words = words.replace(url.as_str(), "http://[HOST]");
        let output = shown(&sandbox, &server, &sandbox.run(&words));
        scene.push_str(&format!("$ {shown_words}\n{output}\n"));
    }
    let wrong = run_with_input(&sandbox, &format!("login {url}"), "re_wrong\n");
    scene
        .push_str(&format!("$ login http://[HOST] <wrong\n{}\n", shown(&sandbox, &server, &wrong)));
    let none = run_with_input(&sandbox, &format!("login {url}"), "");
    scene.push_str(&format!("$ login http://[HOST] <nothing\n{}", shown(&sandbox, &server, &none)));
    insta::assert_snapshot!(scene);
}

#[test]
fn a_server_that_is_gone_is_named() {
    let sandbox = Sandbox::empty();
    let server = Serving::in_sandbox(&sandbox);
    run_with_input(&sandbox, &format!("login {}", server.url), ADMIN);
    let url = server.url.clone();
    drop(server);
    let gone = sandbox.show("whoami").replace(&url, "[URL]");
    insta::assert_snapshot!(gone);
}

#[test]
fn a_variable_signs_in_for_one_command() {
    let sandbox = Sandbox::empty();
    let server = Serving::in_sandbox(&sandbox);
    let mut command = sandbox.command(&["whoami", "--server", &server.url]);
    let output = command.env("RES_EDGE_TOKEN", ADMIN).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", shown(&sandbox, &server, &output));
    assert!(!sandbox.path().join(".config").exists(), "nothing is kept");
}

/// What a command prints, with what differs from run to run replaced.
fn steady(sandbox: &Sandbox, server: &Serving, output: &std::process::Output) -> String {
    let text = shown(sandbox, server, output);
    let words = text.split_inclusive([' ', '\n', '"', ',', '`']).map(|word| {
        let (bare, end) = word.split_at(word.trim_end_matches([' ', '\n', '"', ',', '`']).len());
        let is_time = bare.len() >= 20 && bare.ends_with('Z') && bare.contains('T');
        let is_digest = bare.len() == 64 && bare.bytes().all(|b| b.is_ascii_hexdigit());
        let bare = match bare {
            _ if is_time => "[TIME]",
            _ if is_digest => "[DIGEST]",
            _ if bare.len() == 36 && bare.matches('-').count() == 4 => "[REQUEST]",
            _ if bare.starts_with("re_") => "[TOKEN]",
            _ if bare.contains("login-") => "[LOGIN]",
            _ => bare,
        };
        format!("{bare}{end}")
    });
    words.collect()
}

const PASSWORD: &str = "a long and secret password";

#[test]
fn people_and_programs_are_let_in_and_all_of_it_is_recorded() {
    let sandbox = Sandbox::empty();
    let server = Serving::in_sandbox(&sandbox);
    let login = run_with_input(&sandbox, &format!("login {} --name admin", server.url), ADMIN);
    assert_eq!(login.status.code(), Some(0));
    let mut scene = String::new();
    let mut step = |words: &str, input: &str| {
        let output = run_with_input(&sandbox, words, input);
        let said = steady(&sandbox, &server, &output);
        assert!(!said.contains(PASSWORD), "{said}");
        let words = words.replace(&server.url, "http://[HOST]");
        scene.push_str(&format!("$ {words}\n{said}\n"));
        output
    };
    step("user create anna", &format!("{PASSWORD}\n"));
    step("user create bob", "short\n");
    step("user list --no-headers -o name", "");
    step(&format!("login {} --user anna --name anna", server.url), &format!("{PASSWORD}\n"));
    step("whoami", "");
    step("user list", "");
    step("user password anna", &format!("{PASSWORD}\nanother long password\n"));
    step("token create laptop --days 3 --verb read --group /stores", "");
    step("token list -o csv", "");
    step("token create ci --program", "");
    step("logout", "");
    step("whoami", "");
    step("token list --context admin -o name", "");
    step("user disable anna --context admin", "");
    step(&format!("login {} --user anna --name anna", server.url), "another long password\n");
    step("audit list --context admin -o csv --limit 20", "");
    step("audit verify --context admin", "");
    insta::assert_snapshot!(scene);
}
