//! One end of a connection.

use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// The longest message, in bytes.
pub const LARGEST: usize = 4 << 20;
/// So many descriptors come with one message at most.
pub const MOST_DESCRIPTORS: usize = 3;

/// One end of a connection between two processes.
#[derive(Debug)]
pub struct Channel {
    socket: OwnedFd,
    /// Came before the message that they belong to was read.
    descriptors: VecDeque<OwnedFd>,
}

impl Channel {
    /// Two ends, both closed by exec.
    ///
    /// # Errors
    /// [`Error::Kernel`].
    pub fn pair() -> Result<(Channel, Channel), Error> {
        let flags = SocketFlags::CLOEXEC;
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        Ok((Channel::new(one), Channel::new(other)))
    }

    /// An end that is open already.
    pub fn new(socket: OwnedFd) -> Channel {
        Channel {
            socket,
            descriptors: VecDeque::new(),
        }
    }

    /// Sends a message with descriptors, of which the other process gets copies. Waits so long at most for
    /// the other process to take it.
    ///
    /// # Errors
    /// [`Error::Late`], after which no other message can be sent; [`Error::TooLong`], [`Error::Closed`],
    /// [`Error::Kernel`].
    pub fn send<T: Serialize>(
        &self,
        message: &T,
        descriptors: &[BorrowedFd<'_>],
        patience: Duration,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + patience;
        let text = serde_json::to_vec(message)?;
        let length = u32::try_from(text.len()).map_err(|_| Error::TooLong(text.len()))?;
        if text.len() > LARGEST || descriptors.len() > MOST_DESCRIPTORS {
            return Err(Error::TooLong(text.len()));
        }
        let mut frame = length.to_be_bytes().to_vec();
        frame.extend(text);
        let mut rest = frame.as_slice();
        let mut along = descriptors;
        while !rest.is_empty() {
            let sent = self.send_some(rest, along)?;
            if sent == 0 {
                self.wait(PollFlags::OUT, deadline)?;
                continue;
            }
            rest = rest.get(sent..).unwrap_or_default();
            along = &[];
        }
        Ok(())
    }

    /// Gives 0 where there is no room now.
    fn send_some(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<usize, Error> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        loop {
            let parts = [IoSlice::new(bytes)];
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match sendmsg(&self.socket, &parts, &mut control, flags) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(0),
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(Error::Closed),
                other => return Ok(other?),
            }
        }
    }

    /// The next message, with its descriptors. Waits so long at most.
    ///
    /// # Errors
    /// [`Error::Late`], [`Error::Closed`], [`Error::TooLong`], [`Error::Strange`], [`Error::Kernel`].
    pub fn receive<T: DeserializeOwned>(
        &mut self,
        patience: Duration,
    ) -> Result<(T, Vec<OwnedFd>), Error> {
        let deadline = Instant::now() + patience;
        let mut length = [0; 4];
        self.fill(&mut length, deadline)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > LARGEST {
            return Err(Error::TooLong(length));
        }
        let mut text = vec![0; length];
        self.fill(&mut text, deadline)?;
        let descriptors = self.descriptors.drain(..).collect();
        Ok((serde_json::from_slice(&text)?, descriptors))
    }

    fn fill(&mut self, bytes: &mut [u8], deadline: Instant) -> Result<(), Error> {
        let mut filled = 0;
        while filled < bytes.len() {
            self.wait(PollFlags::IN, deadline)?;
            let rest = bytes.get_mut(filled..).unwrap_or_default();
            filled += self.receive_some(rest)?;
        }
        Ok(())
    }

    fn wait(&self, what: PollFlags, deadline: Instant) -> Result<(), Error> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
            let mut wanted = [PollFd::new(&self.socket, what)];
            match poll(&mut wanted, Some(&left)) {
                Ok(0) => return Err(Error::Late),
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn receive_some(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(bytes)];
        let received = match recvmsg(
            &self.socket,
            &mut parts,
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        ) {
            Err(Errno::INTR) => return Ok(0),
            Err(Errno::CONNRESET) => return Err(Error::Closed),
            other => other?,
        };
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        // Whoever sends descriptors in many pieces without a message would fill our table.
        self.descriptors.truncate(MOST_DESCRIPTORS);
        match received.bytes {
            0 => Err(Error::Closed),
            count => Ok(count),
        }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl From<Channel> for OwnedFd {
    fn from(channel: Channel) -> OwnedFd {
        channel.socket
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use proptest::prelude::*;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn messages_and_their_descriptors_arrive_in_order() {
        let (one, mut other) = Channel::pair().unwrap();
        one.send(&"first", &[], SOON).unwrap();
        one.send(&"second", &[one.as_fd(), one.as_fd()], SOON)
            .unwrap();
        let (text, descriptors) = other.receive::<String>(SOON).unwrap();
        assert_eq!((text.as_str(), descriptors.len()), ("first", 0));
        let (text, descriptors) = other.receive::<String>(SOON).unwrap();
        assert_eq!((text.as_str(), descriptors.len()), ("second", 2));
    }

    #[test]
    fn a_silent_process_is_not_waited_for_and_a_dead_one_is_told_from_it() {
        let (one, mut other) = Channel::pair().unwrap();
        let late = other.receive::<String>(Duration::from_millis(20));
        assert!(matches!(late, Err(Error::Late)), "{late:?}");
        drop(one);
        let closed = other.receive::<String>(SOON);
        assert!(matches!(closed, Err(Error::Closed)), "{closed:?}");
    }

    #[test]
    fn a_length_that_no_message_has_is_refused_before_anything_is_read() {
        let (mut one, other) = UnixStream::pair().unwrap();
        one.write_all(&[0xff; 8]).unwrap();
        let received = Channel::new(other.into()).receive::<String>(SOON);
        assert!(matches!(received, Err(Error::TooLong(_))), "{received:?}");
    }

    #[test]
    fn a_long_message_passes_through_a_small_socket() {
        let (one, mut other) = Channel::pair().unwrap();
        let text = "x".repeat(3 << 20);
        let sender = std::thread::spawn(move || one.send(&text, &[], SOON).map(|()| text));
        let (received, _) = other.receive::<String>(SOON).unwrap();
        assert_eq!(received, sender.join().unwrap().unwrap());
    }

    #[test]
    fn a_process_that_takes_nothing_is_not_waited_for() {
        let (one, _other) = Channel::pair().unwrap();
        let text = "x".repeat(3 << 20);
        let late = one.send(&text, &[], Duration::from_millis(20));
        assert!(matches!(late, Err(Error::Late)), "{late:?}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let (mut one, other) = UnixStream::pair().unwrap();
            one.write_all(&bytes).unwrap();
            drop(one);
            let mut channel = Channel::new(other.into());
            while let Ok((value, _)) = channel.receive::<serde_json::Value>(SOON) {
                prop_assert!(value.to_string().len() <= LARGEST);
            }
        }
    }
}
