//! The editing trace: recorded, or made up where there is no recording.

mod recorded;

use std::process::Command;

use y_dynamodb::codec::varint::write_varuint;

const MADE_UP: u64 = 50_000;
const CLIENT: u64 = 1_234_567_890;
/// Made-up typing goes on somewhere else after so many keystrokes, and takes one in eight back.
const BURST: u64 = 30;

/// What it is called, and its updates.
pub fn load() -> (&'static str, Vec<Vec<u8>>) {
    let path = recorded::path();
    if !std::path::Path::new(&path).exists() {
        return ("made-up typing", made_up());
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

/// Bursts of letters, each behind a letter of an earlier burst; some letters are deleted again.
fn made_up() -> Vec<Vec<u8>> {
    let mut rng = fastrand::Rng::with_seed(4);
    let mut updates = Vec::new();
    let mut clock = 0;
    while (updates.len() as u64) < MADE_UP {
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

/// The update of one letter behind the letter `left`; the first one makes the text.
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
