//! Queries and scans: the content of a page, its order, and its end.

use std::collections::BTreeMap;

use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::table::{Item, Query};

use crate::table_support::tables::Metered;
use crate::table_support::{doc, head, item, key, updates};

/// The items of each page of a query.
async fn pages(table: &impl Metered, mut query: Query) -> Vec<Vec<Item>> {
    let mut pages = Vec::new();
    loop {
        let page = table.query(&query).await.unwrap();
        pages.push(page.items);
        assert!(pages.len() < 20, "the pages do not end");
        match page.next {
            Some(next) => query.after = Some(next),
            None => return pages,
        }
    }
}

async fn filled(table: &impl Metered, name: &str, clocks: std::ops::Range<u32>) -> DocName {
    let d = doc(name);
    for clock in clocks {
        table.put_new(&d, item(&d, clock, &clock.to_be_bytes())).await.unwrap();
    }
    d
}

fn clocks(d: &DocName, items: &[Item]) -> Vec<u32> {
    items.iter().map(|item| item.key.parse_update(d).unwrap().clock().0).collect()
}

pub async fn sort_keys_are_ordered_as_bytes(table: &impl Metered) {
    let d = doc("doc");
    let keys = [vec![1], vec![1, 0], vec![1, 0x7f], vec![1, 0x80], vec![1, 0xff], vec![1, 0xff, 0]];
    for bytes in keys.iter().rev() {
        let item = Item {
            key: SortKey::from_bytes(bytes.clone()),
            value: None,
            head: None,
            at: None,
            version: None,
        };
        table.put_new(&d, item).await.unwrap();
    }
    let all = Query { prefix: SortKey::from_bytes(vec![1]), ..updates(&d) };
    let found = table.query_keys(&all).await.unwrap().items;
    let found: Vec<_> = found.into_iter().map(|found| found.key).collect();
    assert_eq!(found, keys.map(SortKey::from_bytes));
    let above = Query { prefix: SortKey::from_bytes(vec![1, 0xff]), ..all };
    assert_eq!(table.query_keys(&above).await.unwrap().items.len(), 2);
}

pub async fn a_query_sees_one_document_only(table: &impl Metered) {
    for name in ["doc", "doc1", "do", "Doc"] {
        filled(table, name, 0..3).await;
    }
    let d = doc("doc");
    let found = table.query(&updates(&d)).await.unwrap().items;
    assert_eq!(clocks(&d, &found), [0, 1, 2]);
    // This holds even if an item of this document has a key that names another document.
    let stray = item(&doc("doc1"), 5, b"stray");
    table.put_new(&d, stray).await.unwrap();
    assert_eq!(table.query(&updates(&d)).await.unwrap().items.len(), 3);
}

pub async fn a_query_sees_its_prefix_only(table: &impl Metered) {
    let d = filled(table, "doc", 0..2).await;
    let meta = Item::plain(SortKey::meta(&d, "title"), vec![1]);
    let state_vector = Item::plain(SortKey::state_vector(&d), vec![2]);
    table.put_new(&d, meta.clone()).await.unwrap();
    table.put_new(&d, state_vector.clone()).await.unwrap();
    for reverse in [false, true] {
        let with = |prefix| Query { prefix, reverse, ..updates(&d) };
        let count = async |prefix| table.query(&with(prefix)).await.unwrap().items.len();
        assert_eq!(count(SortKey::updates(&d)).await, 2);
        assert_eq!(count(SortKey::document(&d)).await, 3);
        let metas = table.query(&with(SortKey::metas(&d))).await.unwrap();
        assert_eq!((metas.items, metas.next), (vec![meta.clone()], None));
        let found = table.query(&with(state_vector.key.clone())).await.unwrap().items;
        assert_eq!(found, std::slice::from_ref(&state_vector));
        assert_eq!(count(SortKey::from_bytes(vec![0xff])).await, 0);
    }
}

pub async fn a_query_ends_with_the_last_key_asked_for(table: &impl Metered) {
    let d = filled(table, "doc", 0..7).await;
    let clocks_of = async |after: Option<u32>, until: SortKey, limit| {
        let query = Query { after: after.map(|n| key(&d, n)), until: Some(until), limit, ..updates(&d) };
        clocks(&d, &pages(table, query).await.concat())
    };
    for limit in [1, 2, 100] {
        assert_eq!(clocks_of(None, key(&d, 3), limit).await, [0, 1, 2, 3], "limit {limit}");
        assert_eq!(clocks_of(Some(1), key(&d, 3), limit).await, [2, 3], "limit {limit}");
        assert_eq!(clocks_of(Some(1), key(&d, 3).below(), limit).await, [2], "limit {limit}");
        assert_eq!(clocks_of(Some(2), key(&d, 3).below(), limit).await, [0_u32; 0], "limit {limit}");
    }
}

pub async fn pages_end_at_their_limit(table: &impl Metered) {
    let d = filled(table, "doc", 0..7).await;
    for reverse in [false, true] {
        for limit in 1..=8 {
            let pages = pages(table, Query { limit, reverse, ..updates(&d) }).await;
            let full = pages.iter().take_while(|page| page.len() == limit as usize).count();
            assert_eq!(full, 7 / limit as usize, "limit {limit}");
            let mut expected: Vec<u32> = (0..7).collect();
            if reverse {
                expected.reverse();
            }
            assert_eq!(clocks(&d, &pages.concat()), expected, "limit {limit}");
        }
    }
    let keys = table.query_keys(&Query { limit: 3, ..updates(&d) }).await.unwrap();
    assert_eq!(keys.next, Some(key(&d, 2)));
}

pub async fn pages_end_at_one_megabyte(table: &impl Metered) {
    let d = doc("doc");
    for clock in 0..11 {
        table.put_new(&d, item(&d, clock, &vec![clock as u8; 300_000])).await.unwrap();
    }
    for reverse in [false, true] {
        let pages = pages(table, Query { reverse, ..updates(&d) }).await;
        // Databases differ in whether the item that crosses 1 MB belongs to the page.
        assert!(
            pages.iter().all(|page| page.len() <= 4),
            "{:?}",
            pages.iter().map(Vec::len).collect::<Vec<_>>()
        );
        let mut found = clocks(&d, &pages.concat());
        found.sort_unstable();
        assert_eq!(found, (0..11).collect::<Vec<_>>());
    }
    // A page of keys is limited by the size of the items.
    let keys = table.query_keys(&updates(&d)).await.unwrap();
    assert!(keys.items.len() <= 4 && keys.next.is_some());
}

pub async fn a_query_runs_backwards(table: &impl Metered) {
    let d = filled(table, "doc", 250..260).await;
    let last = table.query(&Query { reverse: true, limit: 1, ..updates(&d) }).await.unwrap();
    assert_eq!(clocks(&d, &last.items), [259]);
    let query = Query { reverse: true, limit: 2, after: last.next, ..updates(&d) };
    assert_eq!(clocks(&d, &table.query(&query).await.unwrap().items), [258, 257]);
}

pub async fn keys_come_without_values(table: &impl Metered) {
    let d = filled(table, "doc", 0..3).await;
    let page = table.query_keys(&updates(&d)).await.unwrap();
    let keys: Vec<_> = page.items.into_iter().map(|found| found.key).collect();
    assert_eq!((keys, page.next), ((0..3).map(|clock| key(&d, clock)).collect(), None));
}

pub async fn a_scan_finds_everything_grouped_by_document(table: &impl Metered) {
    let mut expected = BTreeMap::new();
    for name in ["doc", "doc1", "ünï", "a\0b", "z"] {
        let d = filled(table, name, 0..3).await;
        table.put_new(&d, head(&d, 3, true)).await.unwrap();
        let items = table.query(&updates(&d)).await.unwrap().items;
        expected.insert(d, items);
    }
    for limit in [1, 4, 7, 1_000] {
        let mut found: Vec<(DocName, Vec<Item>)> = Vec::new();
        let mut keys = Vec::new();
        let mut after = None;
        loop {
            let page = table.scan(limit, after.as_ref()).await.unwrap();
            let same = table.scan_keys(limit, after.as_ref()).await.unwrap();
            assert!(page.items.len() <= limit as usize);
            assert_eq!(page.next, same.next);
            keys.extend(same.items);
            assert!(keys.len() <= 20, "the pages do not end");
            for (d, item) in page.items {
                match found.last_mut() {
                    Some((last, items)) if *last == d => items.push(item),
                    _ => found.push((d, vec![item])),
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found.len(), expected.len(), "each document in one piece, limit {limit}");
        let flat: Vec<_> =
            found.iter().flat_map(|(d, items)| items.iter().map(|i| (d.clone(), i.key.clone()))).collect();
        assert_eq!(keys, flat);
        assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
    }
}

pub async fn a_scan_of_nothing_is_empty(table: &impl Metered) {
    let page = table.scan(10, None).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    let page = table.scan_keys(10, None).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    let page = table.query(&updates(&doc("nobody"))).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}
