//! Conducting one run: its order, clock and folder.
