//! Where reports go. A thread of its own writes them, so that a pipe that nobody reads stops neither
//! the watcher nor the program; what does not fit meanwhile is counted as lost.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use crate::sys;
use crate::voice::Voice;

/// Reports that may wait to be written.
const WAITING: usize = 4096;
/// How long the end of the program waits for a reader.
const PATIENCE: Duration = Duration::from_secs(1);

enum Message {
    /// To the report.
    Report(String),
    /// To the user, wherever the report goes.
    Aside(String),
    /// Say when all before this is written.
    Flush(SyncSender<()>),
}

/// The writing end.
pub(crate) struct Sink {
    messages: SyncSender<Message>,
    /// Reports that found no room.
    lost: u64,
}

impl Sink {
    /// Starts the writer; `file` is the report's, which the voice speaks where there is none.
    pub(crate) fn start(file: Option<File>, progress: Option<Progress>, voice: Voice) -> Sink {
        let (messages, received) = sync_channel(WAITING);
        std::thread::spawn(move || write(&received, file.as_ref(), progress, voice));
        Sink { messages, lost: 0 }
    }

    /// Hands a report over.
    pub(crate) fn report(&mut self, text: String) {
        self.hand_over(Message::Report(text));
    }

    /// Hands over what is for the user, not for the report.
    pub(crate) fn aside(&mut self, text: String) {
        self.hand_over(Message::Aside(text));
    }

    /// How many reports were lost since this was last asked.
    pub(crate) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// Waits until everything is written, but not for ever.
    pub(crate) fn flush(&mut self) {
        let (done, written) = sync_channel(1);
        let deadline = std::time::Instant::now() + PATIENCE;
        let mut message = Message::Flush(done);
        loop {
            match self.messages.try_send(message) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) if std::time::Instant::now() < deadline => {
                    message = back;
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(_) => return,
            }
        }
        let _ = written.recv_timeout(PATIENCE);
    }

    fn hand_over(&mut self, message: Message) {
        if self.messages.try_send(message).is_err() {
            self.lost += 1;
        }
    }
}

/// What is said each second while nothing else is.
pub type Progress = Box<dyn FnMut() -> Option<String> + Send>;

fn write(
    messages: &Receiver<Message>,
    file: Option<&File>,
    mut progress: Option<Progress>,
    voice: Voice,
) {
    const SECOND: Duration = Duration::from_secs(1);
    let mut line_is_open = false;
    let close_line = |open: &mut bool| {
        if std::mem::take(open) {
            voice.put("\r\x1b[K");
        }
    };
    let say = |open: &mut bool, text: &str| {
        close_line(open);
        voice.put(text);
    };
    loop {
        match messages.recv_timeout(SECOND) {
            Ok(Message::Report(text)) => match file {
                // Where it cannot be written there is nowhere to say so.
                Some(file) => drop(sys::write_all(file.as_raw_fd(), text.as_bytes())),
                None => say(&mut line_is_open, &text),
            },
            Ok(Message::Aside(text)) => say(&mut line_is_open, &text),
            Ok(Message::Flush(done)) => {
                close_line(&mut line_is_open);
                let _ = done.send(());
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some(text) = progress.as_mut().and_then(|progress| progress()) {
                    voice.put(&format!("\r{text}\x1b[K"));
                    line_is_open = true;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
