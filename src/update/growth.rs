//! Lists of many small elements that take little more memory than their content.

/// Up to this many records or ranges, a sort may use as much memory again: less than 1 MB.
pub(super) const SMALL: usize = 1 << 15;

/// Appends. A large list grows by a quarter instead of doubling.
#[inline(always)]
pub(super) fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() && list.len() >= 1 << 12 {
        list.reserve_exact(list.len() / 4);
    }
    list.push(item);
}
