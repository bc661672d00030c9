//! The parts of an update that are applied, that wait, and that are news.

use yrs::{
    Doc, GetString as _, OffsetKind, Options, ReadTxn as _, StateVector, Text as _, Transact as _, Update,
    XmlElementPrelim, XmlFragment as _, XmlTextPrelim, block::ClientID, merge_updates_v1,
    updates::decoder::Decode as _,
};

use crate::{
    document::{Document, Storage as _, StoreError, Yrs},
    testing::Database,
    update::lib0::write_number,
};

/// A client that has this id.
fn client(id: u64) -> Doc {
    Doc::with_options(Options { client_id: ClientID::new(id), offset_kind: OffsetKind::Utf16, ..Options::default() })
}

fn insert(doc: &Doc, at: u32, text: &str) -> Vec<u8> {
    let t = doc.get_or_insert_text("t");
    let mut transaction = doc.transact_mut();
    t.insert(&mut transaction, at, text);
    transaction.encode_update_v1()
}

fn remove(doc: &Doc, at: u32, len: u32) -> Vec<u8> {
    let t = doc.get_or_insert_text("t");
    let mut transaction = doc.transact_mut();
    t.remove_range(&mut transaction, at, len);
    transaction.encode_update_v1()
}

fn apply(doc: &Doc, update: &[u8]) {
    doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
}

fn all_of(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

/// The text that a document shows, whatever waits.
fn text(update: &[u8]) -> String {
    let doc = client(1000);
    apply(&doc, update);
    doc.get_or_insert_text("t").get_string(&doc.transact())
}

/// A room's document, read back before each step if its room sleeps in between.
struct Subject {
    host: Database,
    document: Box<dyn Document>,
    sleeps: bool,
}

impl Subject {
    fn new(sleeps: bool) -> Self {
        let host = Database::new();
        Self { document: open(&host), host, sleeps }
    }

    fn document(&mut self) -> &mut dyn Document {
        if self.sleeps {
            self.document = open(&self.host);
        }
        &mut *self.document
    }

    /// The news of an update.
    fn store(&mut self, update: &[u8]) -> Option<Vec<u8>> {
        store(self.document(), update)
    }

    fn text(&mut self) -> String {
        text(&self.document().encode_state(0).unwrap())
    }
}

fn store(document: &mut dyn Document, update: &[u8]) -> Option<Vec<u8>> {
    let admitted = document.validate(update.to_vec()).unwrap().unwrap();
    document.store(0, &[&admitted]).unwrap().remove(0).unwrap()
}

fn open(host: &Database) -> Box<dyn Document> {
    Yrs::open(host.clone().into(), 1_000_000).unwrap()
}

fn awake_and_asleep(scenario: impl Fn(&mut Subject)) {
    scenario(&mut Subject::new(false));
    scenario(&mut Subject::new(true));
}

#[test]
fn what_depends_on_another_clients_change_waits_and_is_not_lost() {
    awake_and_asleep(|subject| {
        let (ada, bob) = (client(1), client(2));
        let first = insert(&ada, 0, "one");
        apply(&bob, &first);
        let second = insert(&bob, 3, " two");
        assert_eq!(subject.store(&second), Some(second.clone()));
        assert_eq!(subject.text(), "");
        assert_eq!(subject.store(&first), Some(first));
        assert_eq!(subject.text(), "one two");
    });
}

#[test]
fn a_deletion_of_what_has_not_come_waits() {
    awake_and_asleep(|subject| {
        let ada = client(1);
        let (first, second) = (insert(&ada, 0, "one two"), remove(&ada, 3, 4));
        assert!(subject.store(&second).is_some());
        assert_eq!(subject.store(&second), None, "it waits already");
        subject.store(&first);
        assert_eq!(subject.text(), "one");
    });
}

#[test]
fn what_is_before_a_hole_is_applied_and_what_is_beyond_waits() {
    awake_and_asleep(|subject| {
        let ada = client(1);
        let updates = [insert(&ada, 0, "a"), insert(&ada, 1, "b"), insert(&ada, 2, "c"), insert(&ada, 3, "d")];
        let holed = merge_updates_v1([&updates[0], &updates[2]]).unwrap();
        assert_eq!(subject.store(&holed), Some(holed.clone()));
        assert_eq!(subject.text(), "a");
        assert_eq!(subject.store(&holed), None);
        // With more that waits, and one that is known.
        let more = merge_updates_v1([&updates[0], &updates[2], &updates[3]]).unwrap();
        let news = subject.store(&more).unwrap();
        assert!(news.len() < more.len(), "{news:?} repeats what is known");
        subject.store(&updates[1]);
        assert_eq!(subject.text(), "abcd");
        assert_eq!(subject.store(&all_of(&ada)), None);
    });
}

#[test]
fn many_that_wait_for_each_other_heal_at_once() {
    awake_and_asleep(|subject| {
        let clients = [client(1), client(2), client(3)];
        let mut updates = Vec::new();
        for turn in 0..60 {
            let update = insert(&clients[turn % 3], turn as u32, &format!("{}", turn % 10));
            clients.iter().enumerate().filter(|(other, _)| *other != turn % 3).for_each(|(_, doc)| apply(doc, &update));
            updates.push(update);
        }
        for update in updates.iter().skip(1).rev() {
            assert_eq!(subject.store(update).as_ref(), Some(update));
        }
        assert_eq!(subject.text(), "");
        subject.store(&updates[0]);
        assert_eq!(subject.text(), "0123456789".repeat(6));
        assert_eq!(subject.store(&all_of(&clients[0])), None);
    });
}

#[test]
fn what_waited_and_does_not_fit_keeps_nobody_from_editing() {
    awake_and_asleep(|subject| {
        // An entry of a map that would be a letter of client 1.
        let bad = [1, 1, 7, 0, 0x24, 0, 1, 0, 1, b'k', 1, b'v', 0];
        assert!(subject.store(&bad).is_some());
        let ada = client(1);
        let update = insert(&ada, 0, "one");
        assert_eq!(subject.store(&update), Some(update));
        assert!(subject.store(&insert(&ada, 3, " two")).is_some());
        assert_eq!(subject.text(), "one two");
        let again = subject.document().validate(bad.to_vec()).unwrap().unwrap();
        assert_eq!(subject.document().store(0, &[&again]), Ok(vec![Err(StoreError::Inapplicable)]));
    });
}

#[test]
fn what_waits_is_kept_when_the_log_is_folded() {
    let mut subject = Subject::new(true);
    let (ada, bob) = (client(1), client(2));
    let first = insert(&ada, 0, "one");
    apply(&bob, &first);
    let second = insert(&bob, 3, " two");
    let long = client(3);
    subject.store(&second);
    for _ in 0..40 {
        subject.store(&insert(&long, 0, &"x".repeat(4_000)));
        subject.document().maintain(0).unwrap();
    }
    assert_eq!(subject.store(&second), None, "it waits still");
    subject.store(&first);
    assert!(subject.text().contains("one two"));
}

#[test]
fn an_edit_is_news_as_its_client_wrote_it_and_a_whole_document_as_what_it_brings() {
    awake_and_asleep(|subject| {
        let ada = client(1);
        let long = insert(&ada, 0, &"x".repeat(1_000));
        assert_eq!(subject.store(&long), Some(long.clone()));
        insert(&ada, 5, "y");
        let news = subject.store(&all_of(&ada)).unwrap();
        assert!(news.len() < 50, "{} bytes for a letter", news.len());
        assert_eq!(subject.store(&news), None);
        assert_eq!(subject.store(&all_of(&ada)), None);
    });
}

#[test]
fn the_rooms_own_edits_count_as_known() {
    let mut subject = Subject::new(false);
    let ada = client(1);
    subject.store(&insert(&ada, 0, "one"));
    let doc = subject.document().doc(0).unwrap().downcast_ref::<Doc>().unwrap();
    let update = insert(doc, 3, " two");
    subject.document().append(0, update.clone()).unwrap();
    apply(&ada, &update);
    assert_eq!(subject.store(&all_of(&ada)), None);
    let third = insert(&ada, 7, " three");
    assert_eq!(subject.store(&third), Some(third));
    assert_eq!(subject.text(), "one two three");
}

#[test]
fn an_edit_of_the_room_beyond_the_limit_is_refused() {
    let mut document = Yrs::open(Database::new().into(), 1_000).unwrap();
    let update = insert(document.doc(0).unwrap().downcast_ref().unwrap(), 0, &"x".repeat(2_000));
    assert!(matches!(document.append(0, update), Err(StoreError::TooBig { limit: 1_000, .. })));
}

/// An update of client 1 that puts an array into the one of the clock before, `count` times from a clock on.
fn nested(from: u32, count: u32) -> Vec<u8> {
    let mut update = vec![1];
    write_number(&mut update, count.into());
    update.push(1);
    write_number(&mut update, from.into());
    for clock in from..from + count {
        match clock.checked_sub(1) {
            None => update.extend([7, 1, 1, b'a', 0]),
            Some(outer) => {
                update.extend([7, 0, 1]);
                write_number(&mut update, outer.into());
                update.push(0);
            }
        }
    }
    update.push(0);
    update
}

#[test]
fn shared_types_are_nested_only_so_deep_over_many_updates() {
    awake_and_asleep(|subject| {
        for clock in 0..500 {
            if clock % 10 == 0 {
                subject.document();
            }
            assert!(store(&mut *subject.document, &nested(clock, 1)).is_some());
        }
        for count in [1, 1_000] {
            let admitted = subject.document().validate(nested(500, count)).unwrap().unwrap();
            let stored = subject.document().store(0, &[&admitted]).unwrap().remove(0);
            assert_eq!(stored, Err(StoreError::TooDeep { limit: 500 }));
        }
        // All of it can be deleted, and then there is room again.
        assert!(subject.store(&[0, 1, 1, 1, 0, 1]).is_some());
        assert!(subject.store(&insert(&client(2), 0, "goes on")).is_some());
        assert_eq!(subject.text(), "goes on");
    });
}

#[test]
fn shared_types_beside_each_other_are_as_many_as_one_likes() {
    awake_and_asleep(|subject| {
        let xml = |doc: &Doc, count: u32| {
            let root = doc.get_or_insert_xml_fragment("x");
            let mut transaction = doc.transact_mut();
            for _ in 0..count {
                let paragraph = root.push_back(&mut transaction, XmlElementPrelim::empty("p"));
                paragraph.push_back(&mut transaction, XmlTextPrelim::new("text"));
            }
            transaction.encode_update_v1()
        };
        let ada = client(1);
        assert!(subject.store(&xml(&ada, 1_000)).is_some());
        for _ in 0..600 {
            assert!(store(&mut *subject.document, &xml(&ada, 1)).is_some());
        }
        assert_eq!(subject.store(&all_of(&ada)), None);
    });
}

#[test]
fn a_document_may_have_had_any_number_of_clients() {
    let mut subject = Subject::new(false);
    // Each goes on from what the last one wrote, as a client that comes for a moment.
    let id = |session: u64| session * 1_000_003 % 100_000_007;
    for session in 1..=5_000 {
        let mut update = vec![1, 1];
        write_number(&mut update, id(session));
        update.push(0);
        if session == 1 {
            update.extend([4, 1, 1, b't']);
        } else {
            update.push(0x84);
            write_number(&mut update, id(session - 1));
            update.push(0);
        }
        update.extend([1, b'x', 0]);
        assert_eq!(subject.store(&update), Some(update));
        subject.document().maintain(0).unwrap();
    }
    subject.sleeps = true;
    assert_eq!(subject.text(), "x".repeat(5_000));
    let state = subject.document().encode_state(0).unwrap();
    assert_eq!(subject.store(&state), None);
    assert!(Subject::new(true).store(&state).is_some());
}

fn limited(limit: usize) -> Box<dyn Document> {
    Yrs::open(Database::new().into(), limit).unwrap()
}

#[test]
fn a_document_near_the_limit_can_be_joined_by_who_has_it_all() {
    let mut document = limited(100_000);
    let ada = client(1);
    assert!(store(&mut *document, &insert(&ada, 0, &"x".repeat(90_000))).is_some());
    assert_eq!(store(&mut *document, &all_of(&ada)), None);
    insert(&ada, 10, "offline");
    assert!(store(&mut *document, &all_of(&ada)).is_some_and(|news| news.len() < 100));
    assert!(text(&document.encode_state(0).unwrap()).contains("offline"));
}

#[test]
fn of_a_group_that_reaches_the_limit_each_has_the_room_that_folding_makes() {
    let mut document = limited(100_000);
    let ada = client(1);
    for _ in 0..2 {
        assert!(store(&mut *document, &insert(&ada, 0, &"x".repeat(45_000))).is_some());
        assert!(store(&mut *document, &remove(&ada, 0, 45_000)).is_some());
    }
    let updates: Vec<_> = (0..4).map(|_| insert(&ada, 0, &"y".repeat(6_000))).collect();
    let admitted: Vec<_> = updates.iter().map(|update| document.validate(update.clone()).unwrap().unwrap()).collect();
    let results = document.store(0, &admitted.iter().collect::<Vec<_>>()).unwrap();
    assert!(results.into_iter().zip(updates).all(|(result, update)| result == Ok(Some(update))));
    assert_eq!(text(&document.encode_state(0).unwrap()), "y".repeat(24_000));
}

#[test]
fn of_a_group_that_goes_over_the_limit_the_last_are_refused() {
    let mut document = limited(10_000);
    let clients: Vec<_> = (1..=4).map(client).collect();
    let updates: Vec<_> = clients.iter().map(|client| insert(client, 0, &"y".repeat(4_000))).collect();
    let admitted: Vec<_> = updates.iter().map(|update| document.validate(update.clone()).unwrap().unwrap()).collect();
    let results = document.store(0, &admitted.iter().collect::<Vec<_>>()).unwrap();
    let is_stored: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(is_stored, [true, true, false, false]);
    assert!(matches!(results[2], Err(StoreError::TooBig { limit: 10_000, .. })));
    assert_eq!(text(&document.encode_state(0).unwrap()).len(), 8_000);
}

/// An update of a client that puts a letter into a letter of client 1, which is no type.
fn inapplicable(id: u8) -> Vec<u8> {
    vec![1, 2, id, 0, 4, 1, 1, b't', 1, b'z', 4, 0, 1, 0, 1, b'y', 0]
}

#[test]
fn updates_that_do_not_apply_are_rejected_without_loading_the_document_again() {
    let mut subject = Subject::new(false);
    let ada = client(1);
    assert!(subject.store(&insert(&ada, 0, "one")).is_some());
    let good = [insert(&ada, 3, " two"), insert(&ada, 7, " three")];
    let updates = [&good[0], &inapplicable(5), &inapplicable(6), &good[1], &inapplicable(7)];
    let validated: Vec<_> =
        updates.iter().map(|update| subject.document.validate((*update).clone()).unwrap().unwrap()).collect();
    let calls = subject.host.calls();
    let results = subject.document.store(0, &validated.iter().collect::<Vec<_>>()).unwrap();
    let rejected = Err(StoreError::Inapplicable);
    let [one, two] = good.map(|update| Ok(Some(update)));
    assert_eq!(results, [one, rejected.clone(), rejected.clone(), two, rejected]);
    assert_eq!(subject.text(), "one two three");
    assert_eq!(subject.host.calls() - calls, 1, "the two that apply are stored by one statement, and nothing is read");
    let state = subject.document.encode_state(0).unwrap();
    assert_eq!(open(&subject.host).encode_state(0).unwrap(), state, "nothing of the others is applied");
}

#[test]
fn whether_an_update_has_new_changes_is_decided_without_applying_it() {
    let mut subject = Subject::new(false);
    let (ada, bob) = (client(1), client(2));
    assert!(subject.store(&insert(&ada, 0, "one")).is_some());
    let known = all_of(&ada);
    let deletion = remove(&ada, 0, 1);
    insert(&ada, 2, " two");
    apply(&bob, &all_of(&ada));
    let dependent = insert(&bob, 6, "!");
    let state = subject.document.encode_state(0).unwrap();
    let calls = subject.host.calls();
    for _ in 0..3 {
        for (update, is_new) in [(&known, false), (&deletion, true), (&all_of(&ada), true), (&dependent, true)] {
            let update = subject.document.validate(update.clone()).unwrap().unwrap();
            assert_eq!(subject.document.has_new_changes(0, &update), Ok(is_new));
        }
    }
    assert_eq!(subject.host.calls(), calls, "the document is not loaded again");
    assert_eq!(subject.document.encode_state(0).unwrap(), state, "nothing is applied");
    for update in [&dependent, &all_of(&ada)] {
        assert!(subject.store(update).is_some());
        let update = subject.document.validate(update.clone()).unwrap().unwrap();
        assert_eq!(
            subject.document.has_new_changes(0, &update),
            Ok(false),
            "it is stored, whether it is applied or not"
        );
    }
}
