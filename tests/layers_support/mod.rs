//! Finds the sources of the crate and the modules that each imports. Searches their text, without comments.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn files_below(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
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
pub fn parts(path: &Path) -> Vec<String> {
    let below = path.strip_prefix(root().join("src")).unwrap();
    below.iter().map(|part| part.to_str().unwrap().to_owned()).collect()
}

pub fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

pub fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

pub fn sources() -> Vec<PathBuf> {
    let found = files_below(&root().join("src"), &["rs"]);
    assert!(found.len() > 5, "no sources found");
    found
}

/// The modules of the crate. The key is the path of the module; `[]` is the root.
pub struct Modules {
    /// The paths that the module imports.
    pub imports: BTreeMap<Vec<String>, Vec<Vec<String>>>,
    /// The names that the module imports, each with its path. Re-exports are included.
    names: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
}

impl Modules {
    pub fn read() -> Self {
        let mut codes = BTreeMap::new();
        for path in sources() {
            let code = code_of(&path);
            let tests = code.find("#[cfg(test)]\nmod tests").unwrap_or(code.len());
            codes.insert(module_of(&path), code[..tests].to_owned());
        }
        let mut modules = Modules { imports: BTreeMap::new(), names: BTreeMap::new() };
        for (module, code) in &codes {
            let found = imports_in(code, module, |child| codes.contains_key(child));
            modules.imports.insert(module.clone(), found.iter().map(|(path, _)| path.clone()).collect());
            modules
                .names
                .insert(module.clone(), found.into_iter().map(|(path, name)| (name, path)).collect());
        }
        modules
    }

    /// The module that defines the item at a path, even if the path leads through re-exports.
    fn defining_module(&self, path: &[String]) -> Vec<String> {
        let mut at = 0;
        while at < path.len() && self.imports.contains_key(&path[..=at]) {
            at += 1;
        }
        let (module, rest) = path.split_at(at);
        match rest.first().and_then(|name| self.names[module].get(name)) {
            Some(target) if target != path => self.defining_module(target),
            _ => module.to_vec(),
        }
    }

    /// The modules that a module imports, except itself and those inside it, because a folder's `mod.rs` and its files may
    /// import each other.
    fn dependencies(&self, module: &[String]) -> BTreeSet<Vec<String>> {
        let imported = self.imports[module].iter().map(|path| self.defining_module(path));
        imported.filter(|other| !other.starts_with(module)).collect()
    }

    pub fn reachable(&self, from: &[String]) -> BTreeSet<Vec<String>> {
        let (mut found, mut todo) = (BTreeSet::new(), vec![from.to_vec()]);
        while let Some(module) = todo.pop() {
            for next in self.dependencies(&module) {
                if found.insert(next.clone()) {
                    todo.push(next);
                }
            }
        }
        found
    }
}

/// The path of a file's module.
pub fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        parts(file).iter().map(|part| part.trim_end_matches(".rs").to_owned()).collect();
    module.pop_if(|last| last == "mod" || last == "lib");
    module
}

/// The items of the crate that a module imports. Each has its path and its name in the module.
pub fn imports_in(
    code: &str,
    module: &[String],
    exists: impl Fn(&[String]) -> bool,
) -> Vec<(Vec<String>, String)> {
    let absolute = |(path, name)| Some((absolute(path, module, &exists)?, name));
    paths(code).into_iter().filter_map(absolute).collect()
}

/// The paths in a file that begin with `crate`, `self` or `super`, and those of all imports. Each has its name in the file,
/// which is an alias or the last part of the path.
fn paths(code: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for (at, word) in ["use ", "crate::", "self::", "super::"].iter().flat_map(|w| code.match_indices(*w)) {
        let is_start = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let text = if word == "use " { &code[at + word.len()..] } else { &code[at..] };
        if is_start {
            expand(text, &[], &mut found);
        }
    }
    found
}

/// Parses one path, with all paths of a group at its end. Returns the rest of the text.
fn expand<'a>(text: &'a str, before: &[String], found: &mut Vec<(Vec<String>, String)>) -> &'a str {
    let mut path = before.to_vec();
    let mut rest = text.trim_start();
    loop {
        let name = identifier(rest);
        if !name.is_empty() {
            path.push(name.to_owned());
        }
        rest = &rest[name.len()..];
        let Some(after) = rest.strip_prefix("::") else { break };
        rest = after;
        if let Some(group) = after.strip_prefix('{') {
            rest = group.trim_start();
            while !rest.starts_with('}') {
                let next =
                    expand(rest, &path, found).trim_start().trim_start_matches([',', '*']).trim_start();
                assert!(next.len() < rest.len(), "not a list of imports: {rest}");
                rest = next;
            }
            return &rest[1..];
        }
    }
    // `a::{self}` imports `a`.
    path.pop_if(|last| last == "self" && !before.is_empty());
    let alias = rest.strip_prefix(" as ").map(identifier);
    let name = alias.map_or_else(|| path.last().cloned().unwrap_or_default(), str::to_owned);
    found.push((path, name));
    alias.map_or(rest, |alias| &rest[" as ".len() + alias.len()..])
}

/// The path from the root of the crate; `None` if it leads out of the crate.
fn absolute(path: Vec<String>, module: &[String], exists: impl Fn(&[String]) -> bool) -> Option<Vec<String>> {
    let (mut base, mut rest) = (module.to_vec(), path.as_slice());
    match rest.first()?.as_str() {
        "crate" => (base, rest) = (Vec::new(), &rest[1..]),
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|name| name == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        child => {
            let child = [module, &[child.to_owned()]].concat();
            if !exists(&child) {
                return None;
            }
        }
    }
    Some([&base, rest].concat())
}

#[test]
fn paths_include_groups_and_aliases() {
    let code = "pub use super::{a::{self, B as C}, d::*};\nuse e;\nfn f() { crate::g::h() }";
    let found: Vec<_> = paths(code).into_iter().map(|(path, name)| (path.join("::"), name)).collect();
    let list = [("super::a", "a"), ("super::a::B", "C"), ("super::d", "d"), ("e", "e")];
    for (path, name) in list.into_iter().chain([("crate::g::h", "h")]) {
        assert!(found.contains(&(path.to_owned(), name.to_owned())), "{path} in {found:?}");
    }
    let module = ["x".to_owned(), "y".to_owned()];
    let path = |text: &str| text.split("::").map(str::to_owned).collect();
    assert_eq!(absolute(path("super::a"), &module, |_| false), Some(path("x::a")));
    assert_eq!(absolute(path("child::a"), &module, |_| true), Some(path("x::y::child::a")));
    assert_eq!(absolute(path("std::a"), &module, |_| false), None);
}
