//! What a load script means: who arrives when, and does what.
