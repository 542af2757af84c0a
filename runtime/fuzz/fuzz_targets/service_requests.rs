//! The target `service_requests` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| leno_fuzz::run("service_requests", input));
