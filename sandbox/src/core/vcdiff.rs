//! Writing VCDIFF, as open-vcdiff does by default: one window with the whole base as its segment,
//! the default code table, no checksum.
//!
//! Greedy: at each place the longest match of the last few candidates, in the base or in what has
//! been written, never across the border of both.
//!
//! Spec: RFC 3284.

use std::collections::HashMap;

/// Returns a delta that makes `target` of `base`; it may be larger than `target`.
pub fn encode(base: &[u8], target: &[u8]) -> Vec<u8> {
    let mut window = Window::default();
    let mut index = Index::new(base, target);
    let (mut at, mut pending) = (0, 0);
    while at < target.len() {
        let Some(found) = index.longest(at) else {
            index.insert(base.len() + at);
            at += 1;
            continue;
        };
        // What was about to be added may be part of the match.
        let back = index.shared_before(found.address, at, at - pending);
        window.add(target.get(pending..at - back).unwrap_or_default());
        let here = base.len() + at - back;
        window.copy(found.address - back, found.size + back, here);
        for place in at..at + found.size {
            index.insert(base.len() + place);
        }
        at += found.size;
        pending = at;
    }
    window.add(target.get(pending..).unwrap_or_default());
    window.finish(base.len(), target.len())
}

/// A stretch of what is known that comes again.
struct Match {
    address: usize,
    size: usize,
}

/// Where each run of [`SEED`] bytes is; addresses are of the base with the target after it.
struct Index<'a> {
    base: &'a [u8],
    target: &'a [u8],
    places: HashMap<&'a [u8], Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(base: &'a [u8], target: &'a [u8]) -> Index<'a> {
        let mut index = Index {
            base,
            target,
            places: HashMap::new(),
        };
        for address in 0..base.len() {
            index.insert(address);
        }
        index
    }

    /// Returns what follows an address in the part where it is.
    fn after(&self, address: usize) -> &'a [u8] {
        let rest = match address.checked_sub(self.base.len()) {
            None => self.base.get(address..),
            Some(place) => self.target.get(place..),
        };
        rest.unwrap_or_default()
    }

    fn insert(&mut self, address: usize) {
        if let Some(seed) = self.after(address).get(..SEED) {
            let places = self.places.entry(seed).or_default();
            if places.len() == CANDIDATES {
                places.remove(0);
            }
            places.push(address);
        }
    }

    fn longest(&self, at: usize) -> Option<Match> {
        let wanted = self.target.get(at..)?;
        let places = self.places.get(wanted.get(..SEED)?)?;
        let matches = places.iter().map(|address| {
            let known = self.after(*address);
            let same = known.iter().zip(wanted).take_while(|(a, b)| a == b);
            Match {
                address: *address,
                size: same.count(),
            }
        });
        matches.max_by_key(|found| found.size)
    }

    /// Returns how many of the `most` bytes before both places are the same.
    fn shared_before(&self, address: usize, at: usize, most: usize) -> usize {
        let known = match address.checked_sub(self.base.len()) {
            None => self.base.get(..address),
            Some(place) => self.target.get(..place),
        };
        let known = known.unwrap_or_default().iter().rev();
        let wanted = self.target.get(..at).unwrap_or_default().iter().rev();
        let same = known.zip(wanted).take(most).take_while(|(a, b)| a == b);
        same.count()
    }
}

/// The three sections of a window.
#[derive(Default)]
struct Window {
    data: Vec<u8>,
    codes: Vec<u8>,
    addresses: Vec<u8>,
    near: [usize; 4],
    next: usize,
}

impl Window {
    fn add(&mut self, bytes: &[u8]) {
        if let (Some(first), true) = (bytes.first(), bytes.len() > SEED) {
            if bytes.iter().all(|byte| byte == first) {
                self.codes.push(0);
                number(bytes.len(), &mut self.codes);
                self.data.push(*first);
                return;
            }
        }
        match bytes.len() {
            0 => return,
            size @ 1..=17 => self.codes.push(size as u8 + 1),
            size => {
                self.codes.push(1);
                number(size, &mut self.codes);
            }
        }
        self.data.extend_from_slice(bytes);
    }

    /// Copies with the address mode that takes the fewest bytes.
    fn copy(&mut self, address: usize, size: usize, here: usize) {
        let near = self.near.iter().zip(2..);
        let near = near.filter_map(|(known, mode)| Some((address.checked_sub(*known)?, mode)));
        let near = near.filter(|(offset, _)| *offset < address);
        let modes = [(address, 0), (here - address, 1)].into_iter().chain(near);
        let (written, mode) = modes
            .min_by_key(|(number, _)| *number)
            .unwrap_or((address, 0));
        let code = 19 + 16 * mode;
        match size {
            4..=18 => self.codes.push(code + size as u8 - 3),
            _ => {
                self.codes.push(code);
                number(size, &mut self.codes);
            }
        }
        number(written, &mut self.addresses);
        if let Some(slot) = self.near.get_mut(self.next) {
            *slot = address;
        }
        self.next = (self.next + 1) % self.near.len();
    }

    fn finish(self, base: usize, target: usize) -> Vec<u8> {
        let mut body = Vec::new();
        number(target, &mut body);
        body.push(0);
        for section in [&self.data, &self.codes, &self.addresses] {
            number(section.len(), &mut body);
        }
        for section in [self.data, self.codes, self.addresses] {
            body.extend(section);
        }
        let mut delta = vec![0xD6, 0xC3, 0xC4, 0, 0];
        if base == 0 {
            delta.push(0);
        } else {
            delta.push(1);
            number(base, &mut delta);
            number(0, &mut delta);
        }
        number(body.len(), &mut delta);
        delta.extend(body);
        delta
    }
}

/// Writes a number, seven bits a byte, highest first.
fn number(number: usize, to: &mut Vec<u8>) {
    let bytes = number.checked_ilog2().map_or(1, |bits| bits / 7 + 1);
    for place in (0..bytes).rev() {
        let more = if place == 0 { 0 } else { 0x80 };
        to.push((number >> (7 * place)) as u8 & 0x7F | more);
    }
}

/// How many bytes are looked up; shorter matches are not worth a copy.
const SEED: usize = 8;
const CANDIDATES: usize = 8;
