//! A store in memory, for tests: one tree, any number of principals, a clock that tests set.
