//! Values on their way to the server and back. Types that this product does not use come as their raw bytes and cannot
//! be sent.

use std::error::Error as StdError;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::bindings::postgres::{DbDataType, DbValue, ParameterValue};

type Failure = Box<dyn StdError + Sync + Send>;

/// The kind of a column.
pub(super) fn data_type(kind: &Type) -> DbDataType {
    match *kind {
        Type::BOOL => DbDataType::Boolean,
        Type::BYTEA => DbDataType::Binary,
        Type::FLOAT4 => DbDataType::Floating32,
        Type::FLOAT8 => DbDataType::Floating64,
        Type::INT2 => DbDataType::Int16,
        Type::INT4 => DbDataType::Int32,
        Type::INT8 => DbDataType::Int64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbDataType::Str,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => DbDataType::Datetime,
        Type::DATE => DbDataType::Date,
        Type::TIME => DbDataType::Time,
        Type::INT4_ARRAY => DbDataType::ArrayInt32,
        Type::INT8_ARRAY => DbDataType::ArrayInt64,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => DbDataType::ArrayStr,
        _ => DbDataType::Other(kind.name().into()),
    }
}

/// All values of a row.
pub(super) fn row(row: &Row) -> Result<Vec<DbValue>, String> {
    let values = row.columns().iter().enumerate().map(|(index, column)| {
        value(row, index, column.type_()).map_err(|error| format!("column {:?}: {error}", column.name()))
    });
    values.collect()
}

fn value(row: &Row, index: usize, kind: &Type) -> Result<DbValue, tokio_postgres::Error> {
    match *kind {
        Type::BOOL => take(row, index, DbValue::Boolean),
        Type::BYTEA => take(row, index, DbValue::Binary),
        Type::FLOAT4 => take(row, index, DbValue::Floating32),
        Type::FLOAT8 => take(row, index, DbValue::Floating64),
        Type::INT2 => take(row, index, DbValue::Int16),
        Type::INT4 => take(row, index, DbValue::Int32),
        Type::INT8 => take(row, index, DbValue::Int64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => take(row, index, DbValue::Str),
        // As in Spin, the time with a zone is announced as a date and time and then cannot be converted.
        Type::TIMESTAMP | Type::TIMESTAMPTZ => take(row, index, |at: NaiveDateTime| {
            let (year, month, day) = date(at.date());
            let (hour, minute, second, nanosecond) = time(at.time());
            DbValue::Datetime((year, month, day, hour, minute, second, nanosecond))
        }),
        Type::DATE => take(row, index, |at| DbValue::Date(date(at))),
        Type::TIME => take(row, index, |at| DbValue::Time(time(at))),
        Type::INT4_ARRAY => take(row, index, DbValue::ArrayInt32),
        Type::INT8_ARRAY => take(row, index, DbValue::ArrayInt64),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => take(row, index, DbValue::ArrayStr),
        _ => take(row, index, |Raw(bytes)| DbValue::Unsupported(bytes)),
    }
}

fn take<'a, T: FromSql<'a>>(
    row: &'a Row,
    index: usize,
    make: impl Fn(T) -> DbValue,
) -> Result<DbValue, tokio_postgres::Error> {
    Ok(row.try_get::<_, Option<T>>(index)?.map_or(DbValue::DbNull, make))
}

/// A month, a day or a part of a day; all of them are below 100.
fn small(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn date(date: NaiveDate) -> (i32, u8, u8) {
    (date.year(), small(date.month()), small(date.day()))
}

fn time(time: NaiveTime) -> (u8, u8, u8, u32) {
    (small(time.hour()), small(time.minute()), small(time.second()), time.nanosecond())
}

/// The bytes of a value of any type.
struct Raw(Vec<u8>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Null for a parameter of any type.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Failure> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value that can be bound.
pub(super) type Bound = Box<dyn ToSql + Send + Sync>;

/// All parameters of a statement.
pub(super) fn bind(parameters: Vec<ParameterValue>) -> Result<Vec<Bound>, String> {
    parameters.into_iter().map(parameter).collect()
}

fn parameter(value: ParameterValue) -> Result<Bound, String> {
    Ok(match value {
        ParameterValue::Boolean(value) => Box::new(value),
        ParameterValue::Int8(value) => Box::new(value),
        ParameterValue::Int16(value) => Box::new(value),
        ParameterValue::Int32(value) => Box::new(value),
        ParameterValue::Int64(value) => Box::new(value),
        ParameterValue::Floating32(value) => Box::new(value),
        ParameterValue::Floating64(value) => Box::new(value),
        ParameterValue::Str(value) => Box::new(value),
        ParameterValue::Binary(value) => Box::new(value),
        ParameterValue::Date((year, month, day)) => Box::new(to_date(year, month, day)?),
        ParameterValue::Time((hour, minute, second, nano)) => Box::new(to_time(hour, minute, second, nano)?),
        ParameterValue::Datetime((year, month, day, hour, minute, second, nano)) => {
            Box::new(to_date(year, month, day)?.and_time(to_time(hour, minute, second, nano)?))
        }
        ParameterValue::Timestamp(seconds) => Box::new(
            DateTime::<Utc>::from_timestamp(seconds, 0).ok_or_else(|| format!("invalid epoch timestamp {seconds}"))?,
        ),
        ParameterValue::ArrayInt32(values) => Box::new(values),
        ParameterValue::ArrayInt64(values) => Box::new(values),
        ParameterValue::ArrayStr(values) => Box::new(values),
        ParameterValue::DbNull => Box::new(Null),
        ParameterValue::Uuid(_)
        | ParameterValue::Jsonb(_)
        | ParameterValue::Decimal(_)
        | ParameterValue::RangeInt32(_)
        | ParameterValue::RangeInt64(_)
        | ParameterValue::RangeDecimal(_)
        | ParameterValue::ArrayDecimal(_)
        | ParameterValue::Interval(_) => {
            return Err(
                "parameters of this type are not implemented by the embedded host; send text and cast it".into()
            );
        }
    })
}

fn to_date(year: i32, month: u8, day: u8) -> Result<NaiveDate, String> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into()).ok_or_else(|| format!("invalid date {year}-{month}-{day}"))
}

fn to_time(hour: u8, minute: u8, second: u8, nano: u32) -> Result<NaiveTime, String> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nano)
        .ok_or_else(|| format!("invalid time {hour}:{minute}:{second}.{nano:09}"))
}
