//! What a cell is to be: plain data, which a person can read and another process can carry out.
//!
//! Paths of `source` fields are the host's; all other paths are the cell's and begin at its root. Steps
//! are carried out in their order.

mod bytes;
mod text;

pub use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A cell and the program in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The cell's name, which is its host name, too.
    pub name: String,
    /// With whose privileges it is made: root's, or those that the user has in a user namespace of his own.
    pub maker: Owner,
    /// What the cell sees of the network.
    pub network: Network,
    /// Where the new root is put together: a directory of the host that is covered, in the cell's mount
    /// namespace alone.
    pub stage: Bytes,
    /// How the tree comes about.
    pub steps: Vec<Step>,
    /// Who the program is.
    pub user: User,
    /// The program.
    pub program: Program,
    /// What it may use up.
    pub limits: Limits,
}

/// What a cell sees of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// A network of its own, with nothing but its loopback device.
    Empty,
    /// The same with that device down.
    None,
    /// The host's, abstract sockets included.
    Host,
}

/// One step towards the tree. Paths are the cell's, modes those of chmod(2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each field is what the step's own line says")]
pub enum Step {
    /// A directory, and what is missing on the way to it. One that is there keeps what it has.
    Directory {
        path: Bytes,
        mode: u32,
        owner: Owner,
    },
    /// A file with a text.
    File { path: Bytes, mode: u32, text: Bytes },
    /// A symbolic link.
    Symlink {
        path: Bytes,
        target: Bytes,
        owner: Owner,
    },
    /// A character device, of root's and a group's.
    Device {
        path: Bytes,
        major: u32,
        minor: u32,
        mode: u32,
        group: u32,
    },
    /// A character device that the host has in the same place, with its owner and mode there.
    HostDevice { path: Bytes, major: u32, minor: u32 },
    /// An empty file system in memory. Its size is in bytes; half of the machine's memory where nothing is
    /// said (tmpfs(5)).
    Memory {
        path: Bytes,
        mode: u32,
        owner: Owner,
        executable: bool,
        devices: bool,
        size: Option<u64>,
    },
    /// Pseudoterminals of the cell's own (devpts).
    Terminals { path: Bytes },
    /// The processes of the cell (proc(5)), of which each user sees his own.
    Processes { path: Bytes },
    /// The devices of the kernel (sysfs(5)), to look at.
    Hardware { path: Bytes },
    /// Messages between processes (mq_overview(7)).
    Queues { path: Bytes },
    /// All devices that the host has (devtmpfs).
    AllDevices { path: Bytes },
    /// Something of the host.
    Bind(Bind),
    /// Makes an object unreadable under every name that it has in the cell. Without `follow`, a symbolic
    /// link at the end of the path is the object.
    Cover { path: Bytes, follow: bool },
    /// Makes what is at one name unreadable, if it is there.
    Mask { path: Bytes },
    /// Makes what is at one name read-only, if it is there.
    Seal { path: Bytes },
    /// Makes the file system that is mounted at a place read-only, and nothing that is mounted below.
    Freeze { path: Bytes },
}

/// Something of the host in the cell. Never with devices or set-user-ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// Where it is on the host.
    pub source: Bytes,
    /// Where it is to be in the cell.
    pub target: Bytes,
    /// With whose rights the way to it is gone.
    pub reader: Owner,
    /// Whether symbolic links on the way and at its end are followed. Links in directories that the
    /// program may write to never are.
    pub follow: bool,
    /// What becomes of a source that is missing.
    pub missing: Missing,
    /// Whether it may cover what is there already.
    pub replace: bool,
    /// Whether nothing can be written there.
    pub read_only: bool,
    /// Whether files there can be executed.
    pub executable: bool,
}

/// Who owns something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The system.
    Root,
    /// The user of the cell.
    User,
}

/// What becomes of a source that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// The launch fails.
    Fail,
    /// The step is left out.
    Skip,
    /// A directory is made, with the user's rights.
    Create,
}

/// Who the program is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user id, never 0.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// The home directory.
    pub home: Bytes,
}

/// The program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its file in the cell.
    pub path: Bytes,
    /// Its arguments, its name first.
    pub arguments: Vec<Bytes>,
    /// Its whole environment: `NAME=value`.
    pub environment: Vec<Bytes>,
    /// Where it starts; the home directory where that is not there, else the root.
    pub directory: Bytes,
    /// Which of the first three descriptors become a terminal of the cell; the others pass through.
    pub terminal: [bool; 3],
    /// Names of processes that keep the cell alive when the program has ended.
    pub watchdog: Vec<Bytes>,
    /// Whether the cell ends with the program.
    pub auto_shutdown: bool,
}

/// What the cell may use up; nothing is limited where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processes and threads of the cell.
    pub processes: Option<u64>,
    /// Memory of the cell, in bytes.
    pub memory: Option<u64>,
    /// How many user namespaces may be made inside.
    pub user_namespaces: u32,
    /// What each process may use up; a resource without a number is unlimited.
    pub resources: Vec<(Resource, Option<u64>)>,
}

/// A resource of a process (setrlimit(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Bytes of address space.
    As,
    /// Bytes of a core file.
    Core,
    /// Seconds of processor time.
    Cpu,
    /// Bytes of data.
    Data,
    /// Bytes of a file.
    Fsize,
    /// Bytes of locked memory.
    Memlock,
    /// Bytes of POSIX message queues.
    Msgqueue,
    /// Open files.
    Nofile,
    /// Threads of the user.
    Nproc,
    /// Bytes of stack.
    Stack,
}
