//! Holds the layering that `src/lib.rs` describes: imports point downwards only, one folder knows Node, one knows AWS. No
//! files import each other in a cycle.
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

mod layers_support;

use std::collections::BTreeSet;
use std::fs;

use layers_support::*;

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
        let imports = imports_in(&code_of(&path), &module_of(&path), |_| false);
        for name in imports.iter().filter_map(|(import, _)| import.first()) {
            let is_layer = LAYERS.iter().any(|(layer, _)| layer == name);
            if is_layer && name != module && !allowed.contains(&name.as_str()) {
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
fn no_files_import_each_other_in_a_cycle() {
    let modules = Modules::read();
    let mut cycles = BTreeSet::new();
    for module in modules.imports.keys() {
        let reachable = modules.reachable(module);
        if reachable.contains(module) {
            let back = |other: &&Vec<String>| modules.reachable(other).contains(module);
            cycles.insert(reachable.iter().filter(back).map(|m| m.join("/")).collect::<Vec<_>>());
        }
    }
    assert!(cycles.is_empty(), "{cycles:#?}");
}
