//! The cheapest clock there is: what the processor counts, to be converted to time afterwards.
//!
//! Reading it takes some 9 ns on x86-64 (`rdtsc`), where the system's clock takes 23. It is the time-stamp counter if that counts at
//! the same speed whatever the processor does (it says so: "invariant"), on AArch64 the virtual counter, which always does, and
//! the system's clock in nanoseconds everywhere else. The counters of all processors of a machine show the same; where the
//! system has found that they do not, it does not use them for its own clock either, and nor do we.

use super::now as system;
use std::sync::OnceLock;
#[cfg(target_arch = "x86_64")]
use std::sync::atomic::{AtomicBool, Ordering};

/// How ticks are converted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calibration {
    /// What [`now`] showed,
    pub(crate) ticks: u64,
    /// when the monotonic clock showed this.
    pub(crate) nanoseconds: u64,
    pub(crate) ticks_per_second: u64,
}

/// For how long, in nanoseconds, the two clocks are compared: with readings that are right by 30 ns, 15 parts in a million.
#[cfg(target_arch = "x86_64")]
const COMPARED: u64 = 2_000_000;

/// The count as it is now. It means something once somebody has [calibrated](calibration) it.
#[inline(always)]
pub(crate) fn now() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // Ordering: Relaxed; it is set before there is anybody who reads ticks.
    if !USES_SYSTEM.load(Ordering::Relaxed) {
        // SAFETY: every processor of this architecture has the instruction, and systems leave it to programs.
        return unsafe { std::arch::x86_64::_rdtsc() };
    }
    #[cfg(target_arch = "aarch64")]
    {
        let count: u64;
        // SAFETY: reads a counter, which systems leave to programs, and nothing else.
        unsafe { std::arch::asm!("mrs {}, cntvct_el0", out(reg) count, options(nomem, nostack)) };
        return count;
    }
    #[cfg(not(target_arch = "aarch64"))]
    system()
}

/// How this process' ticks are converted. The first call may take 2 ms.
pub(crate) fn calibration() -> Calibration {
    static CALIBRATION: OnceLock<Calibration> = OnceLock::new();
    *CALIBRATION.get_or_init(calibrate)
}

/// The count, and the system's clock at the same moment.
pub(crate) fn both() -> (u64, u64) {
    // The middle of the narrowest pair: who is interrupted in between reads anew.
    let readings = (0..16).map(|_| {
        let before = system();
        let ticks = now();
        let after = system();
        (after - before, ticks, before + (after - before) / 2)
    });
    let best = readings.min_by_key(|&(gap, ..)| gap);
    best.map_or((0, 0), |(_, ticks, nanoseconds)| (ticks, nanoseconds))
}

#[cfg(target_arch = "x86_64")]
static USES_SYSTEM: AtomicBool = AtomicBool::new(false);

#[cfg(target_arch = "x86_64")]
fn calibrate() -> Calibration {
    if !is_invariant() {
        // Ordering: Relaxed; whoever reads ticks has been told of the calibration by other means.
        USES_SYSTEM.store(true, Ordering::Relaxed);
        return of_system();
    }
    let (first, began) = both();
    while system() - began < COMPARED {
        std::hint::spin_loop();
    }
    let (last, ended) = both();
    let per_second = u128::from(last - first) * 1_000_000_000 / u128::from(ended - began);
    Calibration {
        ticks: first,
        nanoseconds: began,
        ticks_per_second: u64::try_from(per_second).unwrap_or(u64::MAX).max(1),
    }
}

/// The processor says that its counter never changes its speed, and the system has not found it unsteady.
#[cfg(target_arch = "x86_64")]
fn is_invariant() -> bool {
    use std::arch::x86_64::__cpuid;
    const POWER: u32 = 0x8000_0007;
    const INVARIANT: u32 = 1 << 8;
    #[allow(unused_unsafe, reason = "newer compilers take it for safe")]
    // SAFETY: every processor of this architecture has the instruction.
    let highest = unsafe { __cpuid(0x8000_0000) }.eax;
    #[allow(unused_unsafe, reason = "as above")]
    // SAFETY: as above, and the leaf is there.
    let says_so = highest >= POWER && unsafe { __cpuid(POWER) }.edx & INVARIANT != 0;
    says_so && !is_distrusted()
}

/// Linux marks a counter that it has found unsteady by not offering it as a source of its clock.
#[cfg(all(
    target_arch = "x86_64",
    any(target_os = "linux", target_os = "android")
))]
fn is_distrusted() -> bool {
    const SOURCES: &str = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    // A virtual machine's clock may be made of the counter, and be the only one that is offered.
    std::fs::read_to_string(SOURCES).is_ok_and(|sources| {
        let mut sources = sources.split_whitespace();
        sources.all(|source| source == "hpet" || source == "acpi_pm" || source == "jiffies")
    })
}

#[cfg(all(
    target_arch = "x86_64",
    not(any(target_os = "linux", target_os = "android"))
))]
fn is_distrusted() -> bool {
    false
}

#[cfg(target_arch = "aarch64")]
fn calibrate() -> Calibration {
    let per_second: u64;
    // SAFETY: reads a register, which systems leave to programs, and nothing else.
    unsafe { std::arch::asm!("mrs {}, cntfrq_el0", out(reg) per_second, options(nomem, nostack)) };
    let (ticks, nanoseconds) = both();
    Calibration {
        ticks,
        nanoseconds,
        ticks_per_second: per_second.max(1),
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn calibrate() -> Calibration {
    of_system()
}

#[cfg(not(target_arch = "aarch64"))]
fn of_system() -> Calibration {
    let now = system();
    Calibration {
        ticks: now,
        nanoseconds: now,
        ticks_per_second: 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_go_as_fast_as_the_clock() {
        let calibration = calibration();
        let (first, began) = both();
        while system() - began < 5_000_000 {
            std::hint::spin_loop();
        }
        let (last, ended) = both();
        let ticks = u128::from(last - first) * 1_000_000_000;
        let converted = (ticks / u128::from(calibration.ticks_per_second)) as f64;
        let ratio = converted / (ended - began) as f64;
        assert!((0.99..1.01).contains(&ratio), "{ratio}");
    }
}
