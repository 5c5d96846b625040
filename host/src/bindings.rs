//! The interfaces that this host adds to WASI, generated from their WIT files, and the linker with all of them.

use wasmtime::component::{Accessor, HasData, Linker};
use wasmtime::{Engine, Result};

use crate::state::State;
use crate::variables::VariableError;

mod generated {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "host",
        imports: {
            "spin:postgres/postgres.[method]connection-builder.build": async | trappable,
            "spin:postgres/postgres.[static]connection.open": async | trappable,
            "spin:postgres/postgres.[method]connection.query": async | trappable,
            "spin:postgres/postgres.[method]connection.execute": async | trappable,
            default: trappable | store,
        },
        with: {
            "spin:key-value/key-value.store": crate::kv::bindings::OpenStore,
            "spin:postgres/postgres.connection": crate::postgres::bindings::OpenConnection,
            "spin:postgres/postgres.connection-builder": crate::postgres::bindings::Builder,
        },
    });
}

pub(crate) use generated::spin::key_value::key_value;
pub(crate) use generated::spin::postgres::postgres;
pub(crate) use generated::spin::variables::variables;

/// Says where the interfaces of Spin find their data in a store.
pub(crate) struct SpinInterfaces;

impl HasData for SpinInterfaces {
    type Data<'a> = &'a mut State;
}

impl variables::Host for State {}

impl<T: Send> variables::HostWithStore<T> for SpinInterfaces {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<Result<String, variables::Error>> {
        let value = accessor.with(|mut access| access.get().component.variable(&name));
        Ok(value.map_err(|error| match error {
            VariableError::InvalidName(why) => variables::Error::InvalidName(why),
            VariableError::Undefined(why) => variables::Error::Undefined(why),
            VariableError::Provider(why) => variables::Error::Provider(why),
        }))
    }
}

/// A linker with everything that a component may import here.
///
/// A component of SDK 7 needs both generations of WASI: the SDK speaks 0.3, Rust's standard library 0.2.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    key_value::add_to_linker::<State, SpinInterfaces>(&mut linker, |state| state)?;
    postgres::add_to_linker::<State, SpinInterfaces>(&mut linker, |state| state)?;
    variables::add_to_linker::<State, SpinInterfaces>(&mut linker, |state| state)?;
    Ok(linker)
}
