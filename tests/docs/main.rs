//! The documentation: what it shows is run, what it names exists, and the pages agree with the programs.

mod completions;
mod install;
mod links;
mod manual;
mod transcript;
mod transcripts;
mod words;
