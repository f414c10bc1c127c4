//! Checks the layers that `src/lib.rs` describes: imports point downwards only, one folder uses Node, one uses AWS, and no
//! files import each other in a cycle.
//!
//! Searches the text of the sources, without comments. Add each new top-level module to [`LAYERS`].

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

/// Each top-level module, and the modules that it may import besides itself and [`BASE`].
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

/// Beneath all layers: errors, DynamoDB's limits, our defaults, locks.
const BASE: &[&str] = &["error", "limits", "defaults", "sync"];

/// Crates, each with the only folder that may use it.
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
            None => panic!("the module {module} is missing in LAYERS"),
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
            let is_allowed = name.starts_with(&format!("{folder}/")) || name == format!("{folder}.rs");
            let is_used = code.match_indices(word).any(|(at, _)| {
                let before = code[..at].chars().next_back();
                let crate_name = identifier(&code[at..]);
                let after = &code[at + crate_name.len()..];
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                    && (after.starts_with("::") || after.starts_with(']') || after.starts_with('('))
            });
            if is_used && !is_allowed {
                wrong.push(format!("{name} uses {word}, which only {folder}/ may use"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_has_more_than_350_lines() {
    let folders = ["src", "tests", "lib", "entries", "cli", "scripts", "examples", "__test__", "bench"];
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
