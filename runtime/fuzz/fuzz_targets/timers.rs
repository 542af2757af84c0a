//! The target `timers` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| leno_fuzz::run("timers", input));
