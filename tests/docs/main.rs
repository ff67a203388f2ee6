//! The documentation: what it shows is run, what it names exists, and the pages agree with the programs.

mod completions;
mod examples_of_pages;
mod install;
mod links;
mod manual;
mod transcript;
mod transcripts;
mod words;
