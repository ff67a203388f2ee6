//! Small ELF programs, field by field: with a note or without, room behind the headers or none, sections
//! or none, at an address or movable, for either machine.

/// `EM_X86_64` and `EM_AARCH64`.
pub const MACHINES: [u16; 2] = [62, 183];

#[derive(Debug, Clone)]
pub struct File {
    pub machine: u16,
    pub moves: bool,
    pub note: bool,
    /// Content follows the program headers without a gap.
    pub tight: bool,
    pub sections: bool,
    /// Memory behind the data that is not in the file, in bytes.
    pub zeros: u64,
}

impl Default for File {
    fn default() -> File {
        File {
            machine: MACHINES[0],
            moves: false,
            note: false,
            tight: false,
            sections: true,
            zeros: 0x500,
        }
    }
}

const CODE: u64 = 0x10_000;
const DATA: u64 = 0x20_000;

impl File {
    pub fn all() -> impl Iterator<Item = File> {
        (0..32_u8).map(|bits| File {
            machine: MACHINES[usize::from(bits & 1)],
            moves: bits & 2 != 0,
            note: bits & 4 != 0,
            tight: bits & 8 != 0,
            sections: bits & 16 != 0,
            ..File::default()
        })
    }

    fn base(&self) -> u64 {
        match self.moves {
            true => 0,
            false => 0x40_0000,
        }
    }

    /// Kind, flags, offset, size in the file, more in memory, alignment.
    fn headers(&self) -> Vec<(u32, u32, u64, u64, u64, u64)> {
        let count = 5 + u64::from(self.note);
        let table = 64 + 56 * count;
        // A tight one has a byte of code right behind its headers.
        let first = table + u64::from(self.tight) * 0x40;
        let mut headers = vec![
            (6, 4, 64, 56 * count, 0, 8),
            (1, 4, 0, first, 0, 0x1_0000),
            (1, 5, CODE, 0x40, 0, 0x1_0000),
            (1, 6, DATA, 0x100, self.zeros, 0x1_0000),
        ];
        if self.note {
            headers.push((4, 4, DATA, 0x20, 0, 4));
        }
        headers.push((0x6474_e551, 6, 0, 0, 0, 16));
        headers
    }

    pub fn bytes(&self) -> Vec<u8> {
        let headers = self.headers();
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        let kind = if self.moves { 3 } else { 2 };
        file.extend_from_slice(&u16::to_le_bytes(kind));
        file.extend_from_slice(&self.machine.to_le_bytes());
        file.extend_from_slice(&1_u32.to_le_bytes());
        for word in [self.base() + CODE, 64, 0] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(&[0; 4]);
        for half in [64, 56, headers.len() as u16, 64, 0, 0] {
            file.extend_from_slice(&half.to_le_bytes());
        }
        for (kind, flags, offset, size, more, alignment) in headers {
            file.extend_from_slice(&kind.to_le_bytes());
            file.extend_from_slice(&flags.to_le_bytes());
            let address = self.base() + offset;
            for word in [offset, address, address, size, size + more, alignment] {
                file.extend_from_slice(&word.to_le_bytes());
            }
        }
        if self.tight {
            file.extend_from_slice(&[0x11; 0x40]);
        }
        file.resize(CODE as usize, 0);
        file.extend_from_slice(&[0x90; 0x40]);
        file.resize(DATA as usize, 0);
        file.extend_from_slice(&[0x22; 0x100]);
        if self.sections {
            self.add_sections(&mut file);
        }
        file
    }

    /// Code, data, memory without content, and their names.
    fn add_sections(&self, file: &mut Vec<u8>) {
        const NAMES: &[u8] = b"\0.text\0.data\0.bss\0.shstrtab\0";
        let names = file.len() as u64;
        file.extend_from_slice(NAMES);
        file.resize(file.len().next_multiple_of(8), 0);
        let table = file.len() as u64;
        for (name, kind, offset, size) in [
            (0_u32, 0_u32, 0, 0),
            (1, 1, CODE, 0x40),
            (7, 1, DATA, 0x100),
            (13, 8, DATA + 0x100, self.zeros),
            (18, 3, names, NAMES.len() as u64),
        ] {
            file.extend_from_slice(&name.to_le_bytes());
            file.extend_from_slice(&kind.to_le_bytes());
            for word in [0, 0, offset, size, 0, 1, 0] {
                file.extend_from_slice(&word.to_le_bytes());
            }
        }
        file[40..48].copy_from_slice(&table.to_le_bytes());
        file[60..62].copy_from_slice(&5_u16.to_le_bytes());
        file[62..64].copy_from_slice(&4_u16.to_le_bytes());
    }
}
