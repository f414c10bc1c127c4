//! Holds the layering that `src/lib.rs` describes: imports point downwards only, one folder knows Node, one knows AWS.
//!
//! Reads the sources as text, without comments. A new top-level module has to be given its place in [`LAYERS`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each top-level module and what it may import besides itself and the [`BASE`].
const LAYERS: &[(&str, &[&str])] = &[
    ("codec", &[]),
    ("update", &["codec"]),
    ("table", &["codec"]),
    ("log", &["codec", "update", "table"]),
    ("queue", &["codec"]),
    ("monitor", &["codec"]),
    ("compaction", &["monitor", "codec", "table", "log", "queue"]),
    ("persistence", &["monitor", "codec", "update", "table", "log", "queue", "compaction"]),
    ("bindings", &["monitor", "codec", "update", "table", "log", "queue", "compaction", "persistence"]),
];

/// Beneath all layers: errors, DynamoDB's limits, our defaults.
const BASE: &[&str] = &["error", "limits", "defaults"];

/// Crates and the only folder that may name them.
const CONFINED: &[(&str, &str)] =
    &[("napi", "bindings"), ("aws_", "table/dynamo"), ("dynoxide", "table/dynamo")];

const MAX_LINES: usize = 350;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            found.extend(files_below(&path, extensions));
        } else if path.extension().is_some_and(|e| extensions.iter().any(|known| e == *known)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The parts of a file's path below `src`, e.g. `["table", "dynamo", "mod.rs"]`.
fn parts(path: &Path) -> Vec<String> {
    let below = path.strip_prefix(root().join("src")).unwrap();
    below.iter().map(|part| part.to_str().unwrap().to_owned()).collect()
}

fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The names that a path or a `{…}` group begins with: `a::b` gives a; `{a::{b, c}, d}` gives a and d.
fn heads(text: &str) -> Vec<String> {
    let Some(group) = text.strip_prefix('{') else { return vec![identifier(text).to_owned()] };
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(identifier(group[start..at].trim_start()).to_owned());
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// Top-level modules that a file refers to, by `crate::…` or by enough `super::`.
fn references(code: &str, depth: usize) -> BTreeSet<String> {
    let mut found: Vec<String> =
        code.match_indices("crate::").flat_map(|(at, word)| heads(&code[at + word.len()..])).collect();
    let chain = "super::".repeat(depth);
    found.extend(code.match_indices(&chain).flat_map(|(at, _)| heads(&code[at + chain.len()..])));
    found.into_iter().filter(|name| LAYERS.iter().any(|(layer, _)| layer == name)).collect()
}

fn sources() -> Vec<PathBuf> {
    let found = files_below(&root().join("src"), &["rs"]);
    assert!(found.len() > 5, "the sources were not found");
    found
}

#[test]
fn imports_point_downwards_only() {
    let mut wrong = Vec::new();
    for path in sources() {
        let parts = parts(&path);
        let module = parts[0].trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let allowed: &[&str] = match LAYERS.iter().find(|(layer, _)| *layer == module) {
            Some((_, allowed)) => allowed,
            None if BASE.contains(&module) => &[],
            None => panic!("the module {module} has no place in LAYERS"),
        };
        // `a.rs` and `a/mod.rs` are one `super` below the root, `a/b.rs` is two.
        let is_mod = parts.last().unwrap() == "mod.rs";
        let depth = if is_mod { parts.len() - 1 } else { parts.len() };
        for name in references(&code_of(&path), depth) {
            if name != module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{} imports {name}", parts.join("/")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn node_and_aws_stay_in_their_folders() {
    let mut wrong = Vec::new();
    for path in sources() {
        let name = parts(&path).join("/");
        let code = code_of(&path);
        for (word, folder) in CONFINED {
            let is_home = name.starts_with(&format!("{folder}/")) || name == format!("{folder}.rs");
            let is_named = code.match_indices(word).any(|(at, _)| {
                let before = code[..at].chars().next_back();
                let crate_name = identifier(&code[at..]);
                let after = &code[at + crate_name.len()..];
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                    && (after.starts_with("::") || after.starts_with(']') || after.starts_with('('))
            });
            if is_named && !is_home {
                wrong.push(format!("{name} names {word}, which belongs to {folder}/"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_too_long_to_read_in_one_sitting() {
    let folders = ["src", "tests", "lib", "cli", "scripts", "examples", "__test__", "bench"];
    let mut wrong = Vec::new();
    for path in folders.iter().flat_map(|f| files_below(&root().join(f), &["rs", "js", "mjs", "cjs", "ts"])) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{}: {lines} lines", path.strip_prefix(root()).unwrap().display()));
        }
    }
    assert!(wrong.is_empty(), "over {MAX_LINES} lines: {wrong:#?}");
}

#[test]
fn the_reader_of_imports_sees_groups_and_supers() {
    let code = "use crate::{codec::{key, varint}, table};\nfn f() { super::super::log::read() }";
    let found: Vec<_> = references(code, 2).into_iter().collect();
    assert_eq!(found, ["codec", "log", "table"]);
}
