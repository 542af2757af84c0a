//! The scopes of a dump.

use super::json::Value;
use super::report::place_value;
use crate::task::{Reason, ScopeInfo};
use std::collections::BTreeMap;
use std::fmt;
use std::iter::successors;

/// The scope, and those around it, outwards.
fn outwards(scope: &ScopeInfo) -> impl Iterator<Item = &ScopeInfo> {
    successors(Some(scope), |scope| scope.around())
}

/// A list of these scopes and those around them, each once.
pub(super) fn list<'a>(scopes: impl Iterator<Item = &'a ScopeInfo>) -> Value {
    let mut known = BTreeMap::new();
    for scope in scopes {
        for scope in outwards(scope) {
            // Those around it are known too.
            if known.insert(scope.id(), scope).is_some() {
                break;
            }
        }
    }
    Value::List(known.into_values().map(value).collect())
}

fn value(scope: &ScopeInfo) -> Value {
    let cancelled = |reason: &Reason| {
        let ago = scope.cancelled_for().unwrap_or_default();
        Value::Object(vec![
            ("for", Value::from(ago.as_secs_f64())),
            ("kind", Value::from(format!("{:?}", reason.kind()))),
            ("reason", Value::from(reason.to_string())),
        ])
    };
    Value::Object(vec![
        ("id", Value::from(scope.id().to_string())),
        ("kind", Value::from(scope.kind().to_string())),
        ("place", place_value(scope.place())),
        (
            "begun_by",
            Value::from(scope.begun_by().map(|id| id.to_string())),
        ),
        ("awaited", Value::from(scope.is_awaited())),
        ("around", id(scope.around())),
        ("deadline_in", Value::from(scope.seconds_left())),
        ("cancelled", scope.reason().map_or(Value::Null, cancelled)),
        ("live", Value::from(scope.live())),
    ])
}

/// What a scope is referred to by.
pub(super) fn id(scope: Option<&ScopeInfo>) -> Value {
    Value::from(scope.map(|scope| scope.id().to_string()))
}

/// Writes a line for the scope and for each around it.
pub(super) fn write(f: &mut fmt::Formatter<'_>, scope: Option<&ScopeInfo>) -> fmt::Result {
    for scope in scope.into_iter().flat_map(outwards) {
        write!(f, "\n   in {scope}")?;
    }
    Ok(())
}
