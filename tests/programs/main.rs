//! Real programs under lists that are close to minimal: the right work gets done, the wrong call dies.

mod bash;
mod blacklist;
mod busybox;
mod git;
mod go;
mod lists;
mod nginx;
mod outer_filter;
mod pid_one;
mod place;
mod python;
mod redis;
mod server;
mod sqlite;
mod static_c;
mod unprivileged;
