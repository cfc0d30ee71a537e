//! The tables of `_docs` name types and tests that exist, and leave no row out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "../../mail-core/tests/common/tables.rs"]
mod tables;

use tables::{check, check_complete, rows};

const SUPPORT: &str = include_str!("../src/_docs/support.md");
const ATTACKS: &str = include_str!("../src/_docs/attacks.md");

/// Rows of each table: letter and last number.
const ROWS: [(char, u32); 10] = [
    ('L', 35),
    ('K', 29),
    ('H', 34),
    ('P', 20),
    ('Q', 7),
    ('R', 44),
    ('W', 9),
    ('Z', 82),
    ('B', 24),
    ('M', 24),
];

#[test]
fn rows_of_support_name_types_and_tests_that_exist() {
    check(SUPPORT, 4, Some(3));
}

#[test]
fn attacks_name_tests_that_exist() {
    assert!(rows(ATTACKS).len() > 20);
    check(ATTACKS, 2, None);
}

#[test]
fn no_row_is_silent() {
    check_complete(SUPPORT, &ROWS);
}
