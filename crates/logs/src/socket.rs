//! Audit records from the kernel while they happen: the multicast group of the audit netlink socket
//! (AUDIT_NLGRP_READLOG, include/uapi/linux/audit.h). It has no rate limit, needs no auditd, and does not
//! disturb one. Joining it needs CAP_AUDIT_READ (capabilities(7)).

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType};

use crate::audit::{Mistake, Stamp, event};
use crate::entry::{Entry, Loss};
use crate::error::Error;
use crate::intake::{Each, Intake, Taken};
use crate::serials::Serials;

/// AUDIT_NLGRP_READLOG as a mask of groups.
const READLOG: u32 = 1;
/// The longest message (MAX_AUDIT_MESSAGE_LENGTH), with room to spare.
const LONGEST: usize = 1 << 16;
/// Messages behind which the caller gets its turn.
const MOST_AT_ONCE: usize = 4096;
/// `struct nlmsghdr` (netlink(7)).
const HEADER: usize = 16;

/// A member of the group. Its buffer, in bytes, is what may wait to be read; a record of a filter's takes about a
/// kilobyte of it.
#[derive(Debug)]
pub struct Socket {
    socket: OwnedFd,
    buffer: Vec<u8>,
    intake: Intake,
    serials: Serials,
    /// How many records could not be read.
    broken: u64,
    /// How many were of calls.
    calls: u64,
}

impl Socket {
    /// Joins the group with a buffer of so many bytes. Whatever is recorded from then on will arrive, if
    /// this is the initial network namespace: in another one joining works, and nothing ever comes.
    ///
    /// # Errors
    /// [`Error::Join`]
    pub fn join(buffer: usize) -> Result<Socket, Error> {
        let failed = |errno| Error::Join { errno };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let protocol = SockProtocol::NetlinkAudit;
        let socket = socket::socket(AddressFamily::Netlink, SockType::Raw, flags, protocol);
        let socket = socket.map_err(failed)?;
        // Without CAP_NET_ADMIN it stays smaller, and losses are noticed.
        let _ = socket::setsockopt(&socket, socket::sockopt::RcvBufForce, &buffer);
        socket::bind(socket.as_raw_fd(), &NetlinkAddr::new(0, READLOG)).map_err(failed)?;
        Ok(Socket {
            socket,
            buffer: vec![0; LONGEST],
            intake: Intake::default(),
            serials: Serials::default(),
            broken: 0,
            calls: 0,
        })
    }

    /// Takes up what has arrived, and says whether more may be there: it comes back after some thousands,
    /// however many keep coming.
    ///
    /// # Errors
    /// [`Error::Receive`]
    pub fn receive(&mut self, each: &mut dyn FnMut(Entry)) -> Result<bool, Error> {
        for _ in 0..MOST_AT_ONCE {
            let descriptor = self.socket.as_raw_fd();
            match socket::recvfrom::<NetlinkAddr>(descriptor, &mut self.buffer) {
                // The kernel's number is 0; anybody else may send to the socket, too.
                Ok((length, Some(from))) if from.pid() == 0 => {
                    let message = self.buffer.get(..length).map(<[u8]>::to_vec);
                    self.message(&message.unwrap_or_default(), each);
                }
                Ok(_) => {}
                Err(Errno::ENOBUFS) => self.intake.lost(Loss::Buffer, None),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(false),
                Err(errno) => return Err(Error::Receive { errno }),
            }
        }
        Ok(true)
    }

    /// How many calls have arrived.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Gives what waits for its arguments, and what was lost.
    pub fn finish(&mut self, each: &mut dyn FnMut(Entry)) {
        let missing = self.serials.missing();
        if missing > 0 {
            self.intake.lost(Loss::Serials, Some(missing));
        }
        if self.broken > 0 {
            self.intake.lost(Loss::Broken, Some(self.broken));
        }
        self.intake.finish(each);
    }

    fn message(&mut self, message: &[u8], each: Each<'_>) {
        let kind = message.get(4..6).and_then(|kind| kind.try_into().ok());
        let (Some(kind), Some(text)) = (kind, message.get(HEADER..)) else {
            return;
        };
        let kind = u32::from(u16::from_ne_bytes(kind));
        let text = String::from_utf8_lossy(text);
        let Some((stamp, fields)) = Stamp::read(text.trim_end_matches(['\0', '\n'])) else {
            return;
        };
        self.serials.add(stamp.serial);
        match event(kind, Some(stamp), fields) {
            Ok(event) => {
                let taken = self.intake.event(Some(stamp), event, each);
                self.calls += u64::from(taken == Taken::New);
            }
            Err(Mistake { .. }) => self.broken += 1,
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
