//! `login`, `logout`, `context`, `whoami`: who one is at a server.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::sandbox::Sandbox;
use crate::serving::{ADMIN, Serving, http, run_with_input};

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

/// Sends a request as a browser that carries a cookie does, and answers all that comes.
fn ask(url: &str, method: &str, cookie: &str, kind: &str, body: &str) -> String {
    let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    http(method, url, &[("origin", &origin), ("cookie", cookie), ("content-type", kind)], body)
}

/// What stands in a text after something and up to a character.
fn after<'a>(text: &'a str, start: &str, end: char) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{start} in {text}"));
    rest.split(end).next().unwrap()
}

#[test]
fn a_browser_that_is_signed_in_lets_the_command_line_in() {
    let sandbox = Sandbox::empty();
    let provider = "--oidc-issuer http://127.0.0.1:9 --oidc-client-id res-edge";
    let server = Serving::with(&sandbox, "server", provider);
    run_with_input(&sandbox, &format!("login {} --name admin", server.url), ADMIN);
    run_with_input(&sandbox, "user create anna", &format!("{PASSWORD}\n"));
    let login = format!(r#"{{"name":"anna","password":"{PASSWORD}"}}"#);
    let url = format!("{}/auth/login", server.url);
    let signed_in = ask(&url, "POST", "", "application/json", &login);
    let cookie = after(&signed_in, "set-cookie: ", ';');
    for decision in ["deny", "allow"] {
        let mut command = sandbox.command(&["login", &server.url, "--sso", "--name", "anna"]);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut url) = (String::new(), String::new());
        errors.read_line(&mut said).unwrap();
        errors.read_line(&mut url).unwrap();
        let page = ask(url.trim(), "GET", cookie, "", "");
        assert!(page.contains(after(&said, "if it shows ", ':')), "{said}{page}");
        let [port, challenge, proof] = ["port", "code_challenge", "proof"]
            .map(|name| after(&page, &format!("name=\"{name}\" value=\""), '"'));
        let form =
            format!("port={port}&code_challenge={challenge}&proof={proof}&decision={decision}");
        let url = format!("{}/auth/authorize", server.url);
        let sent = ask(&url, "POST", cookie, "application/x-www-form-urlencoded", &form);
        let last = ask(after(&sent, "location: ", '\r'), "GET", "", "", "");
        assert!(last.contains("You can close this page"), "{last}");
        errors.read_to_string(&mut said).unwrap();
        let is_in = child.wait().unwrap().success();
        assert_eq!(is_in, decision == "allow", "{said}");
        let word = if is_in { "context `anna` is in use" } else { "it was not allowed" };
        assert!(said.contains(word), "{said}");
    }
    let whoami = sandbox.text(&sandbox.run("whoami"));
    assert!(whoami.contains("user:anna"), "{whoami}");
}

#[test]
fn without_a_provider_there_is_no_browser_to_sign_in_with() {
    let sandbox = Sandbox::empty();
    let server = Serving::in_sandbox(&sandbox);
    let words = format!("login {} --sso", server.url);
    insta::assert_snapshot!(shown(&sandbox, &server, &sandbox.run(&words)));
}
