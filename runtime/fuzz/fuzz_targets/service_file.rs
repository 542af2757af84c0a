//! The target `service_file` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| leno_fuzz::run("service_file", input));
