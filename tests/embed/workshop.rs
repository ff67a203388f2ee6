//! Programs of each kind, and a directory in which they get their filter.

use std::path::{Path, PathBuf};

use sandbox_tests::{
    Outcome, Run, compile, compile_with, public_directory, publish, sandbox_policy,
};

/// What static programs of glibc and musl call before and after printing a line.
pub const HELLO: &str = "brk:arch_prctl:set_tid_address:set_robust_list:rseq:prlimit64:readlink:\
                         getrandom:mprotect:newfstatat:write:writev:ioctl:exit_group";

pub const HELLO_SOURCE: &str = include_str!("../../examples/helloworld.c");

/// A program linked with musl as one that can be moved, which musl-gcc itself makes a dynamic one.
const MUSL_PIE: [&str; 6] = [
    "-nostdlib",
    "-nostartfiles",
    "-static-pie",
    "-fPIE",
    "-L/usr/lib/x86_64-linux-musl",
    "-Wl,--build-id=none",
];

/// The places that the new program header can find; `hello` has a program for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Glibc,
    GlibcPie,
    /// Free bytes behind the program headers, and no note.
    Musl,
    /// The same with a note.
    MuslNote,
    /// Neither: the headers must move.
    MuslTight,
    /// The same in a program that is moved itself.
    MuslTightPie,
}

pub const KINDS: [Kind; 6] = [
    Kind::Glibc,
    Kind::GlibcPie,
    Kind::Musl,
    Kind::MuslNote,
    Kind::MuslTight,
    Kind::MuslTightPie,
];

impl Kind {
    /// Whether the table of program headers moves, so that strip(1) cannot be run afterwards.
    pub fn moves_headers(self) -> bool {
        matches!(self, Kind::MuslTight | Kind::MuslTightPie)
    }

    /// Compiles a program of this kind.
    pub fn compile(self, source: &str) -> PathBuf {
        let musl = |flags: &[&str]| compile_with("musl-gcc", source, flags);
        match self {
            Kind::Glibc => compile(source, &["-static", "-pthread"]),
            Kind::GlibcPie => compile(source, &["-static-pie", "-pthread"]),
            Kind::Musl => musl(&["-static", "-Wl,--build-id=none"]),
            Kind::MuslNote => musl(&["-static", "-Wl,--build-id"]),
            Kind::MuslTight => musl(&["-static", "-Wl,--build-id=none,-z,noseparate-code"]),
            Kind::MuslTightPie => {
                let library = Path::new("/usr/lib/x86_64-linux-musl");
                let part = |name: &str| library.join(name).display().to_string();
                let (start, before) = (part("rcrt1.o"), part("crti.o"));
                let (libc, behind) = (part("libc.a"), part("crtn.o"));
                let mut flags = MUSL_PIE.to_vec();
                flags.extend(["-Wl,-z,noseparate-code", &start, &before, &libc, &behind]);
                compile(source, &flags)
            }
        }
    }

    pub fn hello(self) -> PathBuf {
        self.compile(HELLO_SOURCE)
    }
}

/// A directory for programs with filters.
pub struct Workshop {
    directory: tempfile::TempDir,
}

impl Workshop {
    pub fn new() -> Workshop {
        Workshop {
            directory: public_directory(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A copy of a program under its own name.
    pub fn bring(&self, program: &Path) -> PathBuf {
        publish(program, self.directory.path())
    }

    /// Embeds the policy of some options in a program.
    #[track_caller]
    pub fn embed(&self, program: &Path, options: &[&str], name: &str) -> PathBuf {
        let output = self.path(name);
        let outcome = embed(program, options, &output).succeeded();
        assert_eq!(outcome.stderr, "", "{outcome:#?}");
        output
    }

    /// A program of some kind that prints a line, with the filter that it needs.
    #[track_caller]
    pub fn hello(&self, kind: Kind) -> PathBuf {
        self.embed(&kind.hello(), &["--allow", HELLO], &format!("{kind:?}"))
    }
}

/// Runs `sandbox-policy embed`.
pub fn embed(program: &Path, options: &[&str], output: &Path) -> Outcome {
    let run = Run::new(sandbox_policy()).arg("embed").args(options);
    run.arg(program).arg("-o").arg(output).outcome()
}

/// Runs `sandbox-policy verify`.
pub fn verify(program: &Path) -> Outcome {
    let run = Run::new(sandbox_policy()).arg("verify");
    run.arg(program).outcome()
}

/// Runs a program without arguments.
pub fn run(program: &Path) -> Outcome {
    Run::new(program).outcome()
}
