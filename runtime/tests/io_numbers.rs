//! Numbers are read and written whole, however small the pieces are.

#[path = "support/io.rs"]
mod support;

use leno::io::{AsyncReadExt, AsyncWriteExt, ErrorKind};
use support::{Read, Source, Target, Write, block_on, ready};

macro_rules! round_trips {
    ($($name:ident: $write:ident, $read:ident, $value:expr, $bytes:expr;)*) => {$(
        #[test]
        fn $name() {
            let mut target = Target::new([Write::Take(1), Write::Wait, Write::Fail(ErrorKind::Interrupted)]);
            block_on(target.$write($value)).unwrap();
            assert_eq!(target.bytes, $bytes);

            let (first, rest) = Vec::leak(target.bytes.clone()).split_at(1);
            let mut source = Source::new([
                Read::Bytes(first),
                Read::Wait,
                Read::Fail(ErrorKind::Interrupted),
                Read::Bytes(rest),
            ]);
            assert_eq!(block_on(source.$read()).unwrap(), $value);

            let mut short = &target.bytes[1..];
            assert_eq!(ready(short.$read()).unwrap_err().kind(), ErrorKind::UnexpectedEof);

            let mut full = Target::new([Write::Take(0)]);
            assert_eq!(ready(full.$write($value)).unwrap_err().kind(), ErrorKind::WriteZero);
        }
    )*};
}

round_trips! {
    u8_is_one_byte: write_u8, read_u8, 0xfe, [0xfe];
    i8_is_one_byte: write_i8, read_i8, -2, [0xfe];
    u16_is_big_endian: write_u16, read_u16, 0x0102, [1, 2];
    i16_is_big_endian: write_i16, read_i16, -2, [0xff, 0xfe];
    u32_is_big_endian: write_u32, read_u32, 0x01020304, [1, 2, 3, 4];
    i32_is_big_endian: write_i32, read_i32, -2, [0xff, 0xff, 0xff, 0xfe];
    u64_is_big_endian: write_u64, read_u64, 0x0102030405060708, [1, 2, 3, 4, 5, 6, 7, 8];
    i64_is_big_endian: write_i64, read_i64, -2, (-2_i64).to_be_bytes();
    u128_is_big_endian: write_u128, read_u128, u128::MAX - 1, (u128::MAX - 1).to_be_bytes();
    i128_is_big_endian: write_i128, read_i128, -2, (-2_i128).to_be_bytes();
    f32_is_big_endian: write_f32, read_f32, 1.5, [0x3f, 0xc0, 0, 0];
    f64_is_big_endian: write_f64, read_f64, 1.5, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0];
    u16_le_is_little_endian: write_u16_le, read_u16_le, 0x0102, [2, 1];
    i16_le_is_little_endian: write_i16_le, read_i16_le, -2, [0xfe, 0xff];
    u32_le_is_little_endian: write_u32_le, read_u32_le, 0x01020304, [4, 3, 2, 1];
    i32_le_is_little_endian: write_i32_le, read_i32_le, -2, [0xfe, 0xff, 0xff, 0xff];
    u64_le_is_little_endian: write_u64_le, read_u64_le, 0x0102030405060708, [8, 7, 6, 5, 4, 3, 2, 1];
    i64_le_is_little_endian: write_i64_le, read_i64_le, -2, (-2_i64).to_le_bytes();
    u128_le_is_little_endian: write_u128_le, read_u128_le, u128::MAX - 1, (u128::MAX - 1).to_le_bytes();
    i128_le_is_little_endian: write_i128_le, read_i128_le, -2, (-2_i128).to_le_bytes();
    f32_le_is_little_endian: write_f32_le, read_f32_le, 1.5, [0, 0, 0xc0, 0x3f];
    f64_le_is_little_endian: write_f64_le, read_f64_le, 1.5, [0, 0, 0, 0, 0, 0, 0xf8, 0x3f];
}
