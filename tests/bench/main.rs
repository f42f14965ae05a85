//! What Chapar costs, next to the floor: a bare hyper server that answers the same bytes. Prints a
//! table of targets and measurements, and asserts nothing: machines differ.
//!
//! `cargo run --release -p chapar-tests --bin bench`, with words to choose rows by their names:
//! `… --bin bench put propfind`. Build the server in the same profile first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark that meets what it does not expect stops, and says where"
)]

mod awake;
mod caldav;
mod carddav;
mod compression;
mod drop_in;
mod floor;
mod horizon;
mod jmap;
mod load;
mod mail;
mod memory;
mod neighbours;
mod process;
mod rows;
mod store;

use rows::Bench;

/// Adds rows to the table.
type Measure = fn(&mut Bench);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, folder] = &arguments[..]
        && word == "floor"
    {
        floor::serve(folder.as_ref());
        return;
    }
    if arguments == ["awake"] {
        awake::spin();
    }
    let chosen = |name: &str| arguments.is_empty() || arguments.iter().any(|a| name.contains(a));
    let all: &[(&str, Measure)] = &[
        ("start", rows::start),
        ("requests", rows::requests),
        ("static", rows::static_file),
        ("compression", compression::compression),
        ("put one client", rows::put_one),
        ("put many clients", rows::put_many),
        ("put slow disk", store::slow_disk),
        ("propfind", rows::propfind),
        ("big", rows::big),
        ("calendars", caldav::calendars),
        ("growing calendar", caldav::growing),
        ("horizon", horizon::horizon),
        ("contacts", carddav::contacts),
        ("mail", jmap::mail),
        ("idle connections", memory::idle_connections),
        ("warm instances", memory::warm_instances),
        ("deliveries", mail::deliveries),
        ("feeds", mail::feeds),
        ("waiting clients", mail::waiting),
        ("neighbours", neighbours::neighbours),
        ("drop in", drop_in::drop_in),
    ];
    let mut bench = Bench::new();
    for &(name, measure) in all {
        if chosen(name) {
            eprintln!("measuring: {name}");
            measure(&mut bench);
        }
    }
    bench.print();
}
