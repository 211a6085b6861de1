//! Bindings of the interfaces besides WASI, generated from Spin's WIT.

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: ["../wit/deps/spin", "../wit/deps/keyvalue"],
    inline: "
        package geo:host;
        world spin {
            import fermyon:spin/key-value@2.0.0;
            import fermyon:spin/variables@2.0.0;
            import wasi:keyvalue/store@0.2.0-draft2;
            import wasi:keyvalue/atomics@0.2.0-draft2;
        }
    ",
    world: "geo:host/spin",
    // Traced, like the engine's own, so that a subscriber sees every call.
    imports: { default: async | tracing },
    with: {
        "fermyon:spin/key-value.store": crate::key_value::OpenStore,
        "wasi:keyvalue/store.bucket": crate::key_value::OpenStore,
    },
});
