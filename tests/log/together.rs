//! Updates that are valid alone but not together: no other update is refused for them.

use y_dynamodb::codec::varint::write_varuint;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::memory::MemoryTable;
use y_dynamodb::update::contents;

use crate::support::*;

/// Nested arrays of one client.
fn nested(from: u64, to: u64) -> Vec<u8> {
    let mut bytes = vec![1];
    write_varuint(&mut bytes, to - from);
    bytes.push(99);
    write_varuint(&mut bytes, from);
    for clock in from..to {
        bytes.push(7);
        if clock == 0 {
            bytes.extend([1, 1, b't']);
        } else {
            bytes.extend([0, 99]);
            write_varuint(&mut bytes, clock - 1);
        }
        bytes.push(0);
    }
    bytes.push(0);
    bytes
}

#[tokio::test(start_paused = true)]
async fn updates_that_are_valid_alone_but_not_together_are_all_stored() {
    let table = MemoryTable::new();
    for coalesce_bytes in [100, 1_000_000] {
        let d = doc(&format!("d{coalesce_bytes}"));
        let persistence = open_with(&table, Options { coalesce_bytes, ..quiet() });
        let mut typist = Typist::default();
        let mut stores: Vec<_> =
            (0..20).map(|_| persistence.store_update(d.clone(), typist.key(), Queued)).collect();
        stores.push(persistence.store_update(d.clone(), nested(0, 600), Queued));
        stores.push(persistence.store_update(d.clone(), nested(600, 1_200), Queued));
        stores.extend((0..20).map(|_| persistence.store_update(d.clone(), typist.key(), Queued)));
        for store in stores {
            store.await.unwrap();
        }
        let read = persistence.read(d.clone(), Queued).await.unwrap();
        assert_eq!(numbers(&read), set([1, 99]));
        persistence.flush(d.clone(), Queued).await.unwrap();
        let read = persistence.read(d, Queued).await.unwrap();
        let found = contents(&read).unwrap();
        assert_eq!(
            found.full.iter().find(|(client, _)| *client == 1).map(|(_, ranges)| ranges.to_vec()),
            Some(vec![(0, 40)])
        );
    }
}
