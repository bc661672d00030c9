//! The request by which a client connects.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// The request by which a client connects, as the hook `connect` gets it: the upgrade to a WebSocket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Upgrade {
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    cf: Option<Box<RawValue>>,
}

impl Upgrade {
    /// A request without headers and query, for tests.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Adds a parameter of the query.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets what Cloudflare knows of the request, as JSON; what is none is left out.
    #[must_use]
    pub fn with_cf_json(mut self, cf: Option<String>) -> Self {
        self.cf = cf.and_then(|json| RawValue::from_string(json).ok());
        self
    }

    /// The value of a header, by its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first parameter of the query with this name, decoded. The token is not among them.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The client's address, as Cloudflare tells it.
    #[must_use]
    pub fn ip(&self) -> Option<&str> {
        self.header("cf-connecting-ip")
    }

    /// The part of `request.cf` that a `T` names: the country of the client, for example.
    ///
    /// # Errors
    /// When there is none, or it is no `T`.
    pub fn cf<T: DeserializeOwned>(&self) -> Result<T> {
        let cf = self.cf.as_ref().ok_or_else(|| Error::internal("this request has no `cf`"))?;
        Ok(serde_json::from_str(cf.get())?)
    }
}
