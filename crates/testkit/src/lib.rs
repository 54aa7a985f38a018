//! Heaps as text, for tests.
