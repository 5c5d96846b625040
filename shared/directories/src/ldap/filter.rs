//! Search filters. What comes from outside goes into a structure and never into a text, so there is nothing to escape;
//! only the filter that a policy brings is a text (RFC 4515), and it is read into the same structure.

use rasn_ldap::{
    AttributeDescription, AttributeValueAssertion, Filter, LdapString, MatchingRuleAssertion, SubstringChoice,
    SubstringFilter,
};

/// Brackets inside brackets at most.
const MAX_DEPTH: usize = 20;

/// Whether an attribute has exactly this value.
pub(super) fn equals(attribute: &str, value: &str) -> Filter {
    Filter::EqualityMatch(assertion(attribute, value.as_bytes().to_vec()))
}

/// Whether an attribute is there at all.
pub(super) fn present(attribute: &str) -> Filter {
    Filter::Present(AttributeDescription::from(attribute))
}

/// Whether all of them hold.
pub(super) fn all(filters: Vec<Filter>) -> Filter {
    Filter::And(filters.into())
}

fn assertion(attribute: &str, value: Vec<u8>) -> AttributeValueAssertion {
    AttributeValueAssertion::new(LdapString::from(attribute), value.into())
}

/// Reads a filter such as `(&(objectClass=person)(!(employeeType=external)))`. The error says what is wrong with it.
pub fn parse_filter(text: &str) -> Result<Filter, String> {
    let refuse = |why: &str| format!("the filter `{text}` cannot be read: {why}");
    let (filter, rest) = one(text.trim(), 0).map_err(|why| refuse(&why))?;
    if rest.is_empty() {
        Ok(filter)
    } else {
        Err(refuse(&format!("nothing may follow the last bracket, but `{rest}` does")))
    }
}

/// One filter in brackets, and what follows.
fn one(text: &str, depth: usize) -> Result<(Filter, &str), String> {
    if depth > MAX_DEPTH {
        return Err(format!("it has more than {MAX_DEPTH} brackets inside each other"));
    }
    let inner = text.strip_prefix('(').ok_or_else(|| format!("a bracket `(` is missing before `{text}`"))?;
    let (filter, rest) = match inner.chars().next() {
        Some('&') => list(inner.get(1..).unwrap_or_default(), depth).map(|(list, rest)| (all(list), rest))?,
        Some('|') => {
            let (list, rest) = list(inner.get(1..).unwrap_or_default(), depth)?;
            (Filter::Or(list.into()), rest)
        }
        Some('!') => {
            let (filter, rest) = one(inner.get(1..).unwrap_or_default(), depth + 1)?;
            (Filter::Not(Box::new(filter)), rest)
        }
        _ => {
            let end = inner.find(['(', ')']).unwrap_or(inner.len());
            (item(inner.get(..end).unwrap_or_default())?, inner.get(end..).unwrap_or_default())
        }
    };
    let rest = rest.strip_prefix(')').ok_or_else(|| format!("a bracket `)` is missing before `{rest}`"))?;
    Ok((filter, rest))
}

fn list(mut text: &str, depth: usize) -> Result<(Vec<Filter>, &str), String> {
    let mut filters = Vec::new();
    while text.starts_with('(') {
        let (filter, rest) = one(text, depth + 1)?;
        filters.push(filter);
        text = rest;
    }
    if filters.is_empty() {
        Err("`&` and `|` need at least one filter in brackets".to_owned())
    } else {
        Ok((filters, text))
    }
}

fn item(text: &str) -> Result<Filter, String> {
    let (left, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`"))?;
    if let Some(left) = left.strip_suffix(':') {
        return extensible(left, value);
    }
    let whole = |value: &str| -> Result<Vec<u8>, String> {
        if value.contains('*') {
            Err(format!("`*` has no meaning in `{text}`; write it as `\\2a`"))
        } else {
            unescaped(value)
        }
    };
    if let Some(name) = left.strip_suffix('>') {
        return Ok(Filter::GreaterOrEqual(assertion(attribute(name)?, whole(value)?)));
    }
    if let Some(name) = left.strip_suffix('<') {
        return Ok(Filter::LessOrEqual(assertion(attribute(name)?, whole(value)?)));
    }
    if let Some(name) = left.strip_suffix('~') {
        return Ok(Filter::ApproxMatch(assertion(attribute(name)?, whole(value)?)));
    }
    let name = attribute(left)?;
    match value {
        "*" => Ok(present(name)),
        _ if value.contains('*') => substrings(name, value),
        _ => Ok(Filter::EqualityMatch(assertion(name, unescaped(value)?))),
    }
}

fn substrings(name: &str, value: &str) -> Result<Filter, String> {
    let parts: Vec<&str> = value.split('*').collect();
    let last = parts.len().saturating_sub(1);
    let mut choices = Vec::new();
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let part = unescaped(part)?.into();
        choices.push(match index {
            0 => SubstringChoice::Initial(part),
            _ if index == last => SubstringChoice::Final(part),
            _ => SubstringChoice::Any(part),
        });
    }
    if choices.is_empty() {
        return Err(format!("`{value}` has nothing between its stars; write one star for `has any value`"));
    }
    Ok(Filter::Substrings(SubstringFilter::new(LdapString::from(name), choices)))
}

/// `attribute:dn:rule:=value`, such as the bit test of Active Directory.
fn extensible(left: &str, value: &str) -> Result<Filter, String> {
    let mut parts = left.split(':');
    let name = parts.next().filter(|name| !name.is_empty()).map(attribute).transpose()?;
    let mut rest: Vec<&str> = parts.collect();
    let dn = rest.first().is_some_and(|part| part.eq_ignore_ascii_case("dn"));
    if dn {
        rest.remove(0);
    }
    let rule = match rest.as_slice() {
        [] => None,
        [rule] => Some(attribute(rule)?),
        _ => return Err(format!("`{left}` has too many colons")),
    };
    if name.is_none() && rule.is_none() {
        return Err("`:=` needs an attribute or a matching rule before it".to_owned());
    }
    let (rule, name) = (rule.map(LdapString::from), name.map(LdapString::from));
    Ok(Filter::ExtensibleMatch(MatchingRuleAssertion::new(rule, name, unescaped(value)?.into(), dn)))
}

/// A name of an attribute or a rule, or its number with dots.
fn attribute(name: &str) -> Result<&str, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';');
    if name.is_empty() || !name.chars().all(legal) {
        return Err(format!("`{name}` is not the name of an attribute"));
    }
    Ok(name)
}

/// The bytes of a value; `\2a` and so on are bytes in hexadecimal.
fn unescaped(value: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.ok_or_else(|| format!("in `{value}`, two hexadecimal digits have to follow `\\`"))?);
        rest = after.get(2..).unwrap_or_default();
    }
    if rest.contains('\0') {
        return Err("it holds a zero byte; write it as `\\00`".to_owned());
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
