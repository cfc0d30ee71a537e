//! Checks of the tables in `_docs`, for all protocols: they name types and tests that exist, and leave no row out.
//!
//! A protocol's tests take this file in by its path. That each link leads to an item is checked by rustdoc, too; here it
//! is looked up in the sources.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::{env, fs, path::Path};

/// The cells of each row of a Markdown table, heads left out.
pub(crate) fn rows(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let inner =
            line.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{1}");
        inner.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
    };
    let mut found = Vec::new();
    let mut in_table = false;
    for line in text.lines() {
        if !line.starts_with('|') {
            in_table = false;
        } else if line.starts_with("|---") {
            in_table = true;
        } else if in_table {
            found.push(cells(line));
        }
    }
    found
}

/// The row numbers that a first cell means: `Z3`, `W1`.. or a span, `R1-R4`.
fn numbers(cell: &str) -> Vec<(char, u32)> {
    let one = |id: &str| -> (char, u32) { (id.chars().next().unwrap(), id[1..].parse().unwrap()) };
    cell.split(", ")
        .flat_map(|part| match part.split_once('-') {
            Some((first, last)) => {
                let ((letter, from), (_, to)) = (one(first), one(last));
                (from..=to).map(|n| (letter, n)).collect()
            }
            None => vec![one(part)],
        })
        .collect()
}

/// Everything between backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn walk(folder: &Path, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.insert(path.display().to_string(), fs::read_to_string(&path).unwrap());
        }
    }
}

/// All Rust text of the crate.
fn sources() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    walk(&root.join("src"), &mut all);
    walk(&root.join("tests"), &mut all);
    all
}

/// The core's; `None` where only this crate was unpacked.
fn core_sources() -> Option<BTreeMap<String, String>> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mail-core");
    if !core.exists() {
        return None;
    }
    let mut all = BTreeMap::new();
    walk(&core.join("src"), &mut all);
    walk(&core.join("tests"), &mut all);
    Some(all)
}

/// The functions that are tests, each with its path: behind `#[test]`, or in a `proptest!` block, which has the
/// attribute, too.
fn tests(sources: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for (file, text) in sources {
        let mut armed = false;
        for line in text.lines().map(str::trim) {
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                armed = true;
            } else if let Some(rest) =
                line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")
            {
                if armed {
                    let name = rest.split(['(', '<']).next().unwrap();
                    names.push((module(file), name.to_owned()));
                }
                armed = false;
            }
        }
    }
    names
}

/// `a::b` of `a/b.rs`, `a/b/mod.rs` and `a/b/tests.rs`.
fn module(file: &str) -> String {
    let path = file.replace(['/', '\\'], "::");
    let path = path.trim_end_matches(".rs");
    let path = ["::mod", "::tests", "::main"].iter().find_map(|end| path.strip_suffix(end));
    path.unwrap_or(file.replace(['/', '\\'], "::").trim_end_matches(".rs")).to_owned()
}

/// What is wrong with `named`, a test's name or the end of its path. Where several have a name, it wants its module.
fn fault(named: &str, tests: &[(String, String)]) -> Option<&'static str> {
    let (module, name) = match named.rsplit_once("::") {
        Some((module, name)) => (format!("::{module}"), name),
        None => (String::new(), named),
    };
    let found = tests.iter().filter(|(path, test)| test == name && path.ends_with(&module));
    match found.count() {
        0 => Some("there is no test"),
        1 => None,
        _ => Some("there are several of the name"),
    }
}

/// Names that look as if they were defined: items, members of enums and open sets, rows of tables made by a macro.
fn definitions(sources: &BTreeMap<String, String>) -> HashSet<&str> {
    const HEADS: &[&str] = &["struct", "enum", "fn", "const", "static", "trait", "mod", "type"];
    let mut names = HashSet::new();
    for line in sources.values().flat_map(|text| text.lines()) {
        let mut before = "";
        for word in line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty())
        {
            if before.is_empty() || HEADS.contains(&before) {
                names.insert(word);
            }
            before = word;
        }
        for part in line.split("=> ").skip(1) {
            names.extend(part.split(|c: char| !c.is_alphanumeric()).next());
        }
    }
    names
}

/// Each row of `table` names tests that exist in the column `tests_at`, and in the column `types_at` items.
pub(crate) fn check(table: &str, tests_at: usize, types_at: Option<usize>) {
    let sources = sources();
    let tests = tests(&sources);
    let core = core_sources();
    let items: HashSet<&str> =
        definitions(&sources).into_iter().chain(core.iter().flat_map(definitions)).collect();
    let core = core.as_ref().map(self::tests);
    let mut faults = Vec::new();
    for row in rows(table) {
        let id = &row[0];
        let named = quoted(&row[tests_at]);
        if named.is_empty() {
            faults.push(format!("{id}: no test is named"));
        }
        for test in named {
            let fault = match (test.strip_prefix("core::"), &core) {
                (Some(test), Some(core)) => fault(test, core),
                (Some(_), None) => None,
                (None, _) => fault(test, &tests),
            };
            if let Some(fault) = fault {
                faults.push(format!("{id}: {fault}: `{test}`"));
            }
        }
        let Some(types_at) = types_at else { continue };
        let named = quoted(&row[types_at]);
        if named.is_empty() {
            faults.push(format!("{id}: no type is named"));
        }
        for item in named {
            let name = item.trim_end_matches("()").rsplit("::").next().unwrap();
            if !items.contains(name) && core.is_some() {
                faults.push(format!("{id}: there is no item `{item}`"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Each row of the checklist stands in `table` once: `all` is each letter and its last number.
pub(crate) fn check_complete(table: &str, all: &[(char, u32)]) {
    let mut told: BTreeSet<(char, u32)> = BTreeSet::new();
    for row in rows(table) {
        for number in numbers(&row[0]) {
            assert!(told.insert(number), "{number:?} stands twice");
        }
    }
    let all: BTreeSet<(char, u32)> =
        all.iter().flat_map(|(letter, last)| (1..=*last).map(|n| (*letter, n))).collect();
    assert_eq!(told, all, "left out: {:?}", all.difference(&told).collect::<Vec<_>>());
}
