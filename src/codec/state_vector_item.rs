//! The value of the state vector item, which only the original package reads: `varuint(clock) varbytes(state vector)`.
//! `docs/FORMAT.md`, State vector.

use super::sort_key::LogClock;
use super::varint::{read_varuint, write_varuint};

/// The value for the state vector of a document whose largest log clock is `clock`.
pub fn write_state_vector(clock: LogClock, state_vector: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(state_vector.len() + 8);
    write_varuint(&mut value, u64::from(clock.0));
    write_varuint(&mut value, state_vector.len() as u64);
    value.extend_from_slice(state_vector);
    value
}

/// The state vector in a value; `None` if the value has another form.
pub fn read_state_vector(value: &[u8]) -> Option<&[u8]> {
    let mut rest = value;
    read_varuint(&mut rest)?;
    let length = usize::try_from(read_varuint(&mut rest)?).ok()?;
    (rest.len() == length).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let value = write_state_vector(LogClock(300), &[1, 5, 7]);
        assert_eq!(value, [0xac, 0x02, 3, 1, 5, 7]);
        assert_eq!(read_state_vector(&value), Some([1, 5, 7].as_slice()));
    }

    #[test]
    fn refuses_what_is_cut_off_or_too_long() {
        let value = write_state_vector(LogClock(300), &[1, 5, 7]);
        for end in 0..value.len() {
            assert_eq!(read_state_vector(&value[..end]), None, "{end} bytes");
        }
        assert_eq!(read_state_vector(&[value, vec![0]].concat()), None);
    }
}
