//! The example requests of the standards, verbatim.
