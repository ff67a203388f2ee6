//! The walls between the rooms: who may use whom, what is in the preloaded object, what source may say.

#[path = "architecture/arrows.rs"]
mod arrows;
#[path = "architecture/binaries.rs"]
mod binaries;
#[path = "architecture/functions.rs"]
mod functions;
#[path = "architecture/licences.rs"]
mod licences;
#[path = "architecture/metadata.rs"]
mod metadata;
#[path = "architecture/sources.rs"]
mod sources;
#[path = "architecture/table.rs"]
mod table;
