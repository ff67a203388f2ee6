//! The window system (oz.md §2.4, §6).

use crate::block::{Block, Field};
use crate::diagnostic::Problem;
use crate::environment::{self, EnvironmentVariable};
use crate::path::PathPattern;
use crate::report::Report;

/// The keys of `xserver`.
pub(crate) const KEYS: &[&str] = &[
    "enabled",
    "tray_icon",
    "window_icon",
    "enable_tray",
    "enable_notifications",
    "disable_clipboard",
    "audio_mode",
    "pulseaudio",
    "border",
    "env",
];

/// What a sandbox hears and says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AudioMode {
    /// Nothing.
    #[default]
    None,
    /// What the user's PulseAudio lets it: also the microphone.
    PulseAudio,
    /// It may play; in Oz without sound (oz.md §6).
    Speaker,
    /// It may play and record; in Oz without sound.
    Full,
}

const AUDIO_MODES: [(&str, AudioMode); 4] = [
    ("none", AudioMode::None),
    ("pulseaudio", AudioMode::PulseAudio),
    ("speaker", AudioMode::Speaker),
    ("full", AudioMode::Full),
];

/// The block `xserver`: windows by xpra.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct XServer {
    /// Whether there are windows at all.
    pub enabled: bool,
    /// The picture in the tray, used if it is there.
    pub tray_icon: Option<PathPattern>,
    /// The picture of windows, used if it is there.
    pub window_icon: Option<PathPattern>,
    /// xpra's own tray.
    pub enable_tray: bool,
    /// Notifications reach the user, over a session bus inside.
    pub enable_notifications: bool,
    /// Nothing is copied in or out.
    pub disable_clipboard: bool,
    /// What it hears and says.
    pub audio_mode: AudioMode,
    /// Windows have a coloured border.
    pub border: bool,
    /// Variables of xpra's client alone, which runs outside.
    pub environment: Vec<EnvironmentVariable>,
}

/// Reads `xserver`.
pub(crate) fn read(field: Option<Field<'_>>, report: &mut Report) -> XServer {
    let block = Block::open(field, KEYS, report);
    let pulseaudio = block.flag("pulseaudio", false, report);
    if let Some(field) = block.field("pulseaudio").filter(|_| pulseaudio) {
        let why = "write \"audio_mode\": \"pulseaudio\"";
        field.warning(report, Problem::NoEffect(why));
    }
    let icon = |key, report: &mut Report| {
        let text = block.text(key, report)?;
        PathPattern::read(&text, report)
    };
    XServer {
        enabled: block.flag("enabled", false, report),
        tray_icon: icon("tray_icon", report),
        window_icon: icon("window_icon", report),
        enable_tray: block.flag("enable_tray", false, report),
        enable_notifications: block.flag("enable_notifications", false, report),
        disable_clipboard: block.flag("disable_clipboard", false, report),
        audio_mode: block.word("audio_mode", &AUDIO_MODES, report),
        border: block.flag("border", false, report),
        environment: {
            let items = block.items("env", report);
            environment::read(items, report)
        },
    }
}
