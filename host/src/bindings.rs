//! Bindings of the interfaces besides WASI, generated from Spin's WIT.

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: [
        "../wit/deps/spin", "../wit/deps/spin-key-value", "../wit/deps/spin-variables",
        "../wit/deps/keyvalue",
    ],
    inline: "
        package geo:host;
        world spin {
            import fermyon:spin/key-value@2.0.0;
            import fermyon:spin/variables@2.0.0;
            import spin:key-value/key-value@3.0.0;
            import spin:variables/variables@3.0.0;
            import wasi:keyvalue/store@0.2.0-draft2;
            import wasi:keyvalue/atomics@0.2.0-draft2;
        }
    ",
    world: "geo:host/spin",
    // Traced, like the engine's own, so that a subscriber sees every call.
    imports: {
        "spin:key-value/key-value@3.0.0.[method]store.get-keys": async | trappable | tracing,
        default: async | tracing,
    },
    with: {
        "fermyon:spin/key-value.store": crate::key_value::OpenStore,
        "spin:key-value/key-value.store": crate::key_value::OpenStore,
        "wasi:keyvalue/store.bucket": crate::key_value::OpenStore,
    },
});
