//! The stub of either machine: constant bytes but for one jump, so that a file's stub can be compared with
//! what it must be. It knows nothing of the file: number of instructions and filter lie behind it, always
//! at the same distance.

use syscalls::Abi;

use crate::Error;
use crate::{stub_aarch64, stub_x86_64};

/// One line of a stub: the instruction as the assembler reads it, its bytes, and what it is there for.
pub(crate) type Line = (&'static str, &'static [u8], &'static str);

/// The length of a stub with its message and what fills it up, in bytes.
pub(crate) const LENGTH: u64 = 256;

/// What is written where the filter cannot be loaded; nobody but the kernel knows why.
pub(crate) const MESSAGE: &[u8; 73] =
    b"sandbox: the filter in this program cannot be loaded; it was not started\n";

/// The stub at one address that goes on at another.
///
/// # Errors
/// [`Error::TooFar`] when no jump of the machine reaches that far.
pub(crate) fn stub(abi: Abi, address: u64, entry: u64) -> Result<Vec<u8>, Error> {
    let (lines, filling, jump): (&[Line], &[u8], _) = match abi {
        Abi::Aarch64 => {
            let jump = stub_aarch64::jump(address, entry);
            (&stub_aarch64::LINES, &stub_aarch64::FILLING, jump)
        }
        _ => {
            let jump = stub_x86_64::jump(address, entry);
            (&stub_x86_64::LINES, &stub_x86_64::FILLING, jump)
        }
    };
    let jump = jump.ok_or(Error::TooFar {
        distance: address.abs_diff(entry),
    })?;
    let mut bytes = Vec::with_capacity(256);
    for &(text, code, _) in lines {
        match text == JUMP_TO_ENTRY[0] || text == JUMP_TO_ENTRY[1] {
            true => bytes.extend_from_slice(&jump),
            false => bytes.extend_from_slice(code),
        }
    }
    bytes.extend_from_slice(MESSAGE);
    let filling = filling.iter().copied().cycle();
    let missing = 256_usize.saturating_sub(bytes.len());
    // In step with the instructions' own alignment.
    let skipped = bytes.len() % 4;
    bytes.extend(filling.skip(skipped).take(missing));
    Ok(bytes)
}

/// The line of each machine whose bytes depend on where the program begins.
const JUMP_TO_ENTRY: [&str; 2] = ["jmp entry", "b entry"];

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What the assembler makes of the text of all lines, with the entry point where the jump leads.
    fn assembled(assembler: &str, head: &str, lines: &[Line]) -> Option<Vec<u8>> {
        let directory = tempfile::tempdir().unwrap();
        let (source, object) = (directory.path().join("s"), directory.path().join("o"));
        let text: String = lines.iter().map(|line| format!("{}\n", line.0)).collect();
        let message = String::from_utf8_lossy(MESSAGE).replace('\n', "\\n");
        let text = format!(
            "{head}{text}message: .ascii \"{message}\"\n\
             .org 268\ncount:\n.org 288\nfilter:\n.org 0x10000\nentry:\n"
        );
        std::fs::write(&source, text).unwrap();
        let assembling = Command::new(assembler)
            .arg("-o")
            .args([&object, &source])
            .output();
        let output = assembling.ok()?;
        assert!(output.status.success(), "{output:?}");
        let file = std::fs::read(&object).unwrap();
        use object::{Object, ObjectSection};
        let file = object::File::parse(&*file).unwrap();
        let code = file.section_by_name(".text").unwrap();
        Some(code.data().unwrap().to_vec())
    }

    fn compare(abi: Abi, code: &[u8], lines: &[Line]) {
        let made = stub(abi, 0, 0x1_0000).unwrap();
        assert_eq!(made.len() as u64, LENGTH);
        let used: usize = lines.iter().map(|line| line.1.len()).sum();
        let used = used + MESSAGE.len();
        assert_eq!(made[..used], code[..used], "{abi}");
        for &(text, bytes, why) in lines {
            assert!(text.ends_with(':') == bytes.is_empty(), "{text}");
            assert!(!why.is_empty(), "{text}");
        }
    }

    #[test]
    fn the_bytes_of_the_x86_64_stub_are_what_the_assembler_makes_of_its_text() {
        let lines = &stub_x86_64::LINES;
        let code = assembled("as", ".intel_syntax noprefix\n", lines);
        let Some(code) = code.filter(|_| cfg!(target_arch = "x86_64")) else {
            return crate::tests_report::skip("no assembler for x86_64");
        };
        compare(Abi::X86_64, &code, lines);
    }

    #[test]
    fn the_bytes_of_the_aarch64_stub_are_what_the_assembler_makes_of_its_text() {
        let lines = &stub_aarch64::LINES;
        match assembled("aarch64-linux-gnu-as", "", lines) {
            Some(code) => compare(Abi::Aarch64, &code, lines),
            None => crate::tests_report::skip("binutils-aarch64-linux-gnu is not installed"),
        }
    }

    #[test]
    fn a_jump_leads_exactly_as_far_as_it_can() {
        let reaches = |abi, address: u64, entry: u64| stub(abi, address, entry).is_ok();
        let high = 1 << 40;
        for (abi, reach, jump) in [
            (Abi::X86_64, 1_u64 << 31, 0x7d),
            (Abi::Aarch64, 1 << 27, 0x54),
        ] {
            let from = high + jump;
            assert!(reaches(abi, high, from - reach), "{abi}");
            assert!(!reaches(abi, high, from - reach - 4), "{abi}");
            assert!(reaches(abi, high, from + reach - 4), "{abi}");
            assert!(!reaches(abi, high, from + reach), "{abi}");
        }
    }

    #[test]
    fn the_message_is_written_whole() {
        for lines in [&stub_x86_64::LINES[..], &stub_aarch64::LINES[..]] {
            let wanted = format!("{}", MESSAGE.len());
            assert!(lines.iter().any(|line| line.0.ends_with(&wanted)));
        }
    }
}
