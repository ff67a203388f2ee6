//! A plan as a person reads it.

use std::fmt;

use super::{Bind, Bytes, Limits, Missing, Network, Owner, Plan, Step};

impl fmt::Display for Plan {
    /// A line for each fact, each with its newline.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = &self.user;
        writeln!(formatter, "cell {}", self.name)?;
        if self.maker == Owner::User {
            writeln!(formatter, "made by the user")?;
        }
        writeln!(formatter, "network {}", self.network)?;
        write!(formatter, "user {} group {}", user.uid, user.gid)?;
        match user.groups.is_empty() {
            true => writeln!(formatter)?,
            false => writeln!(formatter, " with groups {}", numbers(&user.groups))?,
        }
        write!(formatter, "{}", self.limits)?;
        for step in &self.steps {
            writeln!(formatter, "{step}")?;
        }
        for variable in &self.program.environment {
            writeln!(formatter, "environment {variable}")?;
        }
        let arguments = self.program.arguments.iter().skip(1);
        let arguments: String = arguments.map(|one| format!(" {one}")).collect();
        writeln!(formatter, "in {}", self.program.directory)?;
        writeln!(formatter, "run {}{arguments}", self.program.path)
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = [("processes", self.processes), ("memory", self.memory)];
        for (name, value) in known {
            if let Some(value) = value {
                writeln!(formatter, "limit {name} {value}")?;
            }
        }
        for (resource, value) in &self.resources {
            let value = value.map_or("unlimited".into(), |value| value.to_string());
            let name = format!("{resource:?}").to_lowercase();
            writeln!(formatter, "limit {name} {value} for each process")?;
        }
        match self.user_namespaces {
            0 => Ok(()),
            count => writeln!(formatter, "user namespaces {count}"),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Network::Empty => "empty",
            Network::None => "none",
            Network::Host => "host",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Directory { path, mode, owner } => {
                write!(formatter, "directory {path} {mode:04o}{}", of(*owner))
            }
            Step::File { path, mode, .. } => write!(formatter, "file {path} {mode:04o}"),
            Step::Symlink { path, target, .. } => write!(formatter, "link {path} to {target}"),
            Step::Device {
                path,
                major,
                minor,
                mode,
                ..
            } => write!(formatter, "device {path} {major}:{minor} {mode:04o}"),
            Step::HostDevice { path, major, minor } => {
                write!(formatter, "device {path} {major}:{minor} of the host")
            }
            Step::Memory {
                path, executable, ..
            } => write!(formatter, "memory {path}{}", noexec(*executable)),
            Step::Terminals { path } => write!(formatter, "terminals {path}"),
            Step::Processes { path } => write!(formatter, "processes {path}"),
            Step::Hardware { path } => write!(formatter, "hardware {path} read-only"),
            Step::Queues { path } => write!(formatter, "queues {path}"),
            Step::AllDevices { path } => write!(formatter, "all devices {path}"),
            Step::Bind(bind) => write!(formatter, "{bind}"),
            Step::Cover { path, .. } => write!(formatter, "cover {path}"),
            Step::Mask { path } => write!(formatter, "mask {path}"),
            Step::Seal { path } => write!(formatter, "seal {path}"),
            Step::Freeze { path } => write!(formatter, "freeze {path}"),
        }
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "bind {}", self.source)?;
        if self.source != self.target {
            write!(formatter, " at {}", self.target)?;
        }
        formatter.write_str(if self.read_only {
            " read-only"
        } else {
            " writable"
        })?;
        formatter.write_str(noexec(self.executable))?;
        formatter.write_str(match self.missing {
            Missing::Fail => "",
            Missing::Skip => ", if there",
            Missing::Create => ", made if missing",
        })?;
        let replaces = if self.replace {
            ", over what is there"
        } else {
            ""
        };
        let follows = if self.follow { "" } else { ", no links" };
        write!(formatter, "{replaces}{follows}")
    }
}

fn of(owner: Owner) -> &'static str {
    match owner {
        Owner::Root => "",
        Owner::User => " of the user",
    }
}

fn noexec(executable: bool) -> &'static str {
    if executable { "" } else { " noexec" }
}

fn numbers(numbers: &[u32]) -> String {
    let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
    texts.join(" ")
}

/// The place that a step is about.
impl Step {
    /// In the cell.
    pub fn place(&self) -> &Bytes {
        match self {
            Step::Directory { path, .. }
            | Step::File { path, .. }
            | Step::Symlink { path, .. }
            | Step::Device { path, .. }
            | Step::Memory { path, .. }
            | Step::Terminals { path }
            | Step::Processes { path }
            | Step::Hardware { path }
            | Step::Queues { path }
            | Step::AllDevices { path }
            | Step::Cover { path, .. }
            | Step::Mask { path }
            | Step::Seal { path }
            | Step::Freeze { path }
            | Step::HostDevice { path, .. } => path,
            Step::Bind(bind) => &bind.target,
        }
    }
}
