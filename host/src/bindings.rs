//! What geo-host offers to a component besides WASI, generated from `wit/`.

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "spin",
    imports: { default: async },
    with: { "fermyon:spin/key-value.store": crate::key_value::OpenStore },
});
