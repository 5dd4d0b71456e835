//! Against what @ably/vcdiff-decoder makes of deltas (`tests/vectors/delta.json`), against Ably's
//! crate `vcdiff-decode`, and against damage and malice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{fs, path::PathBuf, time::Instant};

use ably_base::ErrorCode;
use ably_delta::decode;
use proptest::prelude::*;
use serde::Deserialize;

const MAX: usize = 1 << 20;
const HEADER: [u8; 5] = [0xD6, 0xC3, 0xC4, 0, 0];

#[derive(Deserialize)]
struct Vectors {
    random: Vec<Case>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Case {
    delta: String,
    base: String,
    target: String,
}

#[derive(Deserialize)]
struct Refused {
    why: String,
    delta: String,
}

fn vectors() -> Vectors {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/delta.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

/// A delta of one window that says the truth about its sections.
fn delta(source: &[u8], target: u32, data: &[u8], codes: &[u8], addresses: &[u8]) -> Vec<u8> {
    let mut body = number(target);
    body.push(0);
    for section in [data, codes, addresses] {
        body.extend(number(section.len() as u32));
    }
    body.extend([data, codes, addresses].concat());
    let mut delta = HEADER.to_vec();
    delta.extend(source);
    delta.extend(number(body.len() as u32));
    delta.extend(body);
    delta
}

fn number(mut number: u32) -> Vec<u8> {
    let mut bytes = vec![(number & 127) as u8];
    while number > 127 {
        number >>= 7;
        bytes.insert(0, (number & 127) as u8 | 128);
    }
    bytes
}

#[track_caller]
fn refused(delta: &[u8], base: &[u8]) {
    let error = decode(delta, base, MAX).expect_err("refused");
    assert_eq!(
        (error.code(), error.status_code()),
        (ErrorCode::DELTA_FAILED, 400)
    );
}

#[test]
fn every_code_means_what_it_means_to_the_npm_decoder() {
    let vectors = vectors();
    let mut agreeing = 0;
    for (n, case) in vectors.random.iter().enumerate() {
        let (delta, base) = (unhex(&case.delta), unhex(&case.base));
        let target = unhex(&case.target);
        assert_eq!(decode(&delta, &base, MAX).unwrap(), target, "case {n}");
        // It refuses addresses near one that was never set, which are valid.
        if let Ok(theirs) = vcdiff::decode(&base, &delta) {
            assert_eq!(theirs, target, "case {n}");
            agreeing += 1;
        }
    }
    assert!(agreeing >= 150, "vcdiff-decode accepts {agreeing}");
    for Refused { why, delta } in &vectors.refused {
        let error = decode(&unhex(delta), b"base", MAX).expect_err(why);
        assert_eq!(error.code(), ErrorCode::DELTA_FAILED, "{why}");
    }
}

#[test]
fn the_bound_is_for_all_windows_together() {
    for case in &vectors().random {
        let (delta, base) = (unhex(&case.delta), unhex(&case.base));
        let size = case.target.len() / 2;
        assert!(decode(&delta, &base, size).is_ok());
        if size > 0 {
            assert!(decode(&delta, &base, size - 1).is_err());
        }
    }
}

#[test]
fn only_whole_deltas_are_accepted() {
    let vectors = vectors();
    for case in &vectors.random {
        let (delta, base) = (unhex(&case.delta), unhex(&case.base));
        let whole = unhex(&case.target);
        for end in 0..delta.len() {
            // Without its last windows it is a delta too, of less.
            if let Ok(part) = decode(&delta[..end], &base, MAX) {
                assert!(part.len() <= whole.len() && whole.starts_with(&part));
            }
        }
        refused(&[&delta[..], &[0]].concat(), &base);
    }
    refused(&HEADER, b"");
}

#[test]
fn a_copy_may_cross_from_the_base_into_the_output() {
    // ADD "xy", COPY 8 from address 2 of "base": "se", then "xyse", over and over.
    let delta = delta(&[1, 4, 0], 10, b"xy", &[3, 24], &[2]);
    assert_eq!(decode(&delta, b"base", MAX).unwrap(), b"xysexysexy");
}

#[test]
fn checksums_are_verified_in_both_forms() {
    // RUN of 3 "a": Adler-32 is 02490124 seeded 1, 02460123 seeded 0.
    let window = |checksum: &[u8]| {
        let mut body = vec![3, 0, 1, 2, 0];
        body.extend(checksum);
        body.extend([b'a', 0, 3]);
        let mut window = vec![4, body.len() as u8];
        window.extend(body);
        window
    };
    let standard = |sum: [u8; 4]| [&HEADER[..], &window(&sum)].concat();
    assert_eq!(
        decode(&standard([2, 0x49, 1, 0x24]), b"", MAX).unwrap(),
        b"aaa"
    );
    assert_eq!(
        vcdiff::decode(b"", &standard([2, 0x49, 1, 0x24])).unwrap(),
        b"aaa"
    );
    refused(&standard([2, 0x49, 1, 0x25]), b"");
    let open = |sum| [&[0xD6, 0xC3, 0xC4, b'S', 0][..], &window(&number(sum))].concat();
    assert_eq!(decode(&open(0x0246_0123), b"", MAX).unwrap(), b"aaa");
    refused(&open(0x0246_0124), b"");
}

#[test]
fn what_is_not_made_by_default_is_refused() {
    let good = delta(&[1, 4, 0], 4, b"", &[20], &[0]);
    assert_eq!(decode(&good, b"base", MAX).unwrap(), b"base");
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        bytes
    };
    for indicator in [1, 2, 4, 8, 0x80] {
        refused(&changed(4, indicator), b"base");
    }
    for kind in [2, 3, 8, 0x11] {
        refused(&changed(5, kind), b"base");
    }
    refused(&good, b"bas");
    // Sections that say they are compressed.
    refused(&changed(10, 1), b"base");
}

#[test]
fn bombs_are_bounded() {
    let long = |size: u32, code: u8| [vec![code], number(size)].concat();
    let runs = long(0x7FFF_FFFF, 0).repeat(40);
    let copies = long(MAX as u32 / 4, 19).repeat(40);
    let bombs = [
        delta(&[0], 0x7FFF_FFFF, b"a", &long(0x7FFF_FFFF, 0), b""),
        delta(&[0], 0xFFFF_FFFF, b"a", &long(0xFFFF_FFFF, 0), b""),
        delta(&[0], 10, &[b'a'; 40], &runs, b""),
        delta(&[0], 10, b"a", &long(0xFFFF_FFFF, 0), b""),
        delta(&[1, 4, 0], 10, b"", &long(0xFFFF_FFFF, 19), &[0]),
        delta(&[1, 4, 0], MAX as u32, b"", &copies, &[0; 40]),
        delta(&[0], 10, b"a", &long(0xFFFF_FFFF, 1), b""),
        delta(&[1, 0x8F, 0xFF, 0xFF, 0xFF, 0x7F, 1], 4, b"", &[20], &[0]),
        // A number that does not end.
        delta(
            &[0],
            4,
            b"a",
            &[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 4],
            b"",
        ),
        // An address past any.
        delta(
            &[1, 4, 0],
            8,
            b"",
            &[20, 52],
            &[1, 0x87, 0xFF, 0xFF, 0xFF, 0x7F],
        ),
        // It claims much and makes little.
        delta(&[0], MAX as u32, b"a", &[2], b""),
    ];
    let began = Instant::now();
    for bomb in &bombs {
        refused(bomb, b"base");
    }
    let empty = [&HEADER[..], &[0, 5, 0, 0, 0, 0, 0].repeat(50_000)].concat();
    assert_eq!(decode(&empty, b"", MAX).unwrap(), b"");
    // One byte, copied onto itself up to the bound.
    let codes = [&[2][..], &long(MAX as u32 - 1, 19)].concat();
    let spread = delta(&[0], MAX as u32, b"a", &codes, &[0]);
    assert_eq!(decode(&spread, b"", MAX).unwrap(), vec![b'a'; MAX]);
    assert!(began.elapsed().as_secs() < 10);
}

#[test]
fn damage_is_refused_or_bounded_and_never_a_panic() {
    let vectors = vectors();
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let mut counts = [0; 2];
    for n in 0..20_000 {
        let case = &vectors.random[n % vectors.random.len()];
        let (mut delta, base) = (unhex(&case.delta), unhex(&case.base));
        for _ in 0..=below(3) {
            let at = below(delta.len());
            match below(4) {
                0 => delta[at] ^= 1 << below(8),
                1 => delta[at] = below(256) as u8,
                2 => delta.insert(at, below(256) as u8),
                _ => drop(delta.drain(at..)),
            }
            if delta.is_empty() {
                break;
            }
        }
        let made = decode(&delta, &base, 4096);
        counts[usize::from(made.is_err())] += 1;
        if let Ok(made) = made {
            assert!(made.len() <= 4096);
        }
    }
    assert!(counts[1] > 15_000, "made, refused: {counts:?}");
}

proptest! {
    #[test]
    fn any_bytes_are_bounded(bytes: Vec<u8>, base: Vec<u8>) {
        let delta = [&HEADER[..], &bytes].concat();
        if let Ok(made) = decode(&delta, &base, 64) {
            prop_assert!(made.len() <= 64);
        }
    }

    #[test]
    fn any_instructions_are_bounded(
        codes: Vec<u8>, data: Vec<u8>, addresses: Vec<u8>, base: Vec<u8>, target in 0..500u32,
    ) {
        let source = [vec![1], number(base.len() as u32), vec![0]].concat();
        let delta = delta(&source, target, &data, &codes, &addresses);
        if let Ok(made) = decode(&delta, &base, MAX) {
            prop_assert_eq!(made.len(), target as usize);
        }
    }
}
