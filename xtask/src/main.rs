//! Build, demo and test commands of this repository.

fn main() {}
