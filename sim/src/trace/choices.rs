//! The parts of a trace that are for programs alone: choices and hashes, as base64.

use crate::base64::{decode, encode, push_varint, take_varint};
use crate::record::Choice;
use crate::run::Checkpoint;

/// How many hashes on the way are kept. Where a run departs need not be known better than to a 64th.
const CHECKS: usize = 64;

/// Each choice as the distance from the one before, and its value.
pub(super) fn write(choices: &[Choice]) -> String {
    let mut bytes = Vec::new();
    let mut last = 0;
    for choice in choices {
        push_varint(&mut bytes, choice.position - last);
        push_varint(&mut bytes, choice.taken.into());
        last = choice.position;
    }
    encode(&bytes)
}

/// The choices of which `text` is the text. Nothing if it is that of none.
pub(super) fn read(text: &str) -> Option<Vec<Choice>> {
    let bytes = decode(text)?;
    let mut rest = &bytes[..];
    let mut choices: Vec<Choice> = Vec::new();
    while !rest.is_empty() {
        let distance = take_varint(&mut rest)?;
        let taken = u32::try_from(take_varint(&mut rest)?).ok()?;
        let position = match choices.last() {
            None => distance,
            Some(_) if distance == 0 => return None,
            Some(last) => last.position.checked_add(distance)?,
        };
        if taken == 0 {
            return None;
        }
        choices.push(Choice { position, taken });
    }
    Some(choices)
}

/// Those of `checkpoints` that are kept: all if they are few, else some of them, evenly.
pub(super) fn thinned(checkpoints: &[Checkpoint]) -> impl Iterator<Item = &Checkpoint> {
    let step = checkpoints.len().div_ceil(CHECKS).max(1);
    checkpoints.iter().skip(step - 1).step_by(step)
}

/// Each hash with the distance from the one before.
pub(super) fn write_checks(checkpoints: &[Checkpoint]) -> String {
    let mut bytes = Vec::new();
    let mut last = 0;
    for checkpoint in thinned(checkpoints) {
        push_varint(&mut bytes, checkpoint.decisions - last);
        bytes.extend_from_slice(&checkpoint.hash.to_le_bytes());
        last = checkpoint.decisions;
    }
    encode(&bytes)
}

/// The hashes of which `text` is the text. Nothing if it is that of none.
pub(super) fn read_checks(text: &str) -> Option<Vec<Checkpoint>> {
    let bytes = decode(text)?;
    let mut rest = &bytes[..];
    let mut checkpoints = Vec::new();
    let mut decisions = 0_u64;
    while !rest.is_empty() {
        decisions = decisions.checked_add(take_varint(&mut rest)?)?;
        let (hash, after) = rest.split_first_chunk()?;
        rest = after;
        checkpoints.push(Checkpoint {
            decisions,
            hash: u64::from_le_bytes(*hash),
        });
    }
    Some(checkpoints)
}
