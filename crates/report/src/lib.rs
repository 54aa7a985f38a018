//! Answers as documents: terminal, HTML, JSON.
