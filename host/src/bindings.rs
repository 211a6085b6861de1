//! What geo-host offers to a component besides WASI, generated from Spin's WIT.

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: "../wit/deps/spin",
    inline: "
        package geo:host;
        world spin {
            import fermyon:spin/key-value@2.0.0;
            import fermyon:spin/variables@2.0.0;
        }
    ",
    world: "geo:host/spin",
    imports: { default: async },
    with: { "fermyon:spin/key-value.store": crate::key_value::OpenStore },
});
