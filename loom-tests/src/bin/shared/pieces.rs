//! Pieces of a text that get something before and after them.

use std::ops::Range;

/// A piece of a text that gets something before and after it.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// A piece that is being written.
#[derive(Debug)]
struct Open {
    piece: Piece,
    /// Where it stands in the order of the pieces.
    index: usize,
    /// Where its first byte is in what is written.
    from: usize,
}

/// Puts in what is before and after the pieces. One may be within another; of two with the same place the first is the outer one.
/// Returns the text, and where each piece is in it, with what it got.
pub(crate) fn surround(
    text: &str,
    pieces: Vec<Piece>,
) -> Result<(String, Vec<Range<usize>>), String> {
    let mut places = vec![0..0; pieces.len()];
    let mut pieces: Vec<_> = pieces.into_iter().enumerate().collect();
    pieces.sort_by_key(|(_, piece)| (piece.start, std::cmp::Reverse(piece.end)));
    let mut out = String::new();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    for (index, piece) in pieces {
        while open
            .last()
            .is_some_and(|outer| outer.piece.end <= piece.start)
        {
            at = close(&mut out, text, at, open.pop(), &mut places);
        }
        if let Some(Open { piece: outer, .. }) =
            open.last().filter(|outer| outer.piece.end < piece.end)
        {
            let (one, other) = (&text[outer.start..outer.end], &text[piece.start..piece.end]);
            return Err(format!(
                "two mutations overlap, and one must be within the other: `{one}` and `{other}`"
            ));
        }
        out += &text[at..piece.start];
        let from = out.len();
        out += &piece.before;
        at = piece.start;
        open.push(Open { piece, index, from });
    }
    while !open.is_empty() {
        at = close(&mut out, text, at, open.pop(), &mut places);
    }
    Ok((out + &text[at..], places))
}

/// Writes the rest of a piece and what is after it; returns where the text goes on.
fn close(
    out: &mut String,
    text: &str,
    at: usize,
    open: Option<Open>,
    places: &mut [Range<usize>],
) -> usize {
    let Some(Open { piece, index, from }) = open else {
        return at;
    };
    *out += &text[at..piece.end];
    *out += &piece.after;
    places[index] = from..out.len();
    piece.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: usize, end: usize, before: &str) -> Piece {
        let (before, after) = (format!("{before}("), ")".into());
        Piece {
            start,
            end,
            before,
            after,
        }
    }

    #[test]
    fn pieces_may_be_within_each_other() {
        let pieces = vec![
            piece(5, 6, "c"),
            piece(1, 4, "a"),
            piece(2, 4, "b"),
            piece(1, 4, "again"),
            piece(6, 7, "d"),
        ];
        let (text, places) = surround("0123456789", pieces).unwrap();
        assert_eq!(text, "0a(again(1b(23)))4c(5)d(6)789");
        let pieces: Vec<_> = places.into_iter().map(|place| &text[place]).collect();
        assert_eq!(
            pieces,
            ["c(5)", "a(again(1b(23)))", "b(23)", "again(1b(23))", "d(6)"]
        );
    }

    #[test]
    fn pieces_that_overlap_are_refused() {
        let error = surround("0123456789", vec![piece(1, 4, "a"), piece(2, 6, "b")]).unwrap_err();
        assert!(error.contains("`123` and `2345`"), "{error}");
    }
}
