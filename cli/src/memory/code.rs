//! What a function returns that does nothing but return a constant text, read from its code.
//!
//! `std::any::type_name` is no constant on a stable compiler, but what is made of it for a type is a function that puts a pointer and
//! a length into two registers. At any level of optimisation these are the same few instructions. Whatever has others in it is
//! not understood, which costs a name. The texts are in the program's read-only data, and are looked at like all that is read.

/// The address and the length of the text that the function returns.
pub(super) fn constant_text(function: u64, code: impl AsRef<[u8]>) -> Option<(u64, u64)> {
    let code = code.as_ref();
    if cfg!(target_arch = "x86_64") {
        x86_64(function, code)
    } else if cfg!(target_arch = "aarch64") {
        aarch64(function, code)
    } else {
        None
    }
}

/// `lea rax, [rip + d]`, and `mov edx, n` or `push n; pop rdx`, between the beginning and the end of a function.
fn x86_64(function: u64, code: &[u8]) -> Option<(u64, u64)> {
    let (mut pointer, mut length, mut pushed) = (None, None, None);
    let mut at = 0;
    loop {
        let rest = code.get(at..)?;
        let signed = |from: usize| {
            let bytes = rest.get(from..from + 4)?;
            Some(i32::from_le_bytes(bytes.try_into().ok()?))
        };
        let size = match rest {
            // endbr64
            [0xf3, 0x0f, 0x1e, 0xfa, ..] => 4,
            // push rbp; mov rbp, rsp; pop rbp
            [0x55, ..] | [0x5d, ..] => 1,
            [0x48, 0x89, 0xe5, ..] => 3,
            // lea rax, [rip + d]
            [0x48, 0x8d, 0x05, ..] => {
                let next = function.wrapping_add(at as u64 + 7);
                pointer = Some(next.wrapping_add_signed(i64::from(signed(3)?)));
                7
            }
            // mov edx, n
            [0xba, ..] => {
                length = Some(u64::from(signed(1)? as u32));
                5
            }
            // push n; pop rdx
            [0x6a, number, ..] => {
                pushed = u64::try_from(i64::from(*number as i8)).ok();
                2
            }
            [0x5a, ..] => {
                length = Some(pushed.take()?);
                1
            }
            // ret
            [0xc3, ..] => return pointer.zip(length),
            _ => return None,
        };
        at += size;
    }
}

/// `adrp x0, page; add x0, x0, n` or `adr x0, d`, and `mov w1, n`.
fn aarch64(function: u64, code: &[u8]) -> Option<(u64, u64)> {
    let (mut pointer, mut length) = (None, None);
    for (index, bytes) in code.chunks_exact(4).enumerate() {
        let instruction = u32::from_le_bytes(bytes.try_into().ok()?);
        let here = function.wrapping_add(4 * index as u64);
        let signed = || {
            let immediate = ((instruction >> 5 & 0x7ffff) << 2) | (instruction >> 29 & 3);
            // 21 bits with a sign.
            i64::from((immediate << 11) as i32 >> 11)
        };
        match instruction {
            // bti c; nop
            0xd503_245f | 0xd503_201f => {}
            // adrp x0
            i if i & 0x9f00_001f == 0x9000_0000 => {
                pointer = Some((here & !0xfff).wrapping_add_signed(signed() << 12));
            }
            // adr x0
            i if i & 0x9f00_001f == 0x1000_0000 => {
                pointer = Some(here.wrapping_add_signed(signed()));
            }
            // add x0, x0, n
            i if i & 0xffc0_03ff == 0x9100_0000 => {
                pointer = Some(pointer?.wrapping_add(u64::from(i >> 10 & 0xfff)));
            }
            // movz w1 or x1, n
            i if i & 0x7fe0_001f == 0x5280_0001 => length = Some(u64::from(i >> 5 & 0xffff)),
            // ret
            0xd65f_03c0 => return pointer.zip(length),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_of_compilers_are_understood() {
        // As rustc 1.95 makes it at levels 0 to 3 and s, and at z.
        let usual = [
            0x48, 0x8d, 0x05, 0x2d, 0x4d, 0xff, 0xff, 0xba, 0x50, 0, 0, 0, 0xc3, 0xcc,
        ];
        assert_eq!(x86_64(0x140b0, &usual), Some((0x8de4, 0x50)));
        let small = [
            0x48, 0x8d, 0x05, 0x79, 0x23, 0xff, 0xff, 0x6a, 0x50, 0x5a, 0xc3,
        ];
        assert_eq!(x86_64(0x13f94, &small), Some((0x6314, 0x50)));
        // With frame pointers and marks for branches.
        let framed = [
            0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x05, 1, 0, 0, 0, 0xba, 2,
            0, 0, 0, 0x5d, 0xc3,
        ];
        assert_eq!(x86_64(0x1000, &framed), Some((0x1010, 2)));
        let mut arm = Vec::new();
        // adrp x0, 0x3000 from 0x1000; mov w1, #0x50; add x0, x0, #0x24; ret
        for instruction in [0xd000_0000u32, 0x5280_0a01, 0x9100_9000, 0xd65f_03c0] {
            arm.extend(instruction.to_le_bytes());
        }
        assert_eq!(aarch64(0x1000, &arm), Some((0x3024, 0x50)));
    }

    #[test]
    fn what_does_more_is_not() {
        for code in [
            &[][..],
            &[0xc3],
            &[0x48, 0x8d, 0x05, 1, 0, 0],
            &[0xba, 1, 0, 0, 0, 0xc3],
            &[0x5a, 0xc3],
            &[0xe8, 0, 0, 0, 0, 0xc3],
            &[0x6a, 0x80, 0x5a, 0xc3],
            &[0x55; 48],
        ] {
            assert_eq!(x86_64(0, code), None, "{code:x?}");
            assert_eq!(aarch64(0, code), None, "{code:x?}");
        }
    }

    /// What this compiler makes of it here.
    #[test]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    fn this_build_is_understood() {
        let image = super::super::Image::open(std::process::id()).unwrap();
        let function: fn() -> &'static str = std::any::type_name::<Result<String, Vec<u8>>>;
        let address = (function as *const ()).addr() as u64;
        let code = image.code(address).unwrap();
        let text = function();
        let expected = (text.as_ptr().addr() as u64, text.len() as u64);
        assert_eq!(constant_text(address, code), Some(expected));
    }
}
