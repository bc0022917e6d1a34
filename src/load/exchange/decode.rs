//! Compressed bodies: what `Content-Encoding` says, undone. Happens after the last byte, so that
//! no time of ours counts as the target's.

use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use crate::scenario::Coding;

/// A body that grows beyond this is an attack or a mistake, bytes.
const MOST: u64 = 256 << 20;
/// Decoders read and write in pieces of this size, bytes.
const PIECE: usize = 16 * 1024;

/// A `Content-Encoding` taken apart, in the order in which it was applied.
///
/// # Errors
/// One that cannot be undone, in words.
pub(crate) fn codings<'v>(values: impl Iterator<Item = &'v [u8]>) -> Result<Vec<Coding>, String> {
    let tokens = values.flat_map(|value| value.split(|&byte| byte == b','));
    let mut found = Vec::new();
    for token in tokens.map(<[u8]>::trim_ascii) {
        let is = |name: &str| token.eq_ignore_ascii_case(name.as_bytes());
        if token.is_empty() || is("identity") {
            continue;
        }
        let known = Coding::ALL.into_iter().find(|coding| is(coding.name()));
        match known.or_else(|| is("x-gzip").then_some(Coding::Gzip)) {
            Some(coding) => found.push(coding),
            None => {
                let token = String::from_utf8_lossy(token);
                return Err(format!("its Content-Encoding `{token}` is unknown"));
            }
        }
    }
    Ok(found)
}

/// Undoes the codings and keeps up to `kept` bytes in `out`; says how many there were in all. Of a
/// body that is not `whole`, as much as it yields.
///
/// # Errors
/// Why the bytes are not what they claim to be, in words.
pub(crate) fn decode(
    codings: &[Coding],
    raw: &[u8],
    whole: bool,
    out: &mut Vec<u8>,
    kept: usize,
) -> Result<u64, String> {
    out.clear();
    let mut length = 0;
    match drain(codings, raw, out, kept, &mut length) {
        Err(error) if whole => Err(format!(
            "its body is not what its Content-Encoding says: {error}"
        )),
        _ => Ok(length),
    }
}

fn drain(
    codings: &[Coding],
    raw: &[u8],
    out: &mut Vec<u8>,
    kept: usize,
    length: &mut u64,
) -> io::Result<()> {
    let mut reader: Box<dyn Read + '_> = Box::new(raw);
    // The last one applied is the first to be undone.
    for coding in codings.iter().rev() {
        reader = undo(*coding, reader)?;
    }
    let mut piece = [0; PIECE];
    loop {
        let read = match reader.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let room = kept.saturating_sub(out.len()).min(read);
        out.extend_from_slice(&piece[..room]);
        *length += read as u64;
        if *length > MOST {
            return Err(io::Error::other("it grows beyond 256 MiB"));
        }
    }
}

fn undo<'r>(coding: Coding, mut inner: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
    Ok(match coding {
        Coding::Gzip => Box::new(MultiGzDecoder::new(inner)),
        Coding::Brotli => Box::new(Decompressor::new(inner, PIECE)),
        Coding::Zstd => Box::new(StreamingDecoder::new(inner).map_err(io::Error::other)?),
        Coding::Deflate => {
            let mut start = [0; 2];
            inner.read_exact(&mut start)?;
            let inner = io::Cursor::new(start).chain(inner);
            if is_zlib(start) {
                Box::new(ZlibDecoder::new(inner))
            } else {
                Box::new(DeflateDecoder::new(inner))
            }
        }
    })
}

/// Whether a stream begins as RFC 1950 has it: method 8, and a checksum over both bytes.
fn is_zlib([method, flags]: [u8; 2]) -> bool {
    method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"compressed, compressed, compressed and decoded again";
    /// `TEXT` by the reference encoder.
    const BROTLI: &[u8] = &[
        0x1b, 0x33, 0x00, 0xf8, 0x1d, 0x09, 0x36, 0x4e, 0x76, 0x6d, 0x9e, 0xc9, 0x50, 0x39, 0xd6,
        0xe6, 0x96, 0x20, 0x61, 0x64, 0x55, 0xf6, 0x06, 0x1b, 0x70, 0x01, 0x7b, 0xc2, 0x89, 0x0c,
        0x7c, 0x2f, 0xe0, 0x83, 0x1d, 0x21, 0xc9, 0xee, 0xf4, 0x60, 0xf5, 0x26, 0x06,
    ];
    const ZSTD: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x15, 0x01, 0x00, 0xd0, 0x63, 0x6f, 0x6d, 0x70, 0x72,
        0x65, 0x73, 0x73, 0x65, 0x64, 0x2c, 0x20, 0x20, 0x61, 0x6e, 0x64, 0x20, 0x64, 0x65, 0x63,
        0x6f, 0x64, 0x67, 0x61, 0x69, 0x6e, 0x02, 0x00, 0x20, 0x40, 0x57, 0x4a, 0x12, 0xd8, 0x10,
        0xca, 0x41,
    ];

    fn gzip(raw: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(raw).unwrap();
        encoder.finish().unwrap()
    }

    fn undone(codings: &[Coding], raw: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let length = decode(codings, raw, true, &mut out, 1 << 20)?;
        assert_eq!(length, out.len() as u64);
        Ok(out)
    }

    #[test]
    fn every_coding_is_undone() {
        assert_eq!(undone(&[Coding::Gzip], &gzip(TEXT)).unwrap(), TEXT);
        assert_eq!(undone(&[Coding::Brotli], BROTLI).unwrap(), TEXT);
        assert_eq!(undone(&[Coding::Zstd], ZSTD).unwrap(), TEXT);
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(TEXT).unwrap();
        assert_eq!(
            undone(&[Coding::Deflate], &zlib.finish().unwrap()).unwrap(),
            TEXT
        );
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(TEXT).unwrap();
        assert_eq!(
            undone(&[Coding::Deflate], &bare.finish().unwrap()).unwrap(),
            TEXT
        );
    }

    #[test]
    fn the_last_coding_applied_is_undone_first() {
        let both = codings([&b"br, GZIP"[..]].into_iter()).unwrap();
        assert_eq!(both, [Coding::Brotli, Coding::Gzip]);
        assert_eq!(undone(&both, &gzip(BROTLI)).unwrap(), TEXT);
    }

    #[test]
    fn what_is_cut_short_or_unknown_is_told() {
        let gzip = gzip(TEXT);
        let half = &gzip[..gzip.len() / 2];
        assert!(undone(&[Coding::Gzip], half).is_err());
        assert!(decode(&[Coding::Gzip], half, false, &mut Vec::new(), 100).is_ok());
        assert!(undone(&[Coding::Zstd], TEXT).is_err());
        assert!(undone(&[Coding::Brotli], &BROTLI[..9]).is_err());
        let unknown = codings([&b"compress"[..]].into_iter());
        assert!(unknown.unwrap_err().contains("`compress`"));
        assert_eq!(codings([&b"identity"[..]].into_iter()), Ok(vec![]));
    }

    #[test]
    fn more_than_is_kept_is_counted() {
        let mut out = Vec::new();
        let length = decode(&[Coding::Gzip], &gzip(&[7; 100_000]), true, &mut out, 10);
        assert_eq!((length, out.as_slice()), (Ok(100_000), &[7; 10][..]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            raw in prop::collection::vec(any::<u8>(), 0..300),
            at in 0..40usize,
            byte in any::<u8>(),
            whole in any::<bool>(),
        ) {
            for coding in Coding::ALL {
                let _ = decode(&[coding], &raw, whole, &mut Vec::new(), 64);
            }
            for (coding, sound) in [
                (Coding::Gzip, gzip(TEXT)),
                (Coding::Brotli, BROTLI.to_vec()),
                (Coding::Zstd, ZSTD.to_vec()),
            ] {
                let mut wrong = sound;
                let at = at % wrong.len();
                wrong[at] = byte;
                let _ = decode(&[coding], &wrong, whole, &mut Vec::new(), 64);
            }
        }
    }
}
