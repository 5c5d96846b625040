//! Rate limiting: a token bucket for every caller.

use std::collections::HashMap;

use super::call::Caller;
use super::reply::Reply;
use crate::knobs::Knobs;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of a token.
    level: i64,
    at_ms: i64,
}

/// The buckets of all callers; anonymous visitors share one.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    buckets: HashMap<Option<u32>, Bucket>,
}

/// The headers of a limited reply.
pub(crate) type LimitHeaders = Vec<(&'static str, String)>;

impl Limiter {
    /// Takes a token. The headers belong on the reply either way; an error is the 429.
    pub(crate) fn take(&mut self, knobs: &Knobs, caller: Caller, now_ms: i64) -> Result<LimitHeaders, Reply> {
        const TOKEN: i64 = 1000;
        let requests = knobs.rate_limit_requests;
        if requests == 0 {
            self.buckets.clear();
            return Ok(Vec::new());
        }
        let (size, interval) = (knobs.rate_limit_bucket.max(1), knobs.rate_limit_interval_seconds.max(1));
        let (size, fill) = if requests < 0 { (0, 0) } else { (size, requests) };
        let key = match caller {
            Caller::Anonymous => None,
            Caller::User(id) => Some(id.0),
        };
        let full = size.saturating_mul(TOKEN);
        let bucket = self.buckets.entry(key).or_insert(Bucket { level: full, at_ms: now_ms });
        let passed = now_ms.saturating_sub(bucket.at_ms).max(0);
        // Thousandths of a token in a millisecond are tokens in a second.
        bucket.level =
            full.min(bucket.level.saturating_add(passed.saturating_mul(fill).checked_div(interval).unwrap_or(0)));
        bucket.at_ms = now_ms;
        let allowed = bucket.level >= TOKEN;
        if allowed {
            bucket.level = bucket.level.saturating_sub(TOKEN);
        }
        let remaining = bucket.level / TOKEN;
        let wait = if remaining > 0 || fill == 0 {
            0
        } else {
            let missing = TOKEN.saturating_sub(bucket.level).saturating_mul(interval);
            missing
                .saturating_add(fill.saturating_mul(TOKEN).saturating_sub(1))
                .checked_div(fill.saturating_mul(TOKEN))
                .unwrap_or(1)
        };
        let headers = vec![
            ("x-ratelimit-limit", size.to_string()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-interval-seconds", interval.to_string()),
            ("x-ratelimit-fillrate", fill.to_string()),
            ("retry-after", wait.to_string()),
        ];
        if allowed {
            return Ok(headers);
        }
        let mut reply = Reply::error(429, "Rate limit exceeded");
        reply.headers = headers;
        Err(reply)
    }
}
