//! libsandbox.so: the environment contract, on real programs and a real kernel.

mod transcripts;
