//! Numbers with names, by the kernel's headers: `render_names.tsv` is the list, from which
//! `examples/generate_names.rs` makes the table.

mod table;

pub(super) use table::*;
