//! [`Cbc`]: AES-CBC with PKCS#7 padding, the IV in front of the ciphertext.
//!
//! The key schedule is made once per channel and wiped when it goes.
//!
//! Spec: RSL5b.

use aes::{
    Aes128, Aes256,
    cipher::{
        BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit,
        KeyInit, array::Array, block_padding::Pkcs7, consts::U16,
    },
};

/// Bytes of a block, and of the IV.
pub(crate) const BLOCK: usize = 16;

type Block = Array<u8, U16>;

/// A key of either length, ready for use.
pub(crate) enum Cbc {
    Aes128(Box<Aes128>),
    Aes256(Box<Aes256>),
}

/// Why data is not what [`Cbc::encrypt`] with this key gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undecryptable {
    /// Not an IV and one or more whole blocks.
    Length,
    /// No valid padding comes out.
    Padding,
}

impl Cbc {
    /// `None` when the key is not of 16 or 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Some(Self::Aes128(Box::new(Aes128::new_from_slice(key).ok()?))),
            32 => Some(Self::Aes256(Box::new(Aes256::new_from_slice(key).ok()?))),
            _ => None,
        }
    }

    /// The name in an encoding.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Aes128(_) => "aes-128-cbc",
            Self::Aes256(_) => "aes-256-cbc",
        }
    }

    /// `iv` and the encrypted `plain`. `None` cannot come: the room is worked out to fit.
    pub(crate) fn encrypt(&self, iv: &[u8; BLOCK], plain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Aes128(aes) => encrypt(&**aes, iv, plain),
            Self::Aes256(aes) => encrypt(&**aes, iv, plain),
        }
    }

    /// How long the plain data is. Only the last block is looked at, so that data that cannot be
    /// decrypted stays as it is.
    pub(crate) fn check(&self, encrypted: &[u8]) -> Result<usize, Undecryptable> {
        match self {
            Self::Aes128(aes) => check(&**aes, encrypted),
            Self::Aes256(aes) => check(&**aes, encrypted),
        }
    }

    /// Decrypts what stands after the IV in place. What [`Cbc::check`] refuses is left alone.
    pub(crate) fn decrypt(&self, encrypted: &mut [u8]) {
        match self {
            Self::Aes128(aes) => decrypt(&**aes, encrypted),
            Self::Aes256(aes) => decrypt(&**aes, encrypted),
        }
    }
}

fn encrypt<C: BlockCipherEncrypt<BlockSize = U16>>(
    aes: &C,
    iv: &[u8; BLOCK],
    plain: &[u8],
) -> Option<Vec<u8>> {
    let padding = BLOCK - plain.len() % BLOCK;
    let mut out = Vec::with_capacity(BLOCK + plain.len() + padding);
    out.extend_from_slice(iv);
    out.extend_from_slice(plain);
    out.resize(BLOCK + plain.len() + padding, 0);
    let mode = cbc::Encryptor::inner_iv_init(aes, &Block::from(*iv));
    mode.encrypt_padded::<Pkcs7>(out.get_mut(BLOCK..)?, plain.len())
        .ok()?;
    Some(out)
}

fn check<C: BlockCipherDecrypt<BlockSize = U16>>(
    aes: &C,
    encrypted: &[u8],
) -> Result<usize, Undecryptable> {
    if encrypted.len() < 2 * BLOCK || encrypted.len() % BLOCK != 0 {
        return Err(Undecryptable::Length);
    }
    let before_last = encrypted.len() - 2 * BLOCK;
    let (iv, mut last) = encrypted
        .get(before_last..)
        .and_then(|tail| tail.split_first_chunk::<BLOCK>())
        .and_then(|(iv, last)| Some((*iv, *last.first_chunk::<BLOCK>()?)))
        .ok_or(Undecryptable::Length)?;
    cbc::Decryptor::inner_iv_init(aes, &Block::from(iv))
        .decrypt_padded::<Pkcs7>(&mut last)
        .map(|plain| before_last + plain.len())
        .map_err(|_| Undecryptable::Padding)
}

fn decrypt<C: BlockCipherDecrypt<BlockSize = U16>>(aes: &C, encrypted: &mut [u8]) {
    let Some((iv, blocks)) = encrypted.split_first_chunk_mut::<BLOCK>() else {
        return;
    };
    let mut mode = cbc::Decryptor::inner_iv_init(aes, &Block::from(*iv));
    let (blocks, _) = Block::slice_as_chunks_mut(blocks);
    mode.decrypt_blocks(blocks);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back_and_every_cut_is_refused() {
        for key in [&[7; 16][..], &[9; 32]] {
            let cbc = Cbc::new(key).unwrap();
            for n in 0..100 {
                let plain: Vec<u8> = (0..n).collect();
                let mut sent = cbc.encrypt(&[n; BLOCK], &plain).unwrap();
                assert_eq!(sent.len(), BLOCK + plain.len() / BLOCK * BLOCK + BLOCK);
                assert_eq!(sent.capacity(), sent.len());
                for cut in (0..sent.len()).filter(|c| *c < 2 * BLOCK || c % BLOCK != 0) {
                    assert_eq!(cbc.check(&sent[..cut]), Err(Undecryptable::Length), "{cut}");
                }
                assert_eq!(cbc.check(&sent), Ok(plain.len()));
                cbc.decrypt(&mut sent);
                assert_eq!(sent[BLOCK..BLOCK + plain.len()], plain);
            }
        }
        for n in [0, 15, 17, 24, 31, 33] {
            assert!(Cbc::new(&vec![0; n]).is_none(), "{n}");
        }
    }
}
