//! The pages of `docs/reference/` that are made from the code are what the code says.
//!
//! `make reference` (which sets `UPDATE_REFERENCE=1`) writes them again.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use model::Code;
use schema::yaml::Limits;

/// What a room's mistakes are called in the page.
const ROOMS: &[(&str, &[&[&Code]])] = &[
    ("Reading the source", &[git::codes::ALL, schema::codes::ALL]),
    ("Understanding the fleet", &[plan::fleet::codes::ALL]),
    ("Expressions", &[plan::expression::codes::ALL]),
    ("Queries", &[plan::query::codes::ALL]),
    ("Templates that a program builds", &[plan::expansion::codes::ALL, expand::codes::ALL]),
    ("Templates and rendering", &[plan::template::codes::ALL, plan::render::codes::ALL]),
];

const MADE: &str = "<!-- Made from the code by `make reference`; edits here are lost. -->\n";

#[expect(clippy::disallowed_methods, reason = "the page shows what the program itself prints")]
fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_res-edge"))
        .args(words)
        .arg("--help")
        .env_clear()
        .env("COLUMNS", "90")
        .output()
        .unwrap();
    assert!(output.status.success(), "`res-edge {} --help` failed", words.join(" "));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The names in the section `Commands:` of a help text.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = listed.take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  "));
    names
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The help of each command and of the commands below it, in the order of the program.
fn add_command(words: &[&str], page: &mut String) {
    let text = help(words);
    let name = ["res-edge"].iter().chain(words).copied().collect::<Vec<_>>().join(" ");
    let level = "#".repeat(words.len().min(1) + 2);
    writeln!(page, "\n{level} {name}\n\n```\n{}```", text.trim_start()).unwrap();
    for name in subcommands(&text) {
        let words: Vec<&str> = words.iter().copied().chain([name.as_str()]).collect();
        add_command(&words, page);
    }
}

fn commands() -> String {
    let mut page = format!(
        "# Commands\n\n{MADE}
Exit codes: 0 done; 1 differences, or errors in the source or in cells; 2 usage, or a failure of \
         the world; 3 something waits in a brake.\n"
    );
    add_command(&[], &mut page);
    page
}

fn diagnostics() -> String {
    let mut page =
        format!("# Diagnostics\n\n{MADE}\nA code keeps its meaning once it is released.\n");
    for (title, tables) in ROOMS {
        let mut codes: Vec<&Code> = tables.iter().copied().flatten().copied().collect();
        codes.sort_by_key(|code| code.name);
        writeln!(page, "\n## {title}").unwrap();
        for code in codes {
            writeln!(page, "\n### `{}`\n\n{}", code.name, code.meaning).unwrap();
        }
    }
    page
}

/// What is accepted at most.
fn limits() -> String {
    let (inventory, template) = (Limits::INVENTORY, Limits::TEMPLATE);
    let build = expand::Limits::default();
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let rows = [
        ("A file of the source", mib(git::MAX_FILE)),
        ("Files of a source", git::MAX_FILES.to_string()),
        ("Folders in folders", git::MAX_DEPTH.to_string()),
        ("A name", "63 characters".to_owned()),
        ("Nesting in a document", inventory.depth.to_string()),
        ("YAML nodes in a file of the inventory", inventory.nodes.to_string()),
        ("An expression", format!("{} KiB", plan::expression::MAX_BYTES >> 10)),
        ("Nesting in an expression", plan::expression::MAX_DEPTH.to_string()),
        ("A file of a template", mib(plan::render::LARGEST_FILE as u64)),
        ("Files of a template", plan::render::MOST_FILES.to_string()),
        ("Nesting in a template", template.depth.to_string()),
        ("YAML nodes in a file of a template", template.nodes.to_string()),
        ("Aliases in a file", template.aliases.to_string()),
        ("A run of kustomize or Helm", format!("{} s", build.time.as_secs())),
        ("What such a run prints", mib(build.output)),
        ("Addresses of such a run", mib(build.memory)),
    ];
    let mut page = format!(
        "# Limits\n\n{MADE}\nWhatever is larger is a diagnostic or an error that says so.\n\n\
         | What | At most |\n|---|---|\n"
    );
    for (what, most) in rows {
        writeln!(page, "| {what} | {most} |").unwrap();
    }
    page
}

fn check(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/reference/{name} is not what the code says: `make reference`");
}

/// The JSON Schema of a preview, as the program prints it.
#[expect(clippy::disallowed_methods, reason = "the page shows what the program itself prints")]
fn preview_schema() -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_res-edge"));
    let output = program.args(["schema", "preview"]).env_clear().output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn reference_pages_are_what_the_code_says() {
    check("preview.schema.json", &preview_schema());
    check("commands.md", &commands());
    check("limits.md", &limits());
    check("diagnostics.md", &diagnostics());
    check("documents.md", &format!("{MADE}{}", schema::reference_markdown()));
}

#[test]
fn a_code_names_one_kind_of_mistake() {
    let mut names: Vec<&str> = ROOMS
        .iter()
        .flat_map(|(_, tables)| tables.iter().copied().flatten())
        .map(|c| c.name)
        .collect();
    names.sort_unstable();
    let n_names = names.len();
    names.dedup();
    assert_eq!(names.len(), n_names, "two rooms use one name");
}
