//! Numbers as text: varints, and base64 in its usual alphabet with no padding.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `bytes` in base64, without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| {
            bits << 8 | u32::from(group.get(at).copied().unwrap_or(0))
        });
        for digit in 0..=group.len() {
            text.push(ALPHABET[(bits >> (18 - 6 * digit)) as usize & 63].into());
        }
    }
    text
}

/// The bytes of which `text` is the base64. Nothing if it is that of none.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for at in 0..4 {
            let digit = match group.get(at) {
                None => 0,
                Some(letter) => ALPHABET.iter().position(|there| there == letter)? as u32,
            };
            bits = bits << 6 | digit;
        }
        let count = group.len().checked_sub(1).filter(|&count| count != 0)?;
        let all = &bits.to_be_bytes()[1..];
        // What is left over of the last digit is 0, or it has been changed.
        if all[count..].iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(&all[..count]);
    }
    Some(bytes)
}

/// Appends `number`, seven bits a byte, the lowest first.
pub(crate) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number off the front of `bytes`. Nothing if it ends too early, or is greater than any number.
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foobar", "Zm9vYmFy"),
            (&[0xff, 0xef, 0xfe], "/+/+"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
        for text in ["A", "Zm9vA", "Zh", "Zm9", "Zm9v====", "Zm-v", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_come_back() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let mut bytes = Vec::new();
        for number in numbers {
            push_varint(&mut bytes, number);
        }
        let mut rest = &bytes[..];
        for number in numbers {
            assert_eq!(take_varint(&mut rest), Some(number));
        }
        assert_eq!(take_varint(&mut rest), None);
        let too_great = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(take_varint(&mut &too_great[..]), None);
    }
}
