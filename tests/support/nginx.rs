//! A configuration of nginx for tests.

use std::path::Path;

use crate::root;

/// nginx with one worker, and all that it writes within a directory, which it serves; `more` are directives of
/// the server.
pub fn nginx_configuration(work: &Path, port: u16, more: &str) -> String {
    let directory = work.display();
    let user = if root() { "user nobody nogroup;" } else { "" };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("{kind}_temp_path {directory}/{kind};"));
    format!(
        "daemon off; master_process on; worker_processes 1; {user}\n\
         error_log {directory}/error.log notice; pid {directory}/pid;\n\
         events {{}}\n\
         http {{ access_log off; sendfile on; {}\n\
           server {{ listen 127.0.0.1:{port}; root {directory}; {more} }} }}\n",
        temporary.concat()
    )
}
