//! Memory asked for before it is needed.
//!
//! The graph passes know which nodes come next while the nodes before them are still worked on;
//! asking early turns waiting for memory one line at a time into waiting for many at once.

#![expect(unsafe_code, reason = "a prefetch takes a pointer; it reads nothing")]

/// Asks for an element of a slice; any index will do.
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = slice.as_ptr().wrapping_add(index);
        // SAFETY: a prefetch is a hint; whatever the address, nothing is read and nothing faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
