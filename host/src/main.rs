//! The `chapar` command.

fn main() {}
