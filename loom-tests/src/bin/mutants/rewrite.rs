//! Writes the mutants of a file into its text, each behind a switch.
//!
//! A function that returns something else gets a `return` before its first statement, an expression with another operator stands
//! beside what it was, and an arm of a `match` that is gone has a guard. Nothing gets a line of its own, so all stays on the lines
//! that tests, and the locations of panics, know.
//!
//! What the compiler works out itself, in a `const fn` or a `const`, can ask no switch.

use crate::list::{Genre, Mutant, Place, Span};
use crate::pieces::Piece;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A piece of the text, with the mutants that are switched there.
#[derive(Debug)]
pub(crate) struct Switch {
    pub(crate) piece: Piece,
    pub(crate) mutants: Vec<usize>,
}

/// What became of the mutants of a file.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    /// In the order in which they surround each other.
    pub(crate) switches: Vec<Switch>,
    /// Those that cannot be switched.
    pub(crate) left_out: BTreeSet<usize>,
}

/// Where a file's code has what mutants change.
#[derive(Debug, Default)]
struct Places {
    /// Around an operator, a unary one too, by where that begins.
    operators: BTreeMap<usize, Range<usize>>,
    /// Around a field with a base expression, by where the field begins.
    fields: BTreeMap<usize, Range<usize>>,
    /// The end of a pattern, by where its arm begins.
    arms: BTreeMap<usize, usize>,
    /// What the compiler works out.
    constants: Vec<Range<usize>>,
}

impl Places {
    fn constant(&mut self, of: &impl Spanned) {
        self.constants.push(of.span().byte_range());
    }
}

impl<'ast> Visit<'ast> for Places {
    fn visit_expr_binary(&mut self, of: &'ast syn::ExprBinary) {
        self.operators
            .insert(of.op.span().byte_range().start, of.span().byte_range());
        visit::visit_expr_binary(self, of);
    }

    fn visit_expr_unary(&mut self, of: &'ast syn::ExprUnary) {
        let range = of.span().byte_range();
        self.operators.insert(range.start, range);
        visit::visit_expr_unary(self, of);
    }

    fn visit_expr_struct(&mut self, of: &'ast syn::ExprStruct) {
        for field in &of.fields {
            self.fields
                .insert(field.span().byte_range().start, of.span().byte_range());
        }
        visit::visit_expr_struct(self, of);
    }

    fn visit_arm(&mut self, of: &'ast syn::Arm) {
        self.arms
            .insert(of.span().byte_range().start, of.pat.span().byte_range().end);
        visit::visit_arm(self, of);
    }

    fn visit_item_fn(&mut self, of: &'ast syn::ItemFn) {
        if of.sig.constness.is_some() {
            self.constant(&of.block);
        }
        visit::visit_item_fn(self, of);
    }

    fn visit_impl_item_fn(&mut self, of: &'ast syn::ImplItemFn) {
        if of.sig.constness.is_some() {
            self.constant(&of.block);
        }
        visit::visit_impl_item_fn(self, of);
    }

    fn visit_item_const(&mut self, of: &'ast syn::ItemConst) {
        self.constant(of);
    }

    fn visit_impl_item_const(&mut self, of: &'ast syn::ImplItemConst) {
        self.constant(of);
    }

    fn visit_trait_item_const(&mut self, of: &'ast syn::TraitItemConst) {
        self.constant(of);
    }

    fn visit_item_static(&mut self, of: &'ast syn::ItemStatic) {
        self.constant(of);
    }

    fn visit_expr_const(&mut self, of: &'ast syn::ExprConst) {
        self.constant(of);
    }

    fn visit_type_array(&mut self, of: &'ast syn::TypeArray) {
        self.constant(of);
    }

    fn visit_expr_repeat(&mut self, of: &'ast syn::ExprRepeat) {
        self.constant(&of.len);
        visit::visit_expr_repeat(self, of);
    }

    fn visit_item_enum(&mut self, of: &'ast syn::ItemEnum) {
        self.constant(of);
    }
}

/// Finds where the mutants of a file go. Those that are not to be there (`without`) are left where they are.
pub(crate) fn rewrite(
    text: &str,
    mutants: &[(usize, &Mutant)],
    without: &BTreeSet<usize>,
) -> Result<Rewritten, String> {
    let file = syn::parse_file(text).map_err(|error| error.to_string())?;
    let mut places = Places::default();
    places.visit_file(&file);
    let lines = Lines::of(text);
    let mut rewritten = Rewritten::default();
    // By what is surrounded; a function's body comes first, so that what begins with it is within.
    let mut switches: BTreeMap<(usize, usize, Genre), Switch> = BTreeMap::new();
    for &(number, mutant) in mutants {
        let range = lines.range(mutant.span)?;
        if places
            .constants
            .iter()
            .any(|constant| holds(constant, &range))
        {
            rewritten.left_out.insert(number);
            continue;
        }
        if without.contains(&number) {
            continue;
        }
        let around = match mutant.genre {
            Genre::FnValue | Genre::MatchArmGuard => Some(range.clone()),
            Genre::BinaryOperator | Genre::UnaryOperator => {
                places.operators.get(&range.start).cloned()
            }
            Genre::StructField => places.fields.get(&range.start).cloned(),
            Genre::MatchArm => places.arms.get(&range.start).map(|&end| end..end),
        };
        let around = around.ok_or_else(|| {
            format!(
                "{}: nothing there can become `{}`",
                mutant.place(),
                mutant.change
            )
        })?;
        let replacement = &mutant.replacement;
        let is = format!("crate::mutants::is({number})");
        let written = match mutant.genre {
            Genre::FnValue => format!("if {is} {{ return {replacement}; }} "),
            Genre::MatchArm => format!(" if !{is}"),
            Genre::MatchArmGuard => format!("if {is} {{ {replacement} }} else "),
            Genre::BinaryOperator | Genre::UnaryOperator | Genre::StructField => {
                let (before, after) = (
                    &text[around.start..range.start],
                    &text[range.end..around.end],
                );
                format!(
                    "if {is} {{ {} }} else ",
                    one_line(&format!("{before}{replacement}{after}"))
                )
            }
        };
        let switch = switches
            .entry((around.start, around.end, mutant.genre))
            .or_insert_with(|| Switch {
                piece: Piece {
                    start: around.start,
                    end: around.end,
                    before: String::new(),
                    after: String::new(),
                },
                mutants: Vec::new(),
            });
        switch.piece.before += &written;
        switch.mutants.push(number);
    }
    for ((_, _, genre), mut switch) in switches {
        if !matches!(genre, Genre::FnValue | Genre::MatchArm) {
            // Within parentheses, or it would be a statement where it begins one.
            switch.piece.before = format!("({}{{ ", switch.piece.before);
            switch.piece.after = " })".into();
        }
        rewritten.switches.push(switch);
    }
    Ok(rewritten)
}

/// The text without its lines' ends: comments that go to the end of a line are blanked, for they would hide the rest.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(|line| match comment(line) {
        Some(at) => &line[..at],
        None => line,
    });
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Where a line's comment begins: two slashes that are in no text.
fn comment(line: &str) -> Option<usize> {
    let found = line.match_indices("//").map(|(at, _)| at);
    let mut outside = found.filter(|&at| line[..at].matches('"').count() % 2 == 0);
    outside.next()
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Where the lines of a text begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text, starts }
    }

    fn range(&self, span: Span) -> Result<Range<usize>, String> {
        Ok(self.byte(span.start)?..self.byte(span.end)?)
    }

    fn byte(&self, place: Place) -> Result<usize, String> {
        let byte = || {
            let start = *self.starts.get(place.line.checked_sub(1)?)?;
            let mut characters = self.text[start..].char_indices();
            let (at, _) = characters.nth(place.column.checked_sub(1)?)?;
            Some(start + at)
        };
        byte().ok_or_else(|| {
            format!(
                "`cargo mutants` names line {}, column {}, which is not there",
                place.line, place.column
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::surround;

    /// A mutant of what stands between the first `from` and the `to` after it.
    fn mutant(text: &str, replaced: &str, replacement: &str, genre: Genre) -> Mutant {
        let at = text.find(replaced).expect("it is in the text");
        let place = |at: usize| Place {
            line: text[..at].matches('\n').count() + 1,
            column: text[..at].chars().rev().take_while(|&c| c != '\n').count() + 1,
        };
        Mutant {
            file: "a.rs".into(),
            function: None,
            change: "a change".into(),
            nth: 1,
            span: Span {
                start: place(at),
                end: place(at + replaced.len()),
            },
            replacement: replacement.into(),
            genre,
        }
    }

    fn rewritten(text: &str, mutants: &[Mutant]) -> String {
        let numbered: Vec<_> = mutants.iter().enumerate().collect();
        let made = rewrite(text, &numbered, &BTreeSet::new()).unwrap();
        let pieces = made
            .switches
            .into_iter()
            .map(|switch| switch.piece)
            .collect();
        surround(text, pieces)
            .unwrap()
            .0
            .replace("crate::mutants::", "")
    }

    #[test]
    fn an_operator_stands_beside_the_others() {
        let text = "fn f(a: u8, b: u8) -> bool { a < b && !(b == 0) }";
        let mutants = [
            mutant(text, "<", "==", Genre::BinaryOperator),
            mutant(text, "<", "<=", Genre::BinaryOperator),
            mutant(text, "&&", "||", Genre::BinaryOperator),
            mutant(text, "!", "", Genre::UnaryOperator),
        ];
        assert_eq!(
            rewritten(text, &mutants),
            "fn f(a: u8, b: u8) -> bool { (if is(2) { a < b || !(b == 0) } else { \
             (if is(0) { a == b } else if is(1) { a <= b } else { a < b }) && \
             (if is(3) { (b == 0) } else { !(b == 0) }) }) }"
        );
    }

    #[test]
    fn a_body_returns_something_else_before_all_that_it_does() {
        let text = "fn é(a: u8) -> bool {\n    a == 1\n}";
        let mutants = [
            mutant(text, "==", "!=", Genre::BinaryOperator),
            mutant(text, "a == 1", "true", Genre::FnValue),
            mutant(text, "a == 1", "false", Genre::FnValue),
        ];
        assert_eq!(
            rewritten(text, &mutants),
            "fn é(a: u8) -> bool {\n    if is(1) { return true; } if is(2) { return false; } \
             (if is(0) { a != 1 } else { a == 1 })\n}"
        );
    }

    #[test]
    fn arms_guards_and_fields_are_switched() {
        let text = "fn f(a: u8) -> S { match a { 0 | 1 => S { b: 1, ..c() }, 2 if a > 7 => d(), _ => e() } }";
        let mutants = [
            mutant(text, "0 | 1 => S { b: 1, ..c() },", "", Genre::MatchArm),
            mutant(text, "a > 7", "true", Genre::MatchArmGuard),
            mutant(text, "b: 1,", "", Genre::StructField),
        ];
        assert_eq!(
            rewritten(text, &mutants),
            "fn f(a: u8) -> S { match a { 0 | 1 if !is(0) => (if is(2) { S {  ..c() } } else { S { b: 1, ..c() } }), \
             2 if (if is(1) { true } else { a > 7 }) => d(), _ => e() } }"
        );
    }

    #[test]
    fn what_the_compiler_works_out_is_left_out() {
        let text = "const A: u8 = 1 + 2;\nconst fn f(a: u8) -> u8 { a - 1 }\nfn g() -> [u8; 3 * 4] { h(5 / 6) }";
        let mutants = [
            mutant(text, "+", "-", Genre::BinaryOperator),
            mutant(text, "- 1", "+", Genre::BinaryOperator),
            mutant(text, "*", "+", Genre::BinaryOperator),
            mutant(text, "/", "%", Genre::BinaryOperator),
        ];
        let numbered: Vec<_> = mutants.iter().enumerate().collect();
        let made = rewrite(text, &numbered, &BTreeSet::new()).unwrap();
        assert_eq!(made.left_out, BTreeSet::from([0, 1, 2]));
        assert_eq!(made.switches.len(), 1);
        let made = rewrite(text, &numbered, &BTreeSet::from([3])).unwrap();
        assert!(made.switches.is_empty());
    }

    #[test]
    fn what_stands_beside_needs_no_lines() {
        let text = "fn f() -> bool { a // \"why\"\n    && b(\"http://c\") }";
        let mutants = [mutant(text, "&&", "||", Genre::BinaryOperator)];
        assert_eq!(
            rewritten(text, &mutants),
            "fn f() -> bool { (if is(0) { a || b(\"http://c\") } else { a // \"why\"\n    && b(\"http://c\") }) }"
        );
    }
}
