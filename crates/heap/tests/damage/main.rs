//! Damage of every kind: whatever the bytes are, the answer is a snapshot whose indexes are all in
//! range, or an error that says where. Never a panic, never much more memory than the bytes take.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod corpus;
mod cuts;
#[path = "../../fuzz/invariants.rs"]
mod invariants;
mod mutations;
