//! The editing trace: recorded, or synthetic if there is no recording.
//!
//! The recording is a gzipped file. Before each update is its length, a u32 in little-endian order.

use std::process::Command;

use y_dynamodb::codec::varint::write_varuint;

/// The path of the recording if `Y_DYNAMODB_TRACE` is not set. The file may be missing.
const DEFAULT_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/b4-updates.bin.gz");
const SYNTHETIC_UPDATES: u64 = 50_000;
const CLIENT: u64 = 1_234_567_890;
/// Synthetic typing moves to another position after this many letters. It deletes about one letter in eight.
const BURST: u64 = 30;

/// The name of the trace, and its updates.
pub fn load() -> (&'static str, Vec<Vec<u8>>) {
    let path = std::env::var("Y_DYNAMODB_TRACE").unwrap_or_else(|_| DEFAULT_PATH.to_owned());
    if !std::path::Path::new(&path).exists() {
        return ("synthetic typing", synthetic());
    }
    let unpacked = Command::new("gzip").args(["-dc", &path]).output().unwrap();
    assert!(unpacked.status.success(), "gzip could not unpack {path}");
    ("the B4 editing trace", split(&unpacked.stdout))
}

fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut updates = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (update, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        updates.push(update.to_vec());
        bytes = rest;
    }
    updates
}

/// Bursts of letters. Each burst follows a random earlier letter. Some letters are deleted.
fn synthetic() -> Vec<Vec<u8>> {
    let mut rng = fastrand::Rng::with_seed(4);
    let mut updates = Vec::new();
    let mut clock = 0;
    while (updates.len() as u64) < SYNTHETIC_UPDATES {
        let mut left = rng.u64(0..clock.max(1));
        for _ in 0..BURST {
            updates.push(letter(clock, left, rng.alphanumeric() as u8));
            left = clock;
            clock += 1;
            if rng.u8(0..8) == 0 {
                updates.push(deletion(left));
            }
        }
    }
    updates
}

/// The update that inserts one letter after the letter `left`. The first one creates the text.
fn letter(clock: u64, left: u64, letter: u8) -> Vec<u8> {
    let mut update = vec![1, 1];
    write_varuint(&mut update, CLIENT);
    write_varuint(&mut update, clock);
    if clock == 0 {
        update.extend([4, 1, 4]);
        update.extend(b"text");
    } else {
        update.push(0x84);
        write_varuint(&mut update, CLIENT);
        write_varuint(&mut update, left);
    }
    update.extend([1, letter, 0]);
    update
}

fn deletion(clock: u64) -> Vec<u8> {
    let mut update = vec![0, 1];
    write_varuint(&mut update, CLIENT);
    update.push(1);
    write_varuint(&mut update, clock);
    update.push(1);
    update
}
