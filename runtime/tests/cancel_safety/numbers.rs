//! The numbers of `leno::io`: half of one that was read, or written, is lost with the future. One byte has no halves.

use crate::streams::{Inflow, Outflow};
use crate::support::{Row, kept, row};
use leno::io::{AsyncReadExt, AsyncWriteExt};

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] = &[read, write];

/// A row for each method, which reads what `to` makes of the number.
macro_rules! read {
    ($($name:ident $number:ident $to:ident,)*) => {
        vec![$(row! {
            concat!("io::AsyncReadExt::", stringify!($name));
            make Inflow::of(&(77 as $number).$to());
            run |inflow| inflow.near.$name() => |number| inflow.is_done = number.is_ok();
            check |mut inflow, _cut| {
                kept(inflow.is_done || inflow.near.$name().await.is_ok_and(|number| number == 77 as $number))
            }
        }),*]
    };
}

fn read() -> Vec<Row> {
    read! {
        read_u8 u8 to_be_bytes, read_i8 i8 to_be_bytes,
        read_u16 u16 to_be_bytes, read_i16 i16 to_be_bytes,
        read_u32 u32 to_be_bytes, read_i32 i32 to_be_bytes,
        read_u64 u64 to_be_bytes, read_i64 i64 to_be_bytes,
        read_u128 u128 to_be_bytes, read_i128 i128 to_be_bytes,
        read_f32 f32 to_be_bytes, read_f64 f64 to_be_bytes,
        read_u16_le u16 to_le_bytes, read_i16_le i16 to_le_bytes,
        read_u32_le u32 to_le_bytes, read_i32_le i32 to_le_bytes,
        read_u64_le u64 to_le_bytes, read_i64_le i64 to_le_bytes,
        read_u128_le u128 to_le_bytes, read_i128_le i128 to_le_bytes,
        read_f32_le f32 to_le_bytes, read_f64_le f64 to_le_bytes,
    }
}

/// A row for each method, which writes what `to` makes of the number.
macro_rules! write {
    ($($name:ident $number:ident $to:ident,)*) => {
        vec![$(row! {
            concat!("io::AsyncWriteExt::", stringify!($name));
            make Outflow::new();
            run |outflow| outflow.near.$name(77 as $number) => |written| outflow.is_done = written.is_ok();
            check |mut outflow, _cut| {
                if !outflow.is_done {
                    outflow.near.$name(77 as $number).await.unwrap();
                }
                outflow.arrives(&(77 as $number).$to()).await
            }
        }),*]
    };
}

fn write() -> Vec<Row> {
    write! {
        write_u8 u8 to_be_bytes, write_i8 i8 to_be_bytes,
        write_u16 u16 to_be_bytes, write_i16 i16 to_be_bytes,
        write_u32 u32 to_be_bytes, write_i32 i32 to_be_bytes,
        write_u64 u64 to_be_bytes, write_i64 i64 to_be_bytes,
        write_u128 u128 to_be_bytes, write_i128 i128 to_be_bytes,
        write_f32 f32 to_be_bytes, write_f64 f64 to_be_bytes,
        write_u16_le u16 to_le_bytes, write_i16_le i16 to_le_bytes,
        write_u32_le u32 to_le_bytes, write_i32_le i32 to_le_bytes,
        write_u64_le u64 to_le_bytes, write_i64_le i64 to_le_bytes,
        write_u128_le u128 to_le_bytes, write_i128_le i128 to_le_bytes,
        write_f32_le f32 to_le_bytes, write_f64_le f64 to_le_bytes,
    }
}
