//! `completions`: what shells complete.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::Output;
use crate::arguments::Arguments;

pub(crate) fn run(shell: Shell) -> Output {
    let mut bytes = Vec::new();
    clap_complete::generate(
        shell,
        &mut Arguments::command(),
        "sandbox-policy",
        &mut bytes,
    );
    let script = String::from_utf8_lossy(&bytes);
    Output::text(match shell {
        // clap_complete 4.6 spells the hyphen of the name in two ways, and what bash looks for is
        // then not what it defined: src/aot/shells/bash.rs, fn_name and CMD_SEP.
        Shell::Bash => script.replace("sandbox__subcmd__policy", "sandbox__policy"),
        _ => script.into_owned(),
    })
}
