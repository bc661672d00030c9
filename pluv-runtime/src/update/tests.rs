//! Validation of updates.

use std::sync::Arc;

use yrs::{
    Any, Doc, GetString, Map, MapPrelim, OffsetKind, Options, ReadTxn, StateVector, Text, TextPrelim, Transact, Update,
    WriteTxn, XmlElementPrelim, XmlFragment, block::ClientID, diff_updates_v1, encode_state_vector_from_update_v1,
    merge_updates_v1, types::ToJson, updates::decoder::Decode,
};

use super::{
    Batches, MAX_CLIENTS, MAX_JOINING, MergedUpdate, Problem, batches,
    content::MAX_DEPTH,
    decode_base64, encode_base64, has_gap,
    lib0::{MAX_CLIENT, MAX_CLOCK, write_number},
    nesting, normalize, read_vector, state, trim,
    validate::{Facts, validate},
    write_vector,
};

/// Updates of stock Yjs, each after its length: see `updates.mjs` there.
const UPDATES: &[u8] = include_bytes!("testdata/updates.bin");

fn updates() -> Vec<&'static [u8]> {
    let mut left = UPDATES;
    let mut updates = Vec::new();
    while let Some((length, rest)) = left.split_first_chunk() {
        let (update, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        updates.push(update);
        left = rest;
    }
    updates
}

fn number(number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_number(&mut bytes, number);
    bytes
}

fn string(text: &str) -> Vec<u8> {
    [number(text.len() as u64), text.into()].concat()
}

/// An update of client 1 from clock 0: `count` structs and no deletions.
fn structs(count: u64, structs: &[u8]) -> Vec<u8> {
    [&[1], &*number(count), &[1, 0], structs, &[0]].concat()
}

/// An update whose only item has this kind of content in the root type `a`.
fn item(kind: u8, content: &[u8]) -> Vec<u8> {
    structs(1, &[&[kind, 1, 1, b'a'], content].concat())
}

fn value(value: &[u8]) -> Vec<u8> {
    item(8, &[&[1], value].concat())
}

fn embed(json: &str) -> Vec<u8> {
    item(5, &string(json))
}

fn problem(update: &[u8]) -> Problem {
    validate(update).expect_err("it is refused").problem()
}

fn document() -> Doc {
    let offset_kind = OffsetKind::Utf16;
    Doc::with_options(Options { offset_kind, ..Options::with_client_id(ClientID::new(7)) })
}

fn apply(doc: &Doc, update: &[u8]) {
    let update = Update::decode_v1(update).expect("what passed the gate can be decoded");
    // A parent that is no type is refused by yrs, which has to be asked for it.
    drop(doc.transact_mut().apply_update(update));
}

fn encode(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

/// Pieces of a text or list, each after the one before.
fn pieces(count: u64, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut body = [&[kind, 1, 1, b'a'], content].concat();
    for clock in 1..count {
        body.extend([&[0x80 | kind, 1], &*number(clock - 1), content].concat());
    }
    structs(count, &body)
}

#[test]
fn what_yjs_writes_is_accepted() {
    let updates = updates();
    assert_eq!(updates.len(), 200);
    for update in updates {
        assert!(validate(update).is_ok_and(|facts| !facts.empty), "{update:?}");
        assert!(normalize(update).is_ok_and(|(eased, _)| *eased == *update));
    }
}

#[test]
fn what_yrs_writes_is_accepted() {
    let doc = document();
    let mut updates = Vec::new();
    for round in 0..20 {
        let mut txn = doc.transact_mut();
        let text = txn.get_or_insert_text("text");
        text.insert(&mut txn, 0, "😀 ß");
        let bold = [(Arc::from("bold"), Any::from(round % 2 == 0))];
        text.format(&mut txn, 0, 2, bold.into_iter().collect());
        let map = txn.get_or_insert_map("map");
        let inner = map.insert(&mut txn, format!("{}", round % 3), MapPrelim::default());
        inner.insert(&mut txn, "value", Any::from(vec![Any::Undefined, Any::Null, 1.5.into(), i64::MAX.into()]));
        inner.insert(&mut txn, "text", TextPrelim::new("nested"));
        let xml = txn.get_or_insert_xml_fragment("xml");
        xml.insert(&mut txn, 0, XmlElementPrelim::empty("p"));
        text.remove_range(&mut txn, 1, 3);
        updates.push(txn.encode_update_v1());
    }
    let merged = merge_updates_v1(updates.iter().step_by(2)).expect("they can be merged");
    let vector = encode_state_vector_from_update_v1(&updates[0]).expect("it has one");
    let diff = diff_updates_v1(&encode(&doc), &vector).expect("it can be compared");
    updates.extend([merged, diff, encode(&doc), Update::EMPTY_V1.into()]);
    for update in updates {
        assert!(validate(&update).is_ok(), "{update:?}: {:?}", validate(&update));
    }
}

#[test]
fn an_update_that_brings_nothing_is_empty() {
    assert_eq!(validate(&[0, 0]), Ok(Facts { empty: true, ..Facts::default() }));
    let skip = validate(&structs(1, &[10, 5])).expect("a skip is well-formed");
    assert!(skip.empty);
    assert_eq!((skip.structs, skip.skips), (1, 1));
    assert!(validate(&[0, 1, 5, 0]).is_ok_and(|facts| facts.empty), "a client without deletions");
    assert!(validate(&[0, 1, 5, 1, 0, 1]).is_ok_and(|facts| !facts.empty && facts.deletes == 1));
    assert!(validate(&structs(1, &[0, 5])).is_ok_and(|facts| !facts.empty));
}

#[test]
fn an_update_cut_short_anywhere_is_refused() {
    for update in updates().into_iter().step_by(5) {
        for end in 0..update.len() {
            let error = validate(&update[..end]).expect_err("it is cut short");
            // Within a string or number that runs into the end it can look otherwise.
            assert!(error.at() <= end, "{error}");
        }
        assert_eq!(problem(&[update, &[0]].concat()), Problem::Trailing);
    }
    assert_eq!(validate(&[]).expect_err("it is empty").to_string(), "the update is truncated at byte 0");
    assert_eq!(problem(&[0]), Problem::Truncated);
}

#[test]
fn lengths_above_the_bytes_that_are_left_are_refused() {
    let huge = number(MAX_CLIENT);
    let bomb = |before: &[u8]| problem(&[before, &huge, &[0; 8]].concat());
    assert_eq!(bomb(&[]), Problem::Truncated, "clients");
    assert_eq!(bomb(&[1]), Problem::Truncated, "structs");
    assert_eq!(bomb(&[0]), Problem::Truncated, "clients of the delete set");
    assert_eq!(bomb(&[0, 1, 1]), Problem::Truncated, "ranges");
    for content in
        [&[4u8, 1][..], &[4, 1, 1, b'a'], &[3, 1, 1, b'a'], &[5, 1, 1, b'a'], &[6, 1, 1, b'a'], &[8, 1, 1, b'a']]
    {
        assert_eq!(bomb(&[&[1, 1, 1, 0], content].concat()), Problem::Truncated, "{content:?}");
    }
    for kind in [119, 118, 117, 116] {
        assert_eq!(bomb(&[1, 1, 1, 0, 8, 1, 1, b'a', 1, kind]), Problem::Truncated, "value {kind}");
    }
}

#[test]
fn numbers_have_one_form_and_fit() {
    assert_eq!(problem(&[0x80, 0, 0]), Problem::Number, "not the shortest");
    assert_eq!(problem(&[0xff; 20]), Problem::Number, "too long");
    let client = |id: u64| [&[1, 1], &*number(id), &[0, 0, 1, 0]].concat();
    assert!(validate(&client(MAX_CLIENT)).is_ok());
    assert_eq!(problem(&client(MAX_CLIENT + 1)), Problem::Client);
    assert_eq!(problem(&client(u64::MAX)), Problem::Client);
    let integer = |bytes: &[u8]| validate(&value(&[&[125], bytes].concat())).map_err(super::UpdateError::problem);
    assert!(integer(&[0x40]).is_ok(), "-0");
    assert!(integer(&[0xbf, 0x80, 0x80, 0x80, 0x80, 0x80, 0x1f]).is_ok());
    assert_eq!(integer(&[0xbf; 12]), Err(Problem::Number));
}

#[test]
fn clocks_end_where_yrs_counts_no_further() {
    let gc = |clock: u64, len: u64| [&[1, 1, 1], &*number(clock), &[0], &number(len), &[0]].concat();
    let max = u64::from(MAX_CLOCK);
    assert!(validate(&gc(0, max)).is_ok());
    assert!(validate(&gc(max - 1, 1)).is_ok());
    assert_eq!(problem(&gc(max, 1)), Problem::Clock);
    assert_eq!(problem(&gc(1, max)), Problem::Clock);
    assert_eq!(problem(&gc(0, 1 << 31)), Problem::Clock);
    assert_eq!(problem(&gc(0, 1 << 40)), Problem::Clock);
    let delete = |clock: u64, len: u64| [&[0, 1, 1, 1], &*number(clock), &number(len)].concat();
    assert!(validate(&delete(max - 1, 1)).is_ok());
    assert_eq!(problem(&delete(max, 1)), Problem::Clock);
    // Many that fit alone.
    let halves = structs(3, &[&[0], &*number(max / 2), &[0], &number(max / 2), &[0], &number(max / 2)].concat());
    assert_eq!(problem(&halves), Problem::Clock);
}

#[test]
fn parts_come_once_in_order_and_are_not_empty() {
    assert_eq!(problem(&[2, 1, 5, 0, 0, 1, 1, 5, 1, 0, 1, 0]), Problem::ClientTwice);
    assert_eq!(problem(&[0, 3, 5, 1, 0, 1, 4, 1, 0, 1, 5, 1, 1, 1]), Problem::ClientTwice);
    assert!(validate(&[2, 1, 4, 0, 0, 1, 1, 5, 0, 0, 1, 0]).is_ok(), "clients in any order");
    assert_eq!(problem(&[1, 0, 1, 0, 0, 0]), Problem::Empty, "a client without structs");
    assert_eq!(problem(&structs(1, &[0, 0])), Problem::Empty);
    assert_eq!(problem(&structs(1, &[10, 0])), Problem::Empty);
    assert_eq!(problem(&item(4, &[0])), Problem::Empty);
    assert_eq!(problem(&item(8, &[0])), Problem::Empty);
    assert_eq!(problem(&item(1, &[0])), Problem::Empty);
    assert_eq!(problem(&[0, 1, 1, 1, 3, 0]), Problem::Empty);
    assert_eq!(problem(&[0, 1, 1, 2, 5, 2, 0, 2]), Problem::DeleteOrder);
    assert_eq!(problem(&[0, 1, 1, 2, 0, 3, 2, 2]), Problem::DeleteOrder);
    assert!(validate(&[0, 1, 1, 2, 0, 3, 3, 2]).is_ok(), "ranges that touch");
}

#[test]
fn what_a_room_or_yrs_does_not_have_is_refused() {
    let subdocument = validate(&item(9, &[1, b'x', 118, 0])).expect_err("it is refused");
    assert_eq!(subdocument.problem(), Problem::Subdocument);
    assert_eq!(subdocument.to_string(), "the update has a subdocument at byte 4: a room keeps none");
    assert_eq!(problem(&item(2, &[1, 1, b'1'])), Problem::OldJson);
    assert_eq!(problem(&item(7, &[5, 1, b'h'])), Problem::XmlHook);
    for (kind, content) in [(7, &[3, 1, b'p'][..]), (7, &[0]), (7, &[6]), (3, &[1, 0]), (6, &[1, b'b', 1, b'1'])] {
        assert!(validate(&item(kind, content)).is_ok(), "{kind} {content:?}");
    }
    for kind in [7, 8, 9, 10, 15, 0x83] {
        assert_eq!(problem(&item(7, &[kind, 0])), Problem::Type);
    }
    // A move, what comes after it, and those with the bit that yrs ignores.
    for kind in [11, 12, 15, 0x10, 0x14, 0x18, 0x1f] {
        assert_eq!(problem(&item(kind, &[1, 0])), Problem::Content);
    }
    assert_eq!(problem(&structs(1, &[0x20, 1, 1, b'a', 1])), Problem::Content, "a collected range has no parent");
    assert_eq!(problem(&structs(1, &[4, 2, 1, b'a', 1, b'x'])), Problem::Parent);
    for kind in [0, 30, 115, 128, 255] {
        assert_eq!(problem(&value(&[kind])), Problem::Value);
    }
    assert_eq!(problem(&item(4, &[2, 0xc3, 0x28])), Problem::Utf8);
    assert_eq!(problem(&item(4, &[3, 0xed, 0xa0, 0xbd])), Problem::Utf8, "half a surrogate pair");
}

#[test]
fn values_nest_as_deep_as_allowed_and_no_deeper() {
    let arrays = |depth: usize| value(&[[117, 1].repeat(depth), vec![127]].concat());
    let maps = |depth: usize| value(&[[118, 1, 0].repeat(depth), vec![127]].concat());
    let json = |depth: usize| embed(&("[".repeat(depth) + &"]".repeat(depth)));
    let objects = |depth: usize| embed(&(r#"{"":"#.repeat(depth) + "1" + &"}".repeat(depth)));
    for deep in [arrays(MAX_DEPTH), maps(MAX_DEPTH), json(MAX_DEPTH), objects(MAX_DEPTH)] {
        assert!(validate(&deep).is_ok());
        let doc = document();
        apply(&doc, &deep);
        assert!(validate(&encode(&doc)).is_ok());
    }
    for deeper in [MAX_DEPTH + 1, 127, 128, 100_000] {
        for update in [arrays(deeper), maps(deeper), json(deeper), objects(deeper)] {
            assert_eq!(problem(&update), Problem::Depth, "{deeper}");
        }
    }
}

#[test]
fn json_is_refused_where_yrs_can_not_read_it() {
    for json in ["null", "true", "-0", "1.5e3", "100000000000000000000", r#""\ud83d\ude00""#, r#"{"a":[{}]}"#, " 1 "] {
        assert!(validate(&embed(json)).is_ok(), "{json}");
    }
    // Half a surrogate pair and 2^63 are what `JSON.stringify` may write and yrs can't read.
    for json in ["", "undefined", "nul", "1 2", "[1,]", "1e999", r#""\ud83d""#, "9223372036854775808", "{1:2}", "'a'"] {
        assert_eq!(problem(&embed(json)), Problem::Json, "{json}");
        assert!(Update::decode_v1(&embed(json)).is_err(), "{json}: yrs reads it by now");
    }
}

#[test]
fn many_clients_pass_unless_their_ids_collide() {
    let update = |ids: &dyn Fn(u64) -> u64| {
        let clients = (0..20_000).flat_map(|n| [&[1], &*number(ids(n)), &[0, 0, 1]].concat());
        number(20_000).into_iter().chain(clients).chain([0]).collect::<Vec<_>>()
    };
    assert!(validate(&update(&|n| n)).is_ok_and(|facts| facts.clients == 20_000));
    assert!(validate(&update(&|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32)).is_ok(), "random ids");
    assert_eq!(problem(&update(&|n| n << 20)), Problem::Clients);
}

#[test]
fn pieces_are_joined_when_yrs_would_take_too_much_memory() {
    let few = pieces(1_000, 4, b"\x01x");
    assert!(normalize(&few).is_ok_and(|(eased, _)| *eased == *few));
    let update = pieces(20_000, 4, b"\x01x");
    assert!(validate(&update).is_ok_and(|facts| facts.joining > MAX_JOINING));
    let (joined, facts) = normalize(&update).expect("it is accepted");
    assert_eq!((facts.structs, facts.joining), (1, 0));
    let doc = document();
    apply(&doc, &joined);
    assert_eq!(doc.get_or_insert_text("a").get_string(&doc.transact()), "x".repeat(20_000));

    let update = pieces(3_000, 8, &[1, 127]);
    assert!(normalize(&update).is_ok_and(|(_, facts)| facts.structs == 1));
    // A list of so many values is too heavy to be joined to few pieces.
    assert_eq!(normalize(&pieces(300_000, 8, &[1, 127])).expect_err("it is refused").problem(), Problem::TooManyPieces);
}

#[test]
fn joined_pieces_say_what_the_pieces_said() {
    for update in updates() {
        let joined = super::join::join(update).expect("it is well-formed");
        assert!(validate(&joined).is_ok_and(|facts| facts.joining == 0), "{update:?}");
        let (one, other) = (document(), document());
        apply(&one, update);
        apply(&other, &joined);
        if one.transact().has_missing_updates() {
            continue;
        }
        // The keys of an object come in any order.
        let (one, other) = (encode(&one), encode(&other));
        assert_eq!((one.len(), validate(&one)), (other.len(), validate(&other)), "{update:?}");
    }
}

#[test]
fn a_hole_is_seen_before_yrs_makes_one() {
    let item = |clock: u8| [1, 1, 1, clock, 4, 1, 1, b'a', 1, b'x', 0];
    let leaves = |doc: &Doc, update: &[u8]| {
        let inserted = Update::decode_v1(update).expect("it can be decoded").insertions(true);
        has_gap(&inserted, &doc.transact().state_vector())
    };
    let doc = document();
    assert!(leaves(&doc, &item(1)));
    assert!(!leaves(&doc, &item(0)));
    apply(&doc, &item(0));
    assert!(!leaves(&doc, &item(0)));
    assert!(!leaves(&doc, &item(1)));
    assert!(leaves(&doc, &item(2)));
    // Two collected ranges with a skip between them, before what is known and after.
    assert!(leaves(&doc, &structs(3, &[0, 1, 10, 1, 0, 1])));
    apply(&doc, &item(1));
    assert!(!leaves(&doc, &structs(3, &[0, 1, 10, 1, 0, 1])));
    // What it is for: should yrs come to take this, there is no need to wait any more.
    let holed = document();
    apply(&holed, &item(5));
    assert!(leaves(&document(), &item(5)));
    let range = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| apply(&holed, &structs(1, &[0, 20]))));
    assert!(range.is_err() || validate(&encode(&holed)).is_err());
}

#[test]
fn base64_is_that_of_browsers() {
    assert_eq!(decode_base64("AAECAw=="), Ok(vec![0, 1, 2, 3]));
    assert_eq!(decode_base64(""), Ok(Vec::new()));
    assert_eq!(encode_base64(&[0xfb, 0xff, 0]), "+/8A");
    for text in ["AAECAw", "AAECAw=", "-_8A", "AAEC Aw==", "AAECAw==\n", "A", "AB==", "AAECAw==AAAA", "é"] {
        assert!(decode_base64(text).is_err_and(|error| error.problem() == Problem::Base64), "{text}");
    }
    assert_eq!(
        decode_base64("AA-A").expect_err("it is URL-safe").to_string(),
        "the update is not standard base64 with padding, at character 2"
    );
}

/// A small generator of random numbers, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn mutate(random: &mut Random, updates: &[&[u8]]) -> Vec<u8> {
    let mut update = updates[random.below(updates.len())].to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(update.len());
        match random.below(5) {
            0 => update[at] ^= 1 << random.below(8),
            1 => update[at] = update[at].wrapping_add(1),
            2 => update[at] = [0, 1, 4, 10, 0x7f, 0x80, 0xff][random.below(7)],
            3 => update.insert(at, random.below(256) as u8),
            _ if update.len() > 1 => drop(update.remove(at)),
            _ => {}
        }
    }
    update
}

#[test]
fn yrs_takes_whatever_passes() {
    let updates: Vec<_> = updates().into_iter().filter(|update| update.len() < 400).collect();
    let mut random = Random(1);
    let mut passed = 0;
    for _ in 0..6_000 {
        let update = mutate(&mut random, &updates);
        if validate(&update).is_err() {
            continue;
        }
        let Ok((update, _)) = normalize(&update) else { continue };
        passed += 1;
        assert!(validate(&super::join::join(&update).expect("it is well-formed")).is_ok(), "{update:?}");
        let base = updates[random.below(updates.len())];
        let doc = document();
        for update in [base, &*update, base] {
            let state = doc.transact().state_vector();
            if !has_gap(&Update::decode_v1(update).expect("it can be decoded").insertions(true), &state) {
                apply(&doc, update);
            }
        }
        let encoded = encode(&doc);
        apply(&document(), &encoded);
        let merged = merge_updates_v1([&update, base]).expect("both can be decoded");
        assert!(validate(&merged).is_ok(), "{update:?}");
        let txn = doc.transact();
        for (_, root) in txn.root_refs() {
            root.to_json(&txn);
        }
    }
    assert!(passed > 300, "{passed} of them say little");
}

/// An update of as many clients, each of which puts a letter after that of the one before; `ids` says who they are.
fn chain(ids: &[u64]) -> Vec<u8> {
    let mut sections: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(index, id)| {
            let letter = b'a' + u8::try_from(index % 26).expect("it is a letter");
            let item = match index.checked_sub(1) {
                None => vec![4, 1, 1, b't', 1, letter],
                Some(before) => [&[0x84], &*number(ids[before]), &[0, 1, letter]].concat(),
            };
            (*id, [&[1], &*number(*id), &[0], &*item].concat())
        })
        .collect();
    sections.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    let sections: Vec<u8> = sections.into_iter().flat_map(|(_, section)| section).collect();
    [&*number(ids.len() as u64), &*sections, &[0]].concat()
}

#[test]
fn an_update_of_many_clients_is_parted_so_that_each_part_depends_on_those_before() {
    let text = |doc: &Doc| doc.get_or_insert_text("t").get_string(&doc.transact());
    let ascending: Vec<u64> = (1..=5_000).collect();
    let mut mixed = ascending.clone();
    let mut random = Random(3);
    (1..mixed.len()).for_each(|index| mixed.swap(index, random.below(index + 1)));
    for ids in [ascending.clone(), ascending.into_iter().rev().collect(), mixed] {
        let update = chain(&ids);
        let Batches { parts, rest } = batches(&update, &StateVector::default()).expect("it is well-formed");
        assert_eq!((parts.len(), rest), (3, None));
        let doc = document();
        for part in &parts {
            assert!(validate(part).expect("it is well-formed").clients as usize <= MAX_CLIENTS);
            apply(&doc, part);
            assert!(!doc.transact().has_missing_updates());
        }
        let expected: String = (0..5_000_u32).map(|index| char::from(b'a' + (index % 26) as u8)).collect();
        assert_eq!(text(&doc), expected);
        // Of what it begins with there is nothing, so all the rest waits.
        let headless =
            diff_updates_v1(&update, &encode_state_vector_from_update_v1(&chain(&ids[..1])).expect("it has one"));
        let headless = headless.expect("it can be compared");
        let Batches { parts, rest } = batches(&headless, &StateVector::default()).expect("it is well-formed");
        assert!(parts.iter().all(|part| validate(part).is_ok_and(|facts| facts.empty)));
        assert_eq!(validate(&rest.expect("all of it")).expect("it is well-formed").clients, 4_999);
        // And with it, all of it is there.
        let doc = document();
        apply(&doc, &chain(&ids[..1]));
        let Batches { parts, rest } = batches(&headless, &doc.transact().state_vector()).expect("it is well-formed");
        assert_eq!(rest, None);
        parts.iter().for_each(|part| apply(&doc, part));
        assert_eq!(text(&doc), expected);
    }
}

#[test]
fn what_depends_on_itself_in_a_circle_is_no_part() {
    // Two clients, each of whose letters is after that of the other; and a third that is well.
    let update = [3, 1, 3, 0, 4, 1, 1, b't', 1, b'c', 1, 2, 0, 0x84, 1, 0, 1, b'b', 1, 1, 0, 0x84, 2, 0, 1, b'a', 0];
    assert!(validate(&update).is_ok());
    let Batches { parts, rest } = batches(&update, &StateVector::default()).expect("it is well-formed");
    assert_eq!(parts, [[1, 1, 3, 0, 4, 1, 1, b't', 1, b'c', 0]]);
    assert_eq!(validate(&rest.expect("the other two")).map(|facts| facts.clients), Ok(2));
}

#[test]
fn clients_that_depend_on_each_other_in_turn_are_taken_whole() {
    let one = document();
    typing().iter().for_each(|edit| apply(&one, edit));
    let whole = encode(&one);
    let Batches { parts, rest } = batches(&whole, &StateVector::default()).expect("it is well-formed");
    assert_eq!(rest, None);
    let other = document();
    parts.iter().for_each(|part| apply(&other, part));
    assert!(!other.transact().has_missing_updates());
    assert_eq!(encode(&other), whole);
}

#[test]
fn structs_beyond_a_hole_are_no_part() {
    // A collected range at 0 and another one at 2.
    let update = structs(3, &[0, 1, 10, 1, 0, 1]);
    let beyond = vec![1, 1, 1, 2, 0, 1, 0];
    let Batches { parts, rest } = batches(&update, &StateVector::default()).expect("it is well-formed");
    assert_eq!((parts, rest), (vec![structs(2, &[0, 1, 10, 1])], Some(beyond)));
    let known = [(ClientID::new(1), 2)].into_iter().collect();
    let Batches { parts, rest } = batches(&update, &known).expect("it is well-formed");
    assert_eq!((parts, rest), (vec![update], None));
}

#[test]
fn nesting_is_counted_through_neighbours_and_over_clients() {
    assert_eq!(nesting(&structs(1, &[7, 1, 1, b'a', 0])), Ok(1));
    assert_eq!(nesting(&structs(2, &[7, 1, 1, b'a', 0, 7, 1, 1, b'a', 0])), Ok(1));
    assert_eq!(nesting(&structs(2, &[7, 1, 1, b'a', 0, 7, 0, 1, 0, 0])), Ok(2));
    // In the first, text, and after it an array.
    assert_eq!(nesting(&structs(3, &[7, 1, 1, b'a', 2, 4, 0, 1, 0, 2, b'h', b'i', 0x87, 1, 2, 0])), Ok(2));
    // In one of another client, of which nothing is here but one of a third.
    let over = [2, 1, 2, 0, 7, 0, 1, 5, 0, 1, 1, 5, 7, 0, 9, 0, 0, 0];
    assert_eq!(nesting(&over), Ok(2));
    // In each other, which no client writes.
    assert!(nesting(&[2, 1, 2, 0, 7, 0, 1, 0, 0, 1, 1, 0, 7, 0, 2, 0, 0, 0]).is_ok());
    for update in updates() {
        assert!(nesting(update).is_ok_and(|depth| depth < 10), "{update:?}");
    }
}

#[test]
fn a_text_that_was_edited_in_its_middle_is_not_taken_for_pieces_that_are_joined() {
    let doc = document();
    let t = doc.get_or_insert_text("t");
    t.insert(&mut doc.transact_mut(), 0, &"x".repeat(2_000_000));
    for place in 1..100 {
        t.insert(&mut doc.transact_mut(), place * 20_000, "y");
    }
    let update = encode(&doc);
    assert!(validate(&update).is_ok_and(|facts| facts.joining > MAX_JOINING));
    assert!(normalize(&update).is_ok_and(|(eased, _)| *eased == *update));
}

#[test]
fn a_whole_document_is_trimmed_to_what_another_lacks() {
    let (one, other) = (document(), document());
    let text = |doc: &Doc| doc.get_or_insert_text("t");
    for round in 0..20 {
        let t = text(&one);
        t.insert(&mut one.transact_mut(), round, "some text");
        t.remove_range(&mut one.transact_mut(), round / 2, 3);
    }
    let shared = encode(&one);
    apply(&other, &shared);
    let known = other.transact().state_vector();
    let deleted = || other.transact().snapshot().delete_set;
    let trimmed = trim(&shared, &known, deleted).expect("it is well-formed").expect("it repeats");
    assert_eq!(trimmed, [0, 0], "nothing is new");
    let edit = {
        let t = text(&one);
        let mut transaction = one.transact_mut();
        t.insert(&mut transaction, 0, "new");
        transaction.encode_update_v1()
    };
    assert_eq!(trim(&edit, &known, deleted), Ok(None), "an edit is no whole document");
    let trimmed = trim(&encode(&one), &known, deleted).expect("it is well-formed").expect("it repeats");
    assert!(validate(&trimmed).is_ok() && trimmed.len() < 100, "{trimmed:?}");
    apply(&other, &trimmed);
    assert_eq!(other.transact().snapshot(), one.transact().snapshot());
    for update in updates() {
        let expected = Update::decode_v1(update).expect("it can be decoded").state_vector();
        assert_eq!(state(update), Ok(expected));
    }
}

/// Edits of several clients that type into one text, and delete again.
fn typing() -> Vec<Vec<u8>> {
    let clients: Vec<_> = [3, 70_000, 9].map(Doc::with_client_id).into();
    let mut edits = Vec::new();
    for turn in 0..60_u32 {
        let client = &clients[turn as usize % 3];
        let text = client.get_or_insert_text("text");
        let mut transaction = client.transact_mut();
        let length = text.len(&transaction);
        if turn % 5 == 4 {
            text.remove_range(&mut transaction, length / 2, 2);
        } else {
            text.insert(&mut transaction, (turn * 7) % (length + 1), "ab");
        }
        let edit = transaction.encode_update_v1();
        drop(transaction);
        clients.iter().for_each(|client| apply(client, &edit));
        edits.push(edit);
    }
    edits
}

#[test]
fn edits_put_side_by_side_say_what_they_say_one_after_another() {
    let edits = typing();
    for size in [1, 2, 3, 8, 60] {
        let (one_by_one, grouped) = (Doc::new(), Doc::new());
        for group in edits.chunks(size) {
            group.iter().for_each(|edit| apply(&one_by_one, edit));
            let updates: Vec<_> = group.iter().map(Vec::as_slice).collect();
            let pieces = MergedUpdate::new(&updates).expect("they are well-formed");
            let merged = pieces.merge(&(0..updates.len()).collect::<Vec<_>>()).expect("they follow each other");
            validate(&merged).expect("it is well-formed");
            apply(&grouped, &merged);
        }
        assert_eq!(encode(&grouped), encode(&one_by_one), "in groups of {size}");
    }
}

#[test]
fn edits_that_do_not_follow_each_other_are_not_put_side_by_side() {
    let edits = typing();
    let of_one: Vec<_> = edits.iter().step_by(3).take(4).map(Vec::as_slice).collect();
    let pieces = MergedUpdate::new(&of_one).expect("they are well-formed");
    assert!(pieces.merge(&[0, 1, 2]).is_some());
    assert!(pieces.merge(&[2, 1]).is_some(), "in whatever order");
    assert_eq!(pieces.merge(&[0, 2]), None, "one is missing");
    assert_eq!(pieces.merge(&[1, 1]), None, "one comes twice");
}

#[test]
fn deletions_of_several_edits_are_joined() {
    let deletion = |ranges: &[(u64, u64)]| {
        let written: Vec<_> = ranges.iter().flat_map(|(at, len)| [number(*at), number(*len)].concat()).collect();
        [&[0, 1, 5], &*number(ranges.len() as u64), &*written].concat()
    };
    let (one, other) = (deletion(&[(0, 2), (9, 1)]), deletion(&[(1, 3), (5, 1)]));
    let merged = MergedUpdate::new(&[&one, &other]).expect("they are well-formed").merge(&[0, 1]);
    assert_eq!(merged, Some(deletion(&[(0, 4), (5, 1), (9, 1)])));
}

/// Run it with `--release --ignored --nocapture`: the comments on what is not left to `yrs` have its figures.
#[test]
#[ignore = "it measures"]
fn own_functions_are_compared_with_those_of_yrs() {
    fn measure<T>(name: &str, times: u32, run: impl Fn() -> T) {
        let best = (0..5).map(|_| {
            let start = std::time::Instant::now();
            (0..times).for_each(|_| drop(std::hint::black_box(run())));
            start.elapsed() / times
        });
        println!("{name}: {:?}", best.min().expect("it ran"));
    }
    /// Edits of two clients in turn, each of so many words.
    fn edits(count: usize, words: usize, word: &str) -> Vec<Vec<u8>> {
        let clients = [3, 70_000].map(Doc::with_client_id);
        let mut edits = Vec::new();
        for turn in 0..count {
            let text = clients[turn % 2].get_or_insert_text("text");
            let mut transaction = clients[turn % 2].transact_mut();
            (0..words).for_each(|at| text.insert(&mut transaction, at as u32 / 2, word));
            text.remove_range(&mut transaction, 0, 1);
            let edit = transaction.encode_update_v1();
            drop(transaction);
            clients.iter().for_each(|client| apply(client, &edit));
            edits.push(edit);
        }
        edits
    }
    let megabyte = "x".repeat(1_000_000);
    for (name, times, edits) in [
        ("30 B", 2_000, edits(8, 1, "ab")),
        ("1 KB", 500, edits(8, 70, "ab")),
        ("1 MB of items", 3, edits(2, 50_000, "ab")),
        ("1 MB of text", 3, edits(2, 1, &megabyte)),
    ] {
        println!("{name}: {} updates of up to {} bytes", edits.len(), edits.iter().map(Vec::len).max().expect("one"));
        let group: Vec<_> = edits.iter().map(Vec::as_slice).collect();
        let all: Vec<_> = (0..group.len()).collect();
        measure("merge, own", times, || MergedUpdate::new(&group).expect("they are well-formed").merge(&all));
        measure("merge, yrs", times, || merge_updates_v1(&group).expect("they can be merged"));
        let doc = document();
        edits.iter().for_each(|edit| apply(&doc, edit));
        let whole = encode(&doc);
        let known = doc.transact().state_vector();
        let vector = write_vector(&known);
        measure("trim, own", times, || trim(&whole, &known, || doc.transact().snapshot().delete_set));
        measure("diff, yrs", times, || diff_updates_v1(&whole, &vector).expect("it can be compared"));
        measure("state, own", times, || state(&whole));
        measure("state, yrs", times, || encode_state_vector_from_update_v1(&whole).expect("it has one"));
        measure("read_vector, own", times, || read_vector(&vector, &known));
        measure("read_vector, yrs", times, || StateVector::decode_v1(&vector));
    }
}
