//! sandboxify: what it prints and returns, what the program finds as it was, and each of its ways
//! to put the filter in place.

mod compiler;
mod identity;
mod launches;
mod lookup;
mod options;
mod paused;
mod peers;
mod preload;
mod preload_refusals;
mod programs;
mod refusals;
mod scripts;
mod signals;
mod statuses;
mod suspend;
mod ticket;
mod timing;
mod transcripts;
