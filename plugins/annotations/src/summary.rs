//! [`SummaryEntry`]: what the annotations of a message add up to.
//!
//! [`Message::summary`] keeps the JSON as it came, and this reads it on demand. How annotations of a
//! type are summed up is known to who chose the type, such as `reaction:distinct.v1`. It is not
//! guessed, so that a way that is supported later changes nothing for those who read JSON today.
//!
//! Spec: TM2q, TM7.

use std::collections::BTreeMap;

use ably_base::{
    ErrorCode, ErrorInfo, JsonText, Message, Str,
    protocol::{Item, Value},
};

/// What the annotations of one type add up to, not looked into yet.
///
/// ```
/// use ably_annotations::SummaryEntry;
/// # use ably_base::JsonText;
/// # let mut message = ably_base::Message::default();
/// # message.summary = Some(JsonText::new(r#"{"like:flag.v1":{"total":1,"clientIds":["ann"]}}"#)?);
/// let summary = SummaryEntry::of(&message)?;
/// if let Some(likes) = summary.get("like:flag.v1") {
///     assert_eq!(likes.flag()?.total, 1);
/// }
/// # Ok::<(), ably_base::ErrorInfo>(())
/// ```
///
/// Spec: TM7, TM7a.
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryEntry(Value);

/// Who has annotated, by name.
pub type SummaryDistinctValues = BTreeMap<Str, SummaryClientIdList>;

/// Who has annotated, by name.
pub type SummaryUniqueValues = BTreeMap<Str, SummaryClientIdList>;

/// Who has annotated and how often, by name.
pub type SummaryMultipleValues = BTreeMap<Str, SummaryClientIdCounts>;

/// Who has annotated.
///
/// Spec: TM7c1.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SummaryClientIdList {
    /// How many clients have.
    pub total: u64,
    /// Which clients have.
    pub client_ids: Vec<Str>,
}

/// Who has annotated and how often.
///
/// Spec: TM7d1.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SummaryClientIdCounts {
    /// The sum of all counts.
    pub total: u64,
    /// The count of each client.
    pub client_ids: BTreeMap<Str, u64>,
    /// The sum of the counts of clients without an id; 0 when the server does not say.
    pub total_unidentified: u64,
}

/// How many annotations there are.
///
/// Spec: TM7e1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SummaryTotal {
    /// The number of annotations.
    pub total: u64,
}

impl SummaryEntry {
    /// The entries of a message by annotation type; none when it has no summary.
    ///
    /// # Errors
    /// - `40013` the summary is not a JSON object.
    pub fn of(message: &Message) -> Result<BTreeMap<Str, Self>, ErrorInfo> {
        match &message.summary {
            None => Ok(BTreeMap::new()),
            Some(text) => by_key(&Value::from_json(text.as_str())?, |value| {
                Ok(Self(value.clone()))
            }),
        }
    }

    /// Of `distinct.v1`: a client counts once for each name.
    ///
    /// # Errors
    /// - `40013` the entry has another form.
    ///
    /// Spec: TM7b1.
    pub fn distinct(&self) -> Result<SummaryDistinctValues, ErrorInfo> {
        by_key(&self.0, client_ids)
    }

    /// Of `unique.v1`: a client counts for one name.
    ///
    /// # Errors
    /// - `40013` the entry has another form.
    ///
    /// Spec: TM7b2.
    pub fn unique(&self) -> Result<SummaryUniqueValues, ErrorInfo> {
        by_key(&self.0, client_ids)
    }

    /// Of `multiple.v1`: a client counts as often as it says, for each name.
    ///
    /// # Errors
    /// - `40013` the entry has another form.
    ///
    /// Spec: TM7b3.
    pub fn multiple(&self) -> Result<SummaryMultipleValues, ErrorInfo> {
        by_key(&self.0, counts)
    }

    /// Of `flag.v1`: a client counts once.
    ///
    /// # Errors
    /// - `40013` the entry has another form.
    ///
    /// Spec: TM7b4.
    pub fn flag(&self) -> Result<SummaryClientIdList, ErrorInfo> {
        client_ids(&self.0)
    }

    /// Of `total.v1`: every annotation counts.
    ///
    /// # Errors
    /// - `40013` the entry has another form.
    ///
    /// Spec: TM7b5.
    pub fn total(&self) -> Result<SummaryTotal, ErrorInfo> {
        let total = count(&item(&self.0)?, "total")?;
        Ok(SummaryTotal { total })
    }

    /// The JSON of the entry, for what has no method here.
    ///
    /// # Errors
    /// - `40013` it is nested deeper than 128.
    pub fn to_json(&self) -> Result<JsonText, ErrorInfo> {
        JsonText::new(self.0.to_json())
    }
}

fn client_ids(value: &Value) -> Result<SummaryClientIdList, ErrorInfo> {
    let entry = item(value)?;
    let Some(Value::List(ids)) = entry.get("clientIds") else {
        return Err(malformed());
    };
    let ids = ids.iter().map(|id| match id {
        Value::Text(id) => Ok(id.clone()),
        _ => Err(malformed()),
    });
    Ok(SummaryClientIdList {
        total: count(&entry, "total")?,
        client_ids: ids.collect::<Result<_, _>>()?,
    })
}

fn counts(value: &Value) -> Result<SummaryClientIdCounts, ErrorInfo> {
    let entry = item(value)?;
    let ids = entry.get("clientIds").ok_or_else(malformed)?;
    Ok(SummaryClientIdCounts {
        total: count(&entry, "total")?,
        client_ids: by_key(ids, number)?,
        total_unidentified: match entry.get("totalUnidentified") {
            None | Some(Value::Null) => 0,
            Some(value) => number(value)?,
        },
    })
}

fn item(value: &Value) -> Result<Item, ErrorInfo> {
    match value {
        Value::Map(fields) => Ok(Item::from_fields(fields.clone())),
        _ => Err(malformed()),
    }
}

fn count(item: &Item, name: &str) -> Result<u64, ErrorInfo> {
    item.get(name).ok_or_else(malformed).and_then(number)
}

fn number(value: &Value) -> Result<u64, ErrorInfo> {
    match value {
        Value::Int(i) => u64::try_from(*i).map_err(|_| malformed()),
        _ => Err(malformed()),
    }
}

/// Reads every value of a map.
fn by_key<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, ErrorInfo>,
) -> Result<BTreeMap<Str, T>, ErrorInfo> {
    let Value::Map(fields) = value else {
        return Err(malformed());
    };
    let entries = fields
        .iter()
        .map(|(key, value)| Ok((key.clone(), read(value)?)));
    entries.collect()
}

fn malformed() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INVALID_DATA,
        400,
        "the summary of a message does not have the expected form",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> SummaryEntry {
        let mut message = Message::default();
        message.summary = Some(JsonText::new(format!("{{\"type\":{json}}}")).unwrap());
        SummaryEntry::of(&message).unwrap().remove("type").unwrap()
    }

    fn list(total: u64, ids: &[&str]) -> SummaryClientIdList {
        let client_ids = ids.iter().map(|id| (*id).into()).collect();
        SummaryClientIdList { total, client_ids }
    }

    #[test]
    fn tm7b1_tm7b2_lists_of_clients_by_name() {
        let entry =
            entry(r#"{"x":{"total":2,"clientIds":["ann","bob"]},"y":{"total":0,"clientIds":[]}}"#);
        let wanted: BTreeMap<Str, _> = [
            ("x".into(), list(2, &["ann", "bob"])),
            ("y".into(), list(0, &[])),
        ]
        .into();
        assert_eq!(entry.distinct().unwrap(), wanted);
        assert_eq!(entry.unique().unwrap(), wanted);
    }

    #[test]
    fn tm7b3_counts_of_clients_by_name() {
        let entry = entry(
            r#"{"x":{"total":7,"clientIds":{"ann":5},"totalUnidentified":2},
                "y":{"total":1,"clientIds":{"bob":1}}}"#,
        );
        let counts = |total, id: &str, count, total_unidentified| SummaryClientIdCounts {
            total,
            client_ids: [(id.into(), count)].into(),
            total_unidentified,
        };
        let wanted: BTreeMap<Str, _> = [
            ("x".into(), counts(7, "ann", 5, 2)),
            ("y".into(), counts(1, "bob", 1, 0)),
        ]
        .into();
        assert_eq!(entry.multiple().unwrap(), wanted);
    }

    #[test]
    fn tm7b4_tm7b5_flags_and_totals() {
        let entry = entry(r#"{"total":1,"clientIds":["ann"],"clipped":true}"#);
        assert_eq!(entry.flag().unwrap(), list(1, &["ann"]));
        assert_eq!(entry.total().unwrap(), SummaryTotal { total: 1 });
        let json = entry.to_json().unwrap();
        assert_eq!(
            json.as_str(),
            r#"{"total":1,"clientIds":["ann"],"clipped":true}"#
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for json in [
            "1",
            "[]",
            r#"{"total":1}"#,
            r#"{"total":-1,"clientIds":[]}"#,
            r#"{"total":0.5,"clientIds":[]}"#,
            r#"{"total":1,"clientIds":[1]}"#,
        ] {
            assert_eq!(entry(json).flag().unwrap_err().code(), 40013, "{json}");
            let named = entry(&format!("{{\"x\":{json}}}"));
            assert_eq!(named.distinct().unwrap_err().code(), 40013, "{json}");
            assert_eq!(named.multiple().unwrap_err().code(), 40013, "{json}");
        }
        for ids in [
            r#"["ann"]"#,
            r#"{"ann":"1"}"#,
            r#"{"ann":1},"totalUnidentified":"1""#,
        ] {
            let json = format!("{{\"x\":{{\"total\":1,\"clientIds\":{ids}}}}}");
            assert_eq!(entry(&json).multiple().unwrap_err().code(), 40013, "{json}");
        }
        assert_eq!(entry("[]").total().unwrap_err().code(), 40013);
        let mut message = Message::default();
        assert!(SummaryEntry::of(&message).unwrap().is_empty());
        message.summary = Some(JsonText::new("[]").unwrap());
        assert_eq!(SummaryEntry::of(&message).unwrap_err().code(), 40013);
    }
}
