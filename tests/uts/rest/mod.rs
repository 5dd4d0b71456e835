//! `rest/unit`
