//! The document, as handlers see it.

use std::{any::Any, cell::RefCell, fmt};

use yrs::{Doc, Transact as _, Transaction, TransactionMut};

use super::{
    Context, Core, Handlers,
    outbox::{Outbox, Wish},
};
use crate::{
    contract::HasDocument,
    document::{Usage, has_changed},
    error::{Error, Result},
};

/// A change that a handler makes: runs on a `yrs::Doc`, and gives it as an update.
pub(super) type Change = Box<dyn FnOnce(&dyn Any) -> Option<Vec<u8>>>;

/// The room's document, of which a handler reads and which it edits.
#[derive(Clone, Copy)]
pub struct StorageRef<'a> {
    core: &'a RefCell<Core>,
    outbox: &'a RefCell<Outbox>,
    now: u64,
}

impl<R: Handlers> Context<'_, R> {
    /// The room's document, of a room with `storage = Yrs`.
    #[must_use]
    pub fn storage(&self) -> StorageRef<'_>
    where
        R::Room: HasDocument,
    {
        StorageRef { core: self.core, outbox: &self.outbox, now: self.job.at }
    }
}

impl StorageRef<'_> {
    /// What the document takes of the object's storage. Does not load it.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn usage(&self) -> Result<Usage> {
        Ok(self.core.borrow_mut().usage()?)
    }

    /// Reads the document as it is stored, in one transaction.
    ///
    /// ```ignore
    /// let title = cx.storage().read(|doc| doc.get_text("title").map(|text| text.get_string(doc)))?;
    /// ```
    ///
    /// # Errors
    /// When the document can't be read.
    pub fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> T) -> Result<T> {
        let mut core = self.core.borrow_mut();
        let doc = doc(core.document(self.now)?)?;
        Ok(read(&doc.transact()))
    }

    /// Edits the document, in one transaction that is stored and shown to everyone as a client's edit is. It is made
    /// when the handler has ended well; a read before that does not see it.
    ///
    /// ```ignore
    /// cx.storage().edit(|doc| {
    ///     let title = doc.get_or_insert_text("title");
    ///     title.push(doc, "!");
    /// });
    /// ```
    pub fn edit(&self, edit: impl FnOnce(&mut TransactionMut<'_>) + 'static) {
        let change: Change = Box::new(move |any| {
            let doc = any.downcast_ref::<Doc>()?;
            let mut transaction = doc.transact_mut();
            edit(&mut transaction);
            has_changed(&transaction).then(|| transaction.encode_update_v1())
        });
        self.outbox.borrow_mut().push(Ok(Wish::Edit(change)));
    }
}

fn doc(any: &dyn Any) -> Result<&Doc> {
    any.downcast_ref().ok_or_else(|| Error::internal("this room's document is not of yrs"))
}

impl fmt::Debug for StorageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageRef").finish_non_exhaustive()
    }
}
