//! The default code table: what each of 256 codes stands for.
//!
//! Spec: RFC 3284 §5.6.

/// One thing to do. A size of 0 means that the size follows the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// Data bytes as they are.
    Add(usize),
    /// One data byte, repeated.
    Run,
    /// Bytes from an address, which is written in this mode.
    Copy(usize, u8),
}

/// One or two instructions for each code.
pub(crate) fn of_code(code: u8) -> (Instruction, Option<Instruction>) {
    use Instruction::{Add, Copy, Run};
    let row = |from: u8, length: u8| {
        let index = code - from;
        (index / length, usize::from(index % length))
    };
    match code {
        0 => (Run, None),
        1..=18 => (Add(usize::from(code - 1)), None),
        19..=162 => {
            let (mode, column) = row(19, 16);
            let size = if column == 0 { 0 } else { column + 3 };
            (Copy(size, mode), None)
        }
        163..=234 => {
            let (mode, column) = row(163, 12);
            (Add(column / 3 + 1), Some(Copy(column % 3 + 4, mode)))
        }
        235..=246 => {
            let (mode, column) = row(235, 4);
            (Add(column + 1), Some(Copy(4, mode + 6)))
        }
        247..=255 => (Copy(4, code - 247), Some(Add(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Instruction::{Add, Copy, Run},
        of_code,
    };

    #[test]
    fn the_corners_of_the_table() {
        for (code, expected) in [
            (0, (Run, None)),
            (1, (Add(0), None)),
            (18, (Add(17), None)),
            (19, (Copy(0, 0), None)),
            (20, (Copy(4, 0), None)),
            (34, (Copy(18, 0), None)),
            (147, (Copy(0, 8), None)),
            (162, (Copy(18, 8), None)),
            (163, (Add(1), Some(Copy(4, 0)))),
            (174, (Add(4), Some(Copy(6, 0)))),
            (234, (Add(4), Some(Copy(6, 5)))),
            (235, (Add(1), Some(Copy(4, 6)))),
            (246, (Add(4), Some(Copy(4, 8)))),
            (247, (Copy(4, 0), Some(Add(1)))),
            (255, (Copy(4, 8), Some(Add(1)))),
        ] {
            assert_eq!(of_code(code), expected, "{code}");
        }
    }
}
