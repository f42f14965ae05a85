//! The host itself: what holds whatever the protocol.

mod auth;
mod cli;
mod contract;
mod dropin;
mod durability;
mod folders;
mod horizon;
mod isolation;
mod limits;
mod mail;
mod malformed;
mod misbehaving;
mod mounts;
mod neighbours;
mod seeing;
mod service;
mod state_folder;
mod static_files;
mod submission;
mod tenants;
mod tls;
mod websocket;
