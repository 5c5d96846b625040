//! The engine's view of Confluence's database on Spin's PostgreSQL interface.
//!
//! INVARIANT (read only): no account is read before the server has said that the session is read-only and that the role
//! can change none of the tables.

use futures::future::{Either, select};
use seatkeeper_database::{
    Parameter, Query, Settings, Value, access, accounts,
    fault::{Fault, explain},
    structure,
};
use seatkeeper_engine::{
    ports::PortError,
    sources::{Database, DatabasePage, DatabaseStructure},
};
use seatkeeper_policy::GroupName;
use spin_sdk::pg::{Certificate, Connection, DbValue, Decode, Error, OpenOptions, ParameterValue, PgError, QueryError};
use std::{cell::RefCell, collections::BTreeSet, future::Future, pin::pin, rc::Rc, time::Duration};

/// Time for one page, with the connection that the first one needs. The server itself gives up before that.
const TIME_OUT: Duration = Duration::from_secs(15);

/// Confluence's database, if there is one. The connection is opened by the first question and lasts as long as this
/// value, which is one tick.
pub struct Postgres {
    settings: Option<Settings>,
    connection: RefCell<Option<Rc<Connection>>>,
}

impl Postgres {
    /// The database that the variables name, or none.
    pub fn new(settings: Option<Settings>) -> Self {
        Self { settings, connection: RefCell::new(None) }
    }

    /// The open connection, or a new one whose role has been judged.
    async fn connection(&self, settings: &Settings) -> Result<Rc<Connection>, PortError> {
        if let Some(open) = self.connection.borrow().as_ref() {
            return Ok(Rc::clone(open));
        }
        let options = OpenOptions { ca_root: settings.authority().map(|text| Certificate::Text(text.to_owned())) };
        let opened = Connection::open_with_options(settings.address(), options).await;
        let opened = Rc::new(opened.map_err(|error| failed(settings, &error))?);
        access::judge(&ask(settings, &opened, access::query()).await?)?;
        *self.connection.borrow_mut() = Some(Rc::clone(&opened));
        Ok(opened)
    }

    async fn page(
        &self,
        settings: &Settings,
        groups: &BTreeSet<GroupName>,
        after: Option<&str>,
    ) -> Result<DatabasePage, PortError> {
        let connection = self.connection(settings).await?;
        let query = accounts::query(groups, after, settings.zone());
        accounts::page(groups, &ask(settings, &connection, query).await?)
    }
}

impl Postgres {
    async fn bounded<T>(
        &self,
        settings: &Settings,
        work: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let answer = in_time(work).await.unwrap_or_else(|| Err(explain(settings, Fault::Timeout)));
        if answer.is_err() {
            // Whatever went wrong, the next question starts with a connection of its own.
            *self.connection.borrow_mut() = None;
        }
        answer
    }
}

impl Database for Postgres {
    fn configured(&self) -> bool {
        self.settings.is_some()
    }

    async fn accounts(&self, groups: &BTreeSet<GroupName>, after: Option<&str>) -> Result<DatabasePage, PortError> {
        let Some(settings) = &self.settings else { return Ok(DatabasePage::default()) };
        self.bounded(settings, self.page(settings, groups, after)).await
    }

    async fn structure(&self) -> Result<DatabaseStructure, PortError> {
        let Some(settings) = &self.settings else { return Ok(DatabaseStructure::default()) };
        let work = async {
            let connection = self.connection(settings).await?;
            structure::read(&ask(settings, &connection, structure::query()).await?)
        };
        self.bounded(settings, work).await
    }
}

/// The value, or nothing when it took too long. Both futures wait for the host and belong to this request's task.
async fn in_time<T>(work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(spin_sdk::time::sleep(TIME_OUT))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

async fn ask(settings: &Settings, connection: &Connection, query: Query) -> Result<Vec<Vec<Value>>, PortError> {
    let parameters: Vec<ParameterValue> = query.parameters.into_iter().map(parameter).collect();
    let answer = connection.query(query.sql, parameters).await;
    let mut answer = answer.map_err(|error| failed(settings, &error))?;
    let mut rows = Vec::new();
    while let Some(row) = answer.rows().next().await {
        let row: Result<Vec<Value>, String> = row.iter().map(value).collect();
        rows.push(row.map_err(|why| explain(settings, Fault::Other(&why)))?);
    }
    // A stream that ends early looks like one that is complete; only this tells them apart.
    answer.result().await.map_err(|error| failed(settings, &error))?;
    Ok(rows)
}

fn parameter(parameter: Parameter) -> ParameterValue {
    match parameter {
        Parameter::Text(text) => ParameterValue::Str(text),
        Parameter::Texts(texts) => ParameterValue::ArrayStr(texts.into_iter().map(Some).collect()),
        Parameter::Number(number) => ParameterValue::Int64(number),
    }
}

fn value(value: &DbValue) -> Result<Value, String> {
    Ok(match value {
        DbValue::DbNull => Value::Null,
        DbValue::Boolean(flag) => Value::Flag(*flag),
        DbValue::Str(text) => Value::Text(text.clone()),
        DbValue::Datetime(_) => Value::Time(Decode::decode(value).map_err(|error| error.to_string())?),
        DbValue::ArrayStr(texts) => Value::Texts(texts.iter().flatten().cloned().collect()),
        other => return Err(format!("a value of an unexpected type came: {other:?}")),
    })
}

fn failed(settings: &Settings, error: &Error) -> PortError {
    let fault = match error {
        Error::Decode(text) => Fault::Other(text),
        // A failed query without a code is a connection that broke.
        Error::PgError(PgError::ConnectionFailed(text) | PgError::QueryFailed(QueryError::Text(text))) => {
            Fault::Connection(text)
        }
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
            Fault::Server { code: &error.code, message: &error.message }
        }
        Error::PgError(PgError::BadParameter(text) | PgError::ValueConversionFailed(text) | PgError::Other(text)) => {
            Fault::Other(text)
        }
    };
    explain(settings, fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_database::settings::Raw;
    use seatkeeper_engine::ports::ErrorClass;

    #[test]
    fn values_become_what_the_mapping_knows_and_nothing_else() {
        let noon = DbValue::Datetime((2026, 11, 23, 12, 0, 0, 0));
        assert!(matches!(value(&noon), Ok(Value::Time(at)) if at.and_utc().timestamp() == 1_795_435_200));
        let texts = DbValue::ArrayStr(vec![Some("a".into()), None]);
        assert!(matches!(value(&texts), Ok(Value::Texts(texts)) if texts == ["a"]));
        assert!(value(&DbValue::Datetime((2026, 13, 1, 0, 0, 0, 0))).is_err());
        assert!(value(&DbValue::Int32(1)).is_err());
    }

    #[test]
    fn an_error_of_the_host_is_classified_and_does_not_tell_the_password() {
        let raw = Raw { origin: "postgres://db", user: "me", password: "hunter2", name: "c", ..Raw::default() };
        let Ok(Some(settings)) = Settings::parse(raw) else { panic!("the settings are good") };
        let denied = PgError::ConnectionFailed("address host=db password=hunter2 is not permitted".into());
        let told = failed(&settings, &Error::PgError(denied));
        assert_eq!(told.class, ErrorClass::Refused);
        assert!(!told.detail.contains("hunter2"), "{told}");
        let broken = PgError::QueryFailed(QueryError::Text("connection closed".into()));
        assert_eq!(failed(&settings, &Error::PgError(broken)).class, ErrorClass::Retryable);
    }
}
