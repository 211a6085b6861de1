//! What a dependency imports in the place of what it does not inherit.
//!
//! Where a dependency may not use `fermyon:spin/variables`, it is made to
//! import `denied-fermyon:spin/variables`, with the same functions. What these
//! answer is what those of Spin's adapter answer: see
//! `crates/capabilities/deny-adapter` in its source.

use crate::bindings::fermyon::spin::{key_value, variables};
use crate::dependency::Inherited;
use crate::instance::InstanceState;
use crate::key_value::OpenStore;
use crate::log::Log;
use anyhow::Result;
use wasmtime::StoreContextMut;
use wasmtime::component::{Component, HasData, Linker, LinkerInstance, Resource};
use wasmtime_wasi::p2::bindings::cli::environment;
use wasmtime_wasi_http::RequestOptions;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};

const PREFIX: &str = "denied-";

/// The field of the component's table in the manifest that lets a dependency
/// use an interface. Other interfaces are open to all.
fn field(interface: &str) -> Option<&'static str> {
    let (name, _version) = interface.split_once('@').unwrap_or((interface, ""));
    match name {
        "wasi:http/outgoing-handler" => Some("allowed_outbound_hosts"),
        "wasi:cli/environment" => Some("environment"),
        "fermyon:spin/key-value" => Some("key_value_stores"),
        "fermyon:spin/variables" => Some("variables"),
        _ => None,
    }
}

/// The name under which a dependency is to import an interface, if it is not
/// to import the interface itself.
pub fn name_for(interface: &str, inherited: &Inherited) -> Option<String> {
    let field = field(interface)?;
    (!inherited.has(field)).then(|| format!("{PREFIX}{interface}"))
}

/// Defines the interfaces that [`name_for`] has named.
pub fn add_to_linker(linker: &mut Linker<InstanceState>, component: &Component) -> Result<()> {
    let component_type = component.component_type();
    let imports = component_type.imports(component.engine());
    let imports = imports.filter_map(|(name, _)| Some((name, name.strip_prefix(PREFIX)?)));
    for (name, interface) in imports {
        let mut instance = linker.instance(name)?;
        match field(interface) {
            Some("allowed_outbound_hosts") => deny_requests(&mut instance)?,
            Some("environment") => {
                environment::add_to_linker_instance::<_, HasDenied>(&mut instance, denied)?;
            }
            Some("key_value_stores") => {
                key_value::add_to_linker_instance::<_, HasDenied>(&mut instance, denied)?;
            }
            Some("variables") => {
                variables::add_to_linker_instance::<_, HasDenied>(&mut instance, denied)?;
            }
            _ => {}
        }
    }
    Ok(())
}

struct Denied<'a>(&'a Log);

struct HasDenied;

impl HasData for HasDenied {
    type Data<'a> = Denied<'a>;
}

fn denied(state: &mut InstanceState) -> Denied<'_> {
    Denied(&state.log)
}

impl Denied<'_> {
    fn log(&self, what: impl std::fmt::Display, field: &str) {
        log(self.0, what, field);
    }
}

fn log(log: &Log, what: impl std::fmt::Display, field: &str) {
    log.line(format_args!(
        "a dependency may not {what}: it does not inherit {field}; \
         dependencies_inherit_configuration = true in the manifest lets it have everything"
    ));
}

impl variables::Host for Denied<'_> {
    async fn get(&mut self, name: String) -> Result<String, variables::Error> {
        self.log(format_args!("read the variable {name}"), "variables");
        Err(variables::Error::Undefined(name))
    }
}

impl key_value::Host for Denied<'_> {}

/// No store is ever opened, so the rest is never called.
impl key_value::HostStore for Denied<'_> {
    async fn open(&mut self, label: String) -> Result<Resource<OpenStore>, key_value::Error> {
        self.log(format_args!("open the store {label}"), "key_value_stores");
        Err(key_value::Error::AccessDenied)
    }

    async fn get(
        &mut self,
        _: Resource<OpenStore>,
        _: String,
    ) -> Result<Option<Vec<u8>>, key_value::Error> {
        Err(key_value::Error::AccessDenied)
    }

    async fn set(
        &mut self,
        _: Resource<OpenStore>,
        _: String,
        _: Vec<u8>,
    ) -> Result<(), key_value::Error> {
        Err(key_value::Error::AccessDenied)
    }

    async fn delete(&mut self, _: Resource<OpenStore>, _: String) -> Result<(), key_value::Error> {
        Err(key_value::Error::AccessDenied)
    }

    async fn exists(
        &mut self,
        _: Resource<OpenStore>,
        _: String,
    ) -> Result<bool, key_value::Error> {
        Err(key_value::Error::AccessDenied)
    }

    async fn get_keys(&mut self, _: Resource<OpenStore>) -> Result<Vec<String>, key_value::Error> {
        Err(key_value::Error::AccessDenied)
    }

    async fn drop(&mut self, _: Resource<OpenStore>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl environment::Host for Denied<'_> {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

type Handle = (
    Resource<HostOutgoingRequest>,
    Option<Resource<RequestOptions>>,
);

/// Defines `wasi:http/outgoing-handler`. Its own types are those of the real
/// `wasi:http/types`, to which generated bindings would have to be added, too.
fn deny_requests(instance: &mut LinkerInstance<InstanceState>) -> Result<()> {
    let handle = |mut store: StoreContextMut<InstanceState>, (request, options): Handle| {
        let state = store.data_mut();
        state.table.delete(request)?;
        options
            .map(|options| state.table.delete(options))
            .transpose()?;
        log(&state.log, "send a request", "allowed_outbound_hosts");
        let denied = "\"wasi:http/outgoing-handler\" is not permitted".to_owned();
        let error = ErrorCode::InternalError(Some(denied));
        Ok((Err::<Resource<HostFutureIncomingResponse>, _>(error),))
    };
    Ok(instance.func_wrap("handle", handle)?)
}
