//! What reports need to know, as people write it.

use super::problems::Problems;
use crate::price::{Period, PriceError, SeatPrice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a seat costs you: all three keys or none. It changes no decision.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RawReports {
    /// Price of one seat as a text, such as `"12.50"`.
    pub seat_price: Option<String>,
    /// Code of its currency, such as `EUR`.
    pub currency: Option<String>,
    /// What the price is paid for.
    pub per: Option<RawPeriod>,
}

/// What a price is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawPeriod {
    /// A seat for a month.
    Month,
    /// A seat for a year.
    Year,
}

pub(super) fn seat_price(raw: &RawReports, problems: &mut Problems) -> Option<SeatPrice> {
    let RawReports { seat_price, currency, per } = raw;
    let (Some(amount), Some(currency), Some(per)) = (seat_price, currency, per) else {
        let given = [("seat-price", seat_price.is_some()), ("currency", currency.is_some()), ("per", per.is_some())];
        if given.iter().any(|(_, given)| *given) {
            for (key, _) in given.into_iter().filter(|(_, given)| !given) {
                problems.add(format!("reports.{key}"), "(missing)", "give seat-price, currency and per together");
            }
        }
        return None;
    };
    let per = match per {
        RawPeriod::Month => Period::Month,
        RawPeriod::Year => Period::Year,
    };
    match SeatPrice::parse(amount, currency, per) {
        Ok(price) => Some(price),
        Err(error) => {
            let (key, value) = match error {
                PriceError::Amount => ("reports.seat-price", amount),
                PriceError::Currency => ("reports.currency", currency),
            };
            problems.add(key, value, error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    fn read(reports: &serde_json::Value) -> Result<crate::Policy, Vec<String>> {
        let file = json!({ "version": 1, "licence-groups": ["users"], "preset": "cis", "reports": reports });
        crate::raw::read(file).map_err(|problems| problems.into_iter().map(|problem| problem.field).collect())
    }

    #[test]
    fn a_price_is_given_whole_or_not_at_all() {
        assert_eq!(read(&json!({})).unwrap().seat_price, None);
        let price = read(&json!({ "seat-price": "12.50", "currency": "EUR", "per": "month" })).unwrap().seat_price;
        assert_eq!(price, Some(crate::testing::price("12.50")));
        assert_eq!(read(&json!({ "seat-price": "12.50" })).unwrap_err(), ["reports.currency", "reports.per"]);
        assert_eq!(read(&json!({ "currency": "EUR", "per": "year" })).unwrap_err(), ["reports.seat-price"]);
    }

    #[test]
    fn a_price_that_is_none_is_told_with_its_key() {
        let with = |amount, currency: &str| {
            read(&json!({ "seat-price": amount, "currency": currency, "per": "year" })).unwrap_err()
        };
        assert_eq!(with(json!("12,50"), "EUR"), ["reports.seat-price"]);
        assert_eq!(with(json!("12.50"), "Euro"), ["reports.currency"]);
        assert_eq!(with(json!(12.5), "EUR"), ["reports.seat-price"], "a number would already have been rounded");
    }
}
