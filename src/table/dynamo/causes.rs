//! Walks the chain of an error and its causes: finds one by its type, and formats them for a message.
//!
//! Only the first line of each error is used, because further lines of a signature error repeat headers of the
//! request.

use std::error::Error as StdError;

/// Longer lines are truncated.
const MAX_LINE_CHARS: usize = 300;

/// The first error of type `T` among `error` and its causes.
pub(super) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The error and its causes, in one line, without repetitions.
pub(super) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut said = first_line(&error.to_string());
    let mut next = error.source();
    while let Some(error) = next {
        let line = first_line(&error.to_string());
        if !line.is_empty() && !said.ends_with(&line) {
            said = format!("{said}: {line}");
        }
        next = error.source();
    }
    said
}

/// The first line of `text`, truncated after 300 characters.
pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(MAX_LINE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_one_short_line() {
        let said = first_line("The signature does not match.\nx-amz-security-token:t0ken");
        assert_eq!(said, "The signature does not match.");
        assert_eq!(first_line(&"ä".repeat(999)).chars().count(), MAX_LINE_CHARS);
    }
}
