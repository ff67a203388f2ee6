//! The encoding of the table of constants; `src/constants.rs` decodes it.
//!
//! Names are sorted, and each gives only what follows the beginning that it shares with the one
//! before. What follows is spelled in tokens: characters, and pairs of tokens that stand for their
//! commonest sequences (byte-pair encoding). An entry is
//!
//! - a byte with the length of the shared beginning and how many tokens follow, or 0 when a byte of
//!   its own says how many;
//! - the tokens: characters as themselves, pairs as the bytes that are no character of a name;
//! - the value, in the first form that fits: itself, the number of its only bit, all but its last
//!   byte as an index into UPPERS, or its bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many entries begin with a whole name and are found without those before them.
const BLOCK: usize = 64;
/// Tokens from here to [`LAST_CHARACTER`] are characters.
const FIRST_CHARACTER: u8 = b'0';
const LAST_CHARACTER: u8 = b'_';
const PAIRS: usize = 256 - (LAST_CHARACTER - FIRST_CHARACTER + 1) as usize;
/// The header's bits for the number of tokens.
const COUNT_BITS: u32 = 3;
/// Values with a single bit from here on are encoded as its number.
const FIRST_BIT: u32 = 8;
const BITS: u8 = 26;
/// Values with this many bytes or more can stand as their bytes, up to [`MOST_BYTES`].
const LEAST_BYTES: usize = 2;
const MOST_BYTES: usize = 4;
/// An upper part gets its place in UPPERS, four bytes, when this many values share it.
const WORTHWHILE: usize = 3;

/// A constant: its value on x86_64 and on aarch64.
struct Constant<'a> {
    name: &'a str,
    values: [Option<i64>; 2],
}

/// What codes for values mean, in the order of the forms.
struct Codes {
    uppers: Vec<i32>,
    direct: u8,
}

/// `src/constant_table.rs` for a list with a line `NAME<TAB>x86_64[<TAB>aarch64]` for each constant.
pub fn render(list: &str) -> String {
    let constants: Vec<Constant<'_>> = list.lines().map(parse).collect();
    assert!(constants.windows(2).all(|two| two[0].name < two[1].name));
    let codes = Codes::new(&constants);
    let shared = shared_beginnings(&constants);
    let mut endings: Vec<Vec<u8>> = constants
        .iter()
        .zip(&shared)
        .map(|(constant, &shared)| constant.name.as_bytes()[shared..].to_vec())
        .collect();
    let pairs = pair_up(&mut endings);
    let (mut entries, mut blocks) = (Vec::new(), Vec::new());
    for (index, constant) in constants.iter().enumerate() {
        if index % BLOCK == 0 {
            blocks.push(entries.len());
        }
        push_tokens(shared[index], &endings[index], &mut entries);
        codes.push_values(constant.values, &mut entries);
    }
    let longest = constants.iter().map(|constant| constant.name.len()).max();
    source(&codes, longest.unwrap_or(0), &pairs, &blocks, &entries)
}

fn parse(line: &str) -> Constant<'_> {
    let fields: Vec<&str> = line.split('\t').collect();
    let value = |field: &str| (field != "-").then(|| field.parse().expect("a number"));
    let is_known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    assert!(fields[0].bytes().all(is_known), "{line}");
    let usual = value(fields[1]);
    Constant {
        name: fields[0],
        values: [usual, fields.get(2).map_or(usual, |field| value(field))],
    }
}

fn shared_beginnings(constants: &[Constant<'_>]) -> Vec<usize> {
    let longest = usize::from(u8::MAX >> COUNT_BITS);
    let shared = |index: usize| match index % BLOCK {
        0 => 0,
        _ => {
            let (before, name) = (constants[index - 1].name, constants[index].name);
            let equal = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b);
            equal.count().min(longest)
        }
    };
    (0..constants.len()).map(shared).collect()
}

/// Puts pairs in the place of the commonest two tokens in a row, one pair after the other.
fn pair_up(texts: &mut [Vec<u8>]) -> Vec<[u8; 2]> {
    let mut pairs = Vec::new();
    while pairs.len() < PAIRS {
        let pair = commonest(texts);
        let token = u8::try_from((usize::from(LAST_CHARACTER) + 1 + pairs.len()) % 256);
        let token = token.expect("a byte");
        pairs.push(pair);
        for text in &mut *texts {
            *text = replace(text, pair, token);
        }
    }
    pairs
}

fn commonest(texts: &[Vec<u8>]) -> [u8; 2] {
    let mut counts = vec![0_u32; 1 << 16];
    for text in texts {
        let mut previous = None;
        for pair in text.windows(2) {
            let index = usize::from(pair[0]) << 8 | usize::from(pair[1]);
            // Of three equal tokens in a row, two make a pair and the third does not.
            let overlaps = pair[0] == pair[1] && previous == Some(index);
            previous = (!overlaps).then_some(index);
            counts[index] += u32::from(!overlaps);
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let index = counts.iter().position(|&count| count == most).unwrap_or(0);
    [index >> 8, index & 0xff].map(|token| u8::try_from(token).expect("a byte"))
}

fn replace(text: &[u8], pair: [u8; 2], token: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let matches = rest.starts_with(&pair);
        out.push(if matches { token } else { first });
        rest = if matches { &rest[2..] } else { behind };
    }
    out
}

fn push_tokens(shared: usize, tokens: &[u8], out: &mut Vec<u8>) {
    let count = u8::try_from(tokens.len()).expect("a short name");
    let shared = u8::try_from(shared).expect("limited to the header's bits") << COUNT_BITS;
    if count < 1 << COUNT_BITS {
        out.push(shared | count);
    } else {
        out.extend([shared, count]);
    }
    out.extend(tokens);
}

impl Codes {
    fn new(constants: &[Constant<'_>]) -> Codes {
        let mut uses: BTreeMap<i32, usize> = BTreeMap::new();
        for value in constants.iter().filter_map(|constant| constant.values[0]) {
            match i32::try_from(value >> 8) {
                Ok(upper) if upper != 0 && single_bit(value).is_none() => {
                    *uses.entry(upper).or_default() += 1;
                }
                _ => {}
            }
        }
        // Negative values have no other form.
        uses.retain(|&upper, &mut uses| upper < 0 || uses >= WORTHWHILE);
        let uppers: Vec<i32> = uses.into_keys().collect();
        let taken = usize::from(BITS) + uppers.len() + (MOST_BYTES - LEAST_BYTES + 1) + 2;
        Codes {
            direct: u8::try_from(256 - taken).expect("not all codes taken"),
            uppers,
        }
    }

    /// The code that comes so long after the direct ones.
    fn code(&self, after: usize) -> u8 {
        self.direct + u8::try_from(after).expect("a byte")
    }

    fn push_values(&self, values: [Option<i64>; 2], out: &mut Vec<u8>) {
        if values[0] != values[1] {
            out.push(u8::MAX);
            self.push_value(values[0], out);
        }
        self.push_value(values[1], out);
    }

    fn push_value(&self, value: Option<i64>, out: &mut Vec<u8>) {
        let Some(value) = value else {
            return out.push(u8::MAX - 1);
        };
        let bytes = value.to_le_bytes();
        let upper = |&upper: &i32| i64::from(upper) == value >> 8;
        let after_bits = usize::from(BITS);
        if (0..i64::from(self.direct)).contains(&value) {
            out.push(bytes[0]);
        } else if let Some(bit) = single_bit(value) {
            out.push(self.code(bit));
        } else if let Some(index) = self.uppers.iter().position(upper) {
            out.extend([self.code(after_bits + index), bytes[0]]);
        } else {
            let used = bytes.iter().rposition(|&byte| byte != 0);
            let length = (used.unwrap_or(0) + 1).max(LEAST_BYTES);
            assert!(length <= MOST_BYTES, "{value} is too long");
            out.push(self.code(after_bits + self.uppers.len() + length - LEAST_BYTES));
            out.extend(&bytes[..length]);
        }
    }
}

/// The number of a value's only bit, counted from the first that is encoded so.
fn single_bit(value: i64) -> Option<usize> {
    let only = value > 0 && value.count_ones() == 1;
    let bit = value.trailing_zeros().checked_sub(FIRST_BIT)?;
    (only && bit < u32::from(BITS)).then_some(bit as usize)
}

/// A constant of the table: name, type, value and meaning.
type Said = (&'static str, &'static str, usize, &'static str);

fn source(
    codes: &Codes,
    longest: usize,
    pairs: &[[u8; 2]],
    blocks: &[usize],
    entries: &[u8],
) -> String {
    let mut out = String::from(
        "// @generated by examples/generate_constants.rs; do not edit. What the bytes mean is described in\n\
         // examples/generate_constants/encode.rs. Kept out of rustfmt's way to stay short.\n\n",
    );
    for (name, of, value, meaning) in numbers(codes, longest) {
        let line = format!("/// {meaning}\npub(crate) const {name}: {of} = {value};");
        writeln!(out, "{line}").expect("a string");
    }
    let pairs: Vec<String> = pairs.iter().map(|two| format!("{two:?}")).collect();
    let meaning = "The two tokens of each token that is no character.";
    array(&mut out, meaning, "PAIRS", "[u8; 2]", &pairs);
    let meaning = "What values of the codes from [`UPPERED`] have above their last byte.";
    array(&mut out, meaning, "UPPERS", "i32", &codes.uppers);
    let meaning = "Where blocks begin in [`ENTRIES`].";
    array(&mut out, meaning, "BLOCKS", "u16", blocks);
    let meaning = "The entries, in the order of their names.";
    array(&mut out, meaning, "ENTRIES", "u8", entries);
    out
}

/// What the decoder has to know besides the arrays, a line each.
#[rustfmt::skip]
fn numbers(codes: &Codes, longest: usize) -> [Said; 12] {
    let bits = codes.direct;
    let uppers = bits + BITS;
    let bytes = codes.code(usize::from(BITS) + codes.uppers.len());
    [
        ("BLOCK", "usize", BLOCK, "How many entries a block has."),
        ("LONGEST", "usize", longest, "The length of the longest name."),
        ("COUNT_BITS", "u32", COUNT_BITS as usize, "The header's bits for the number of tokens."),
        ("FIRST_CHARACTER", "u8", FIRST_CHARACTER.into(), "The first token that is a character."),
        ("LAST_CHARACTER", "u8", LAST_CHARACTER.into(), "The last token that is a character."),
        ("BITS", "u8", bits.into(), "The first code of a value with a single bit; smaller ones are values."),
        ("FIRST_BIT", "u8", FIRST_BIT as usize, "The bit of the code [`BITS`]."),
        ("UPPERED", "u8", uppers.into(), "The first code of a value whose last byte alone follows."),
        ("BYTES", "u8", bytes.into(), "The first code of a value whose bytes follow."),
        ("LEAST_BYTES", "u8", LEAST_BYTES, "How many bytes follow the code [`BYTES`]."),
        ("ABSENT", "u8", 254, "The code where a machine has no such constant."),
        ("VARIES", "u8", 255, "The code before two values: x86_64, aarch64."),
    ]
}

fn array<T: ToString>(out: &mut String, meaning: &str, name: &str, of: &str, items: &[T]) {
    write!(
        out,
        "\n/// {meaning}\n#[rustfmt::skip]\npub(crate) static {name}: [{of}; {}] = [",
        items.len()
    )
    .expect("a string");
    for row in items.chunks(32) {
        let row: Vec<String> = row.iter().map(ToString::to_string).collect();
        write!(out, "\n    {},", row.join(", ")).expect("a string");
    }
    out.push_str("\n];\n");
}
