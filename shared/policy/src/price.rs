//! What a seat costs, as an administrator told it. Nothing here is ever assumed: without a price there are no savings.

use rust_decimal::{Decimal, RoundingStrategy};

/// Months of a year.
const MONTHS: i64 = 12;
/// Digits before and behind the point that a price may have: a seat never costs a milliard.
const DIGITS: (usize, usize) = (9, 4);

/// What a price is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A seat for a month.
    Month,
    /// A seat for a year.
    Year,
}

impl Period {
    /// The word for people and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// The price of one seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatPrice {
    amount: Decimal,
    /// ISO 4217 code, such as `EUR`.
    pub currency: String,
    /// What it is paid for.
    pub per: Period,
}

/// Why a price is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Not a plain decimal number.
    #[error("must be a number such as \"12.50\": at most nine digits, a point, at most four digits")]
    Amount,
    /// Not a code.
    #[error("must be a code of three capital letters, such as \"EUR\" (ISO 4217)")]
    Currency,
}

impl SeatPrice {
    /// Reads a price from texts: an amount in digits with a point, and the code of a currency.
    pub fn parse(amount: &str, currency: &str, per: Period) -> Result<Self, PriceError> {
        let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
        if !digits(whole, DIGITS.0) || !digits(part, DIGITS.1) {
            return Err(PriceError::Amount);
        }
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(PriceError::Currency);
        }
        let amount = amount.parse().map_err(|_| PriceError::Amount)?;
        Ok(Self { amount, currency: currency.to_owned(), per })
    }

    /// The amount, as it was written.
    pub fn amount(&self) -> String {
        self.amount.to_string()
    }

    /// What so many seats cost for this long, to two digits, a half rounded away from zero. Seats may be negative.
    pub fn of(&self, seats: i64, period: Period) -> String {
        let whole = self.amount * Decimal::from(seats);
        let whole = match (self.per, period) {
            (Period::Month, Period::Year) => whole * Decimal::from(MONTHS),
            (Period::Year, Period::Month) => whole / Decimal::from(MONTHS),
            (Period::Month, Period::Month) | (Period::Year, Period::Year) => whole,
        };
        format!("{:.2}", whole.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_plain_decimal_number_with_the_code_of_a_currency() {
        for good in ["0", "12", "12.5", "12.50", "999999999.9999"] {
            assert!(SeatPrice::parse(good, "EUR", Period::Month).is_ok(), "{good}");
        }
        for bad in ["", ".", "12.", ".5", "-1", "+1", "1e3", "1_000", "1,50", " 1", "1234567890", "1.23456", "١"] {
            assert_eq!(SeatPrice::parse(bad, "EUR", Period::Month), Err(PriceError::Amount), "{bad}");
        }
        for bad in ["", "€", "eur", "EURO", "=HY"] {
            assert_eq!(SeatPrice::parse("1", bad, Period::Month), Err(PriceError::Currency), "{bad}");
        }
    }

    #[test]
    fn sums_are_exact_to_the_last_digit() {
        let month = SeatPrice::parse("0.10", "EUR", Period::Month).unwrap();
        assert_eq!((month.of(3, Period::Month), month.of(3, Period::Year)), ("0.30".into(), "3.60".into()));
        let year = SeatPrice::parse("100", "USD", Period::Year).unwrap();
        assert_eq!((year.of(1, Period::Month), year.of(7, Period::Year)), ("8.33".into(), "700.00".into()));
        assert_eq!(SeatPrice::parse("0.005", "EUR", Period::Month).unwrap().of(1, Period::Month), "0.01");
        assert_eq!(month.of(-12, Period::Month), "-1.20");
        assert_eq!(month.of(0, Period::Year), "0.00");
        let most = SeatPrice::parse("999999999.9999", "EUR", Period::Month).unwrap();
        assert_eq!(most.of(i64::from(u32::MAX), Period::Year), "51539607539994846039.25");
    }
}
