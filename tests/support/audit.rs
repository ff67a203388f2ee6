//! Seccomp's audit records, from the kernel's multicast group.
//!
//! The kernel log keeps ten records in five seconds and drops the rest; the multicast group of the
//! audit netlink socket (AUDIT_NLGRP_READLOG, include/uapi/linux/audit.h) drops none while it is read.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::socket::{
    self, AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType,
};

/// One record about a system call that a filter did not simply allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The process.
    pub pid: u32,
    /// The call's number.
    pub syscall: u32,
    /// `AUDIT_ARCH_*` of the call.
    pub arch: u32,
    /// The signal that follows: 31 for a kill, 0 for a log.
    pub signal: u32,
    /// The text as the kernel wrote it.
    pub text: String,
}

/// Receives records from when it is made.
pub struct AuditListener {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

const READLOG_GROUP: u32 = 1;
const TYPE_SECCOMP: u16 = 1326;

impl AuditListener {
    /// Joins the group; nothing when this user may not (CAP_AUDIT_READ).
    pub fn new() -> Option<AuditListener> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket::socket(
            AddressFamily::Netlink,
            SockType::Raw,
            flags,
            SockProtocol::NetlinkAudit,
        )
        .ok()?;
        socket::setsockopt(&socket, socket::sockopt::RcvBufForce, &(8 << 20)).ok()?;
        socket::bind(socket.as_raw_fd(), &NetlinkAddr::new(0, READLOG_GROUP)).ok()?;
        Some(AuditListener {
            socket,
            buffer: vec![0; 1 << 16],
        })
    }

    /// The records of a process that match `wanted`, as soon as there are `count` of them; fewer
    /// after five seconds. Call it after the process has ended.
    pub fn records(&mut self, pid: u32, count: usize) -> Vec<Record> {
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut records = Vec::new();
        while records.len() < count && Instant::now() < deadline {
            match self.next() {
                Some(record) if record.pid == pid => records.push(record),
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        // What comes right behind shows that there are no more than expected.
        std::thread::sleep(Duration::from_millis(50));
        while let Some(record) = self.next() {
            records.extend((record.pid == pid).then_some(record));
        }
        records
    }

    fn next(&mut self) -> Option<Record> {
        loop {
            let length =
                match socket::recv(self.socket.as_raw_fd(), &mut self.buffer, MsgFlags::empty()) {
                    Ok(length) => length,
                    Err(nix::Error::ENOBUFS) => panic!("audit records were lost"),
                    Err(_) => return None,
                };
            let message = &self.buffer[..length];
            let kind = u16::from_ne_bytes([message[4], message[5]]);
            if kind == TYPE_SECCOMP {
                let text = String::from_utf8_lossy(&message[16..])
                    .trim_end_matches('\0')
                    .to_string();
                return Some(Record::parse(text));
            }
        }
    }
}

impl Record {
    fn parse(text: String) -> Record {
        let field = |name: &str| {
            text.split(' ')
                .find_map(|word| word.strip_prefix(name))
                .unwrap_or("0")
                .to_string()
        };
        let number = |name: &str| field(name).parse().unwrap_or(0);
        Record {
            pid: number("pid="),
            syscall: number("syscall="),
            signal: number("sig="),
            arch: u32::from_str_radix(&field("arch="), 16).unwrap_or(0),
            text,
        }
    }
}
