//! A table of text.

use super::plain::{fit, plain, width};
use super::style::{Look, Style};

/// What stands between columns.
const GAP: &str = "  ";

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) right: bool,
    /// It may be cut down to so many columns if the table is too wide; otherwise never.
    pub(crate) at_least: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    look: Look,
}

impl Cell {
    pub(crate) fn new(text: &str) -> Self {
        Self::with(text, Look::Plain)
    }

    pub(crate) fn with(text: &str, look: Look) -> Self {
        Self {
            text: plain(text),
            look,
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn look(&self) -> Look {
        self.look
    }
}

/// The table as lines, at most so wide if that can be.
pub(crate) fn render(
    columns: &[Column],
    rows: &[Vec<Cell>],
    style: Style,
    at_most: Option<usize>,
) -> String {
    let widths = widths(columns, rows, at_most);
    let mut text = String::new();
    let titles: Vec<_> = columns
        .iter()
        .map(|column| Cell::with(column.title, Look::Bold))
        .collect();
    for row in std::iter::once(&titles).chain(rows) {
        let cells = row.iter().zip(columns).zip(&widths);
        let last = row.iter().rposition(|cell| !cell.text.is_empty());
        for (number, ((cell, column), &width)) in cells.enumerate() {
            if last.is_none_or(|last| number > last) {
                break;
            }
            if number > 0 {
                text.push_str(GAP);
            }
            let shown = fit(&cell.text, width);
            let space = " ".repeat(width - self::width(&shown));
            let painted = style.paint(cell.look, &shown);
            match (column.right, Some(number) == last) {
                (true, _) => text.extend([space, painted]),
                (false, true) => text.push_str(&painted),
                (false, false) => text.extend([painted, space]),
            }
        }
        text.push('\n');
    }
    text
}

/// How wide each column is.
pub(crate) fn widths(columns: &[Column], rows: &[Vec<Cell>], at_most: Option<usize>) -> Vec<usize> {
    let mut widths: Vec<_> = columns.iter().map(|column| width(column.title)).collect();
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(&cell.text));
        }
    }
    let Some(at_most) = at_most else {
        return widths;
    };
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    // The widest that may be is cut first, a column at a time.
    while widths.iter().sum::<usize>() + gaps > at_most {
        let can_give = (0..columns.len()).filter(|&number| {
            columns[number]
                .at_least
                .is_some_and(|least| widths[number] > least)
        });
        match can_give.max_by_key(|&number| widths[number]) {
            Some(number) => widths[number] -= 1,
            None => break,
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> [Column; 3] {
        let column = |title, right, at_least| Column {
            title,
            right,
            at_least,
        };
        [
            column("ID", true, None),
            column("NAME", false, Some(4)),
            column("AT", false, None),
        ]
    }

    #[test]
    fn columns_stand_below_each_other_whatever_is_in_them() {
        let rows = [
            vec![Cell::new("7"), Cell::new("転送"), Cell::new("x")],
            vec![Cell::new("4711"), Cell::new("a\nb"), Cell::new("y")],
            vec![Cell::new("8"), Cell::new("é"), Cell::new("")],
        ];
        let text = render(&columns(), &rows, Style::new(false), None);
        assert_eq!(
            text,
            "  ID  NAME  AT\n   7  転送  x\n4711  a\\nb  y\n   8  é\n"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_less_of_what_may_be_cut() {
        let rows = [vec![
            Cell::new("1"),
            Cell::with("a::very::long::path", Look::Dim),
            Cell::new("src/main.rs"),
        ]];
        let text = render(&columns(), &rows, Style::new(true), Some(25));
        assert_eq!(
            text.lines().last().unwrap(),
            " 1  \x1b[2ma::very…\x1b[0m  src/main.rs"
        );
        // Not less than can be.
        let text = render(&columns(), &rows, Style::new(false), Some(1));
        assert_eq!(text.lines().last().unwrap(), " 1  a::…  src/main.rs");
    }
}
