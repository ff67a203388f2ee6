//! Audit records: SECCOMP, which say that a call was made, and SYSCALL, which have its arguments.
//!
//! Where an audit rule covers a call (auditctl(8)), both have the serial number of one event
//! (audit_seccomp and audit_log_exit in kernel/auditsc.c).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use syscalls::Abi;

use crate::entry::{Origin, Record};
use crate::fields::{Fields, hexadecimal};

/// `AUDIT_SYSCALL` (include/uapi/linux/audit.h).
pub(crate) const SYSCALL: u32 = 1300;
/// `AUDIT_SECCOMP`.
pub(crate) const SECCOMP: u32 = 1326;

/// When an audit event was, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Stamp {
    /// Milliseconds since 1970.
    pub(crate) milliseconds: u64,
    pub(crate) serial: u64,
}

/// A record of a kind that matters, or any other, which only has its time.
#[derive(Debug)]
pub(crate) enum Event {
    Seccomp(Box<Record>),
    /// The arguments of an event's call.
    Syscall {
        audit: u32,
        number: u32,
        arguments: [Option<u64>; 6],
    },
    Other,
}

/// What is wrong with a record, and where in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) why: &'static str,
    pub(crate) at: usize,
}

impl Stamp {
    pub(crate) fn time(self) -> SystemTime {
        let since = Duration::from_millis(self.milliseconds);
        UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
    }

    /// Reads `audit(SECONDS.MILLISECONDS:SERIAL): `, and gives what is behind it.
    pub(crate) fn read(text: &str) -> Option<(Stamp, &str)> {
        let (inner, rest) = text.strip_prefix("audit(")?.split_once(')')?;
        let (time, serial) = inner.split_once(':')?;
        let (seconds, fraction) = time.split_once('.')?;
        let fraction = fraction
            .get(..3)
            .filter(|digits| !digits.starts_with('+'))?;
        let seconds: u64 = seconds.parse().ok()?;
        let milliseconds = seconds
            .checked_mul(1000)?
            .checked_add(fraction.parse().ok()?)?;
        let serial = serial.parse().ok()?;
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        Some((
            Stamp {
                milliseconds,
                serial,
            },
            rest,
        ))
    }
}

/// The number of a kind of record, from its number or its name.
pub(crate) fn kind(word: &str) -> Option<u32> {
    match word {
        "SECCOMP" => Some(SECCOMP),
        "SYSCALL" => Some(SYSCALL),
        word if word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_') =>
        {
            Some(0)
        }
        word => {
            let number = word
                .strip_prefix("UNKNOWN[")
                .and_then(|rest| rest.strip_suffix(']'));
            number.unwrap_or(word).parse().ok()
        }
    }
}

/// Reads the fields of a record.
pub(crate) fn event(kind: u32, stamp: Option<Stamp>, text: &str) -> Result<Event, Mistake> {
    let fields = Fields::new(text);
    match kind {
        SECCOMP => {
            seccomp(stamp, &fields, text.len()).map(|record| Event::Seccomp(Box::new(record)))
        }
        SYSCALL => {
            let (audit, number) = call(&fields, text.len())?;
            let argument = |name| fields.hexadecimal(name);
            let [a0, a1, a2, a3] = ["a0", "a1", "a2", "a3"].map(argument);
            Ok(Event::Syscall {
                audit,
                number,
                arguments: [a0, a1, a2, a3, None, None],
            })
        }
        _ => Ok(Event::Other),
    }
}

fn seccomp(stamp: Option<Stamp>, fields: &Fields<'_>, end: usize) -> Result<Record, Mistake> {
    let (audit, number) = call(fields, end)?;
    let process = fields.number("pid");
    let code = fields.hexadecimal("code");
    Ok(Record {
        origin: Origin::Audit,
        time: stamp.map(Stamp::time),
        serial: stamp.map(|stamp| stamp.serial),
        process,
        thread: None,
        uid: fields.number("uid"),
        comm: fields.name("comm"),
        exe: fields.name("exe"),
        root: None,
        signal: fields.number("sig").unwrap_or(0),
        audit,
        number,
        arguments: [None; 6],
        instruction: fields.hexadecimal("ip").unwrap_or(0),
        code: code.and_then(|code| u32::try_from(code).ok()),
        shown: None,
    })
}

/// Architecture and number, without which a record says nothing; as numbers, or as names where
/// `ausearch -i` wrote them.
fn call(fields: &Fields<'_>, end: usize) -> Result<(u32, u32), Mistake> {
    let missing = |why| Mistake { why, at: end };
    let arch = fields
        .get("arch")
        .ok_or(missing("the record has no arch="))?;
    let abi = abi(arch.text);
    let audit = abi.map(|abi| abi.audit()).or_else(|| {
        let number = hexadecimal(arch.text)?;
        u32::try_from(number).ok()
    });
    let audit = audit.ok_or(Mistake {
        why: "arch= is no architecture",
        at: arch.at,
    })?;
    let call = fields
        .get("syscall")
        .ok_or(missing("the record has no syscall="))?;
    let number = number(call.text).or_else(|| syscalls::number(abi?, call.text));
    let number = number.ok_or(Mistake {
        why: "syscall= is no system call",
        at: call.at,
    })?;
    Ok((audit, number))
}

/// Number −1, which is no call, has all bits.
fn number(text: &str) -> Option<u32> {
    match text.starts_with('-') {
        true => {
            let number: i32 = text.parse().ok()?;
            Some(u32::from_ne_bytes(number.to_ne_bytes()))
        }
        false => text.parse().ok(),
    }
}

fn abi(name: &str) -> Option<Abi> {
    match name {
        "x86_64" => Some(Abi::X86_64),
        "i386" | "i686" => Some(Abi::X86),
        "aarch64" => Some(Abi::Aarch64),
        "arm" | "armeb" => Some(Abi::Arm),
        _ => None,
    }
}
