//! The functions of an ELF file by address and by name (System V gABI, chapter 4, "Symbol Table").

use object::LittleEndian;
use object::elf::{
    SHN_UNDEF, SHN_XINDEX, SHT_DYNSYM, SHT_SYMTAB, STB_LOCAL, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE,
    SectionType, Sym64,
};

use super::elf::{ORDER, Program, is_named};

/// Symbols of a table beyond these are ignored.
const MOST_SYMBOLS: usize = 1_000_000;

/// Longer names are cut: in a hostile file every symbol could have the whole string table as its name.
const LONGEST_NAME: usize = 1024;

/// All names together, for the same reason.
const MOST_NAMES: usize = 64 << 20;

type Symbol = Sym64<LittleEndian>;

/// The address of the function with this name, in `.symtab` or else in `.dynsym`: the global one, or the
/// only one.
pub(super) fn find(program: &Program<'_>, name: &[u8]) -> Option<u64> {
    let in_table = |table: SectionType| {
        let (symbols, strings) = program.symbols(table)?;
        let named = symbols.iter().take(MOST_SYMBOLS).filter(|symbol| {
            is_named(strings, symbol.st_name.get(ORDER), name) && is_function(program, symbol)
        });
        let (mut only, mut count) = (None, 0);
        for symbol in named {
            let address = Some(symbol.st_value.get(ORDER));
            if symbol.st_info.st_bind() != STB_LOCAL {
                return address;
            }
            only = address;
            count += 1;
        }
        only.filter(|_| count == 1)
    };
    in_table(SHT_SYMTAB).or_else(|| in_table(SHT_DYNSYM))
}

/// Whether a symbol is defined here and is code: of this type, or of none as labels of assembly are.
fn is_function(program: &Program<'_>, symbol: &Symbol) -> bool {
    let section = symbol.st_shndx.get(ORDER);
    let is_defined = section != SHN_UNDEF && (section == SHN_XINDEX || !section.is_special());
    let kind = symbol.st_info.st_type();
    is_defined
        && [STT_FUNC, STT_NOTYPE, STT_GNU_IFUNC].contains(&kind)
        && program.is_executable(symbol.st_value.get(ORDER))
}

/// A function, and where its name is in [`Symbols::names`].
#[derive(Debug)]
struct Function {
    start: u64,
    end: u64,
    name: (usize, usize),
}

/// The functions of a file, by address.
#[derive(Debug, Default)]
pub struct Symbols {
    functions: Vec<Function>,
    names: String,
}

impl Symbols {
    /// Reads `.symtab`, or `.dynsym` where that is stripped. Empty for what is no ELF file.
    #[must_use]
    pub fn new(file: &[u8]) -> Self {
        let Some(program) = Program::parse(file) else {
            return Self::default();
        };
        let all = Self::of_table(&program, SHT_SYMTAB);
        if all.functions.is_empty() {
            Self::of_table(&program, SHT_DYNSYM)
        } else {
            all
        }
    }

    fn of_table(program: &Program<'_>, table: SectionType) -> Self {
        let (symbols, strings) = program.symbols(table).unwrap_or_default();
        let counts = |symbol: &&Symbol| {
            // Local labels divide functions, and mapping symbols ($x) are none.
            let is_label =
                symbol.st_info.st_type() == STT_NOTYPE && symbol.st_info.st_bind() == STB_LOCAL;
            !is_label && is_function(program, symbol)
        };
        let chosen = symbols.iter().take(MOST_SYMBOLS).filter(counts).collect();
        let sorted = best(chosen, strings);
        let mut all = Self::default();
        for (index, symbol) in sorted.iter().enumerate() {
            let start = symbol.st_value.get(ORDER);
            let next = sorted.get(index + 1).map(|next| next.st_value.get(ORDER));
            let segment = program.executable_end(start).unwrap_or(start);
            let end = match symbol.st_size.get(ORDER) {
                0 => next.map_or(segment, |next| next.min(segment)),
                size => start.saturating_add(size),
            };
            all.push(start, end, name(strings, symbol));
        }
        all
    }

    fn push(&mut self, start: u64, end: u64, name: &[u8]) {
        let first = self.names.len();
        if first < MOST_NAMES {
            self.names.push_str(&String::from_utf8_lossy(name));
            let name = (first, self.names.len());
            self.functions.push(Function { start, end, name });
        }
    }

    /// The function that an address lies in, in the file's own numbering
    /// ([`virtual_address`](super::virtual_address)), and how far into it.
    #[must_use]
    pub fn at(&self, address: u64) -> Option<(&str, u64)> {
        let behind = self
            .functions
            .partition_point(|function| function.start <= address);
        let function = self.functions.get(behind.checked_sub(1)?)?;
        let (first, end) = function.name;
        let name = self.names.get(first..end)?;
        (address < function.end).then(|| (name, address - function.start))
    }

    /// How much memory they take.
    pub(super) fn size(&self) -> usize {
        let functions = self.functions.len().saturating_mul(size_of::<Function>());
        functions.saturating_add(self.names.len())
    }

    /// Whether the file names no function.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }
}

/// One symbol for each address, ascending. Of several the best stays: one with a size, then one that is
/// not local, then the one that programs call (write, not __write).
fn best<'a>(mut symbols: Vec<&'a Symbol>, strings: &[u8]) -> Vec<&'a Symbol> {
    let underscores = |symbol: &Symbol| {
        let start = usize::try_from(symbol.st_name.get(ORDER)).unwrap_or(usize::MAX);
        let name = strings.get(start..).unwrap_or_default();
        name.iter()
            .take(4)
            .take_while(|byte| **byte == b'_')
            .count()
    };
    symbols.sort_by_key(|symbol| {
        (
            symbol.st_value.get(ORDER),
            symbol.st_size.get(ORDER) == 0,
            symbol.st_info.st_bind() == STB_LOCAL,
            underscores(symbol),
        )
    });
    symbols.dedup_by_key(|symbol| symbol.st_value.get(ORDER));
    symbols
}

fn name<'a>(strings: &'a [u8], symbol: &Symbol) -> &'a [u8] {
    let start = usize::try_from(symbol.st_name.get(ORDER));
    let rest = start.ok().and_then(|start| strings.get(start..));
    let rest = rest.unwrap_or_default();
    let rest = rest.get(..LONGEST_NAME).unwrap_or(rest);
    let end = rest.iter().position(|byte| *byte == 0);
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// The function that an address lies in, for a single question: see [`Symbols::at`].
#[must_use]
pub fn symbol_at(file: &[u8], address: u64) -> Option<(String, u64)> {
    let symbols = Symbols::new(file);
    let (name, offset) = symbols.at(address)?;
    Some((name.to_string(), offset))
}
