//! `spin:postgres@4.2.0` as components call it, waiting and asynchronous calls alike.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{Client, RowStream, Statement};
use wasmtime::Result;
use wasmtime::component::{Access, Accessor, FutureReader, Resource, StreamReader};

use super::{answer, certificates, prepare, rows, values};
use crate::bindings::SpinInterfaces;
use crate::bindings::postgres::{self, Column, DbValue, Error, ParameterValue, RowSet};
use crate::state::{ComponentShared, State};

/// Connections that one instance may have open at once.
const MAX_CONNECTIONS: usize = 16;

/// A connection that a component has opened.
pub struct OpenConnection(Arc<Client>);

/// An address with what does not fit into it.
#[derive(Clone)]
pub struct Builder {
    address: String,
    authority: Option<String>,
}

type Calls<T> = Accessor<T, SpinInterfaces>;
type Connection = Resource<OpenConnection>;
type Answer<T> = Result<Result<T, Error>>;
/// Columns, rows, and how it ended.
type Streamed = (Vec<Column>, StreamReader<Vec<DbValue>>, FutureReader<Result<(), Error>>);

/// Opens a connection for a component.
async fn open(component: Arc<ComponentShared>, builder: Builder) -> Result<Client, Error> {
    component.databases.open(&component.outbound, &builder.address, builder.authority.as_deref()).await
}

/// Sends a statement with its parameters.
async fn send(client: &Client, sql: &str, parameters: Vec<ParameterValue>) -> Result<(Statement, RowStream), Error> {
    let bound = values::bind(parameters).map_err(Error::BadParameter)?;
    let statement = prepare(client, sql).await?;
    let rows = answer(client.query_raw(&statement, bound)).await?;
    Ok((statement, rows))
}

async fn execute(client: &Client, sql: &str, parameters: Vec<ParameterValue>) -> Result<u64, Error> {
    let bound = values::bind(parameters).map_err(Error::BadParameter)?;
    let statement = prepare(client, sql).await?;
    answer(client.execute_raw(&statement, bound)).await
}

fn columns(statement: &Statement) -> Vec<Column> {
    let column = |column: &tokio_postgres::Column| Column {
        name: column.name().to_owned(),
        data_type: values::data_type(column.type_()),
    };
    statement.columns().iter().map(column).collect()
}

impl State {
    /// Counts a connection that is about to be opened, so that many at once cannot pass the limit together.
    fn reserve_database(&mut self) -> Result<(), Error> {
        if self.open_databases >= MAX_CONNECTIONS {
            return Err(Error::ConnectionFailed("too many connections".into()));
        }
        self.open_databases += 1;
        Ok(())
    }

    /// Hands out the connection that was counted, or takes the count back.
    fn keep_database(&mut self, opened: Result<Client, Error>) -> Answer<Connection> {
        match opened {
            Ok(client) => Ok(Ok(self.table.push(OpenConnection(Arc::new(client)))?)),
            Err(error) => {
                self.release_database();
                Ok(Err(error))
            }
        }
    }

    fn release_database(&mut self) {
        self.open_databases = self.open_databases.saturating_sub(1);
    }

    async fn open_database(&mut self, builder: Builder) -> Answer<Connection> {
        if let Err(error) = self.reserve_database() {
            return Ok(Err(error));
        }
        let opened = open(Arc::clone(&self.component), builder).await;
        self.keep_database(opened)
    }

    fn database(&self, handle: &Connection) -> Result<Arc<Client>> {
        Ok(Arc::clone(&self.table.get(handle)?.0))
    }
}

/// The asynchronous way to open a connection. Other calls of the instance go on meanwhile.
async fn open_async<T: Send>(accessor: &Calls<T>, builder: Builder) -> Answer<Connection> {
    let component = accessor.with(|mut access| {
        let state = access.get();
        state.reserve_database().map(|()| Arc::clone(&state.component))
    });
    let component = match component {
        Ok(component) => component,
        Err(error) => return Ok(Err(error)),
    };
    let opened = open(component, builder).await;
    accessor.with(|mut access| access.get().keep_database(opened))
}

fn client<T>(accessor: &Calls<T>, handle: &Connection) -> Result<Arc<Client>> {
    accessor.with(|mut access| access.get().database(handle))
}

impl postgres::Host for State {}

impl postgres::HostConnectionBuilder for State {
    async fn build(&mut self, handle: Resource<Builder>) -> Answer<Connection> {
        let builder = self.table.get(&handle)?.clone();
        self.open_database(builder).await
    }
}

impl postgres::HostConnection for State {
    async fn open(&mut self, address: String) -> Answer<Connection> {
        self.open_database(Builder { address, authority: None }).await
    }

    async fn query(&mut self, handle: Connection, sql: String, parameters: Vec<ParameterValue>) -> Answer<RowSet> {
        let client = self.database(&handle)?;
        let (statement, stream) = match send(&client, &sql, parameters).await {
            Ok(sent) => sent,
            Err(error) => return Ok(Err(error)),
        };
        let (wanted, mut receiver) = mpsc::channel(rows::IN_FLIGHT);
        let collect = async {
            let mut found = Vec::new();
            while let Some(row) = receiver.recv().await {
                found.push(row);
            }
            found
        };
        let (outcome, rows) = tokio::join!(rows::read(stream, wanted), collect);
        Ok(outcome.map(|()| RowSet { columns: columns(&statement), rows }))
    }

    async fn execute(&mut self, handle: Connection, sql: String, parameters: Vec<ParameterValue>) -> Answer<u64> {
        let client = self.database(&handle)?;
        Ok(execute(&client, &sql, parameters).await)
    }
}

impl<T: Send> postgres::HostConnectionBuilderWithStore<T> for SpinInterfaces {
    fn new(mut access: Access<'_, T, Self>, address: String) -> Result<Resource<Builder>> {
        Ok(access.get().table.push(Builder { address, authority: None })?)
    }

    fn set_ca_root(mut access: Access<'_, T, Self>, handle: Resource<Builder>, pem: String) -> Answer<()> {
        if let Err(why) = certificates(&pem) {
            return Ok(Err(Error::BadParameter(why)));
        }
        access.get().table.get_mut(&handle)?.authority = Some(pem);
        Ok(Ok(()))
    }

    async fn build_async(accessor: &Calls<T>, handle: Resource<Builder>) -> Answer<Connection> {
        let builder = accessor.with(|mut access| access.get().table.get(&handle).cloned())?;
        open_async(accessor, builder).await
    }

    fn drop(mut access: Access<'_, T, Self>, handle: Resource<Builder>) -> Result<()> {
        access.get().table.delete(handle)?;
        Ok(())
    }
}

impl<T: Send> postgres::HostConnectionWithStore<T> for SpinInterfaces {
    async fn open_async(accessor: &Calls<T>, address: String) -> Answer<Connection> {
        open_async(accessor, Builder { address, authority: None }).await
    }

    async fn query_async(
        accessor: &Calls<T>,
        handle: Connection,
        sql: String,
        parameters: Vec<ParameterValue>,
    ) -> Answer<Streamed> {
        let client = client(accessor, &handle)?;
        let (statement, stream) = match send(&client, &sql, parameters).await {
            Ok(sent) => sent,
            Err(error) => return Ok(Err(error)),
        };
        let (wanted, receiver) = mpsc::channel(rows::IN_FLIGHT);
        let (done, outcome) = oneshot::channel();
        tokio::spawn(async move {
            // The component may have let go of the outcome too.
            let _ = done.send(rows::read(stream, wanted).await);
        });
        accessor.with(|mut access| {
            let stream = StreamReader::new(&mut access, rows::Rows(receiver))?;
            let future = FutureReader::new(&mut access, async move {
                let outcome = outcome.await;
                Ok::<_, wasmtime::Error>(outcome.unwrap_or_else(|_| Err(Error::Other("the query was given up".into()))))
            })?;
            Ok(Ok((columns(&statement), stream, future)))
        })
    }

    async fn execute_async(
        accessor: &Calls<T>,
        handle: Connection,
        sql: String,
        parameters: Vec<ParameterValue>,
    ) -> Answer<u64> {
        let client = client(accessor, &handle)?;
        Ok(execute(&client, &sql, parameters).await)
    }

    fn drop(mut access: Access<'_, T, Self>, handle: Connection) -> Result<()> {
        let state = access.get();
        state.table.delete(handle)?;
        state.release_database();
        Ok(())
    }
}
