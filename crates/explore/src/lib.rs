//! Answers to a person's questions as plain rows.
