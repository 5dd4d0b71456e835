//! [`AnnotationsQuery`]: which annotations are wanted.
//!
//! Spec: RSAN3a.

/// Which annotations of a message are wanted.
///
/// Spec: RSAN3a.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct AnnotationsQuery(Vec<(String, String)>);

impl AnnotationsQuery {
    /// The oldest hundred.
    pub fn new() -> Self {
        Self::default()
    }

    /// So many a page; the server's default is 100 and its maximum 1000.
    pub fn limit(self, n: u32) -> Self {
        self.param("limit", n)
    }

    /// Any other parameter, in place of an earlier one of this name.
    pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        let name = name.into();
        self.0.retain(|(n, _)| *n != name);
        self.0.push((name, value.to_string()));
        self
    }

    pub(crate) fn into_params(self) -> Vec<(String, String)> {
        self.0
    }
}

/// The default query.
impl From<()> for AnnotationsQuery {
    fn from((): ()) -> Self {
        Self::new()
    }
}
