//! A component with a dependency, composed as `spin.toml` says.

mod support;

use support::{Folder, MEMORY, Running, component, handler};

/// Answers with the status that it gets from its import.
fn asking(import: &str) -> Vec<u8> {
    let world = format!(
        "package mud:handler;
        world handler {{
            import wasi:http/types@0.2.0;
            import {import}
            export wasi:http/incoming-handler@0.2.0;
        }}
        {PIT}"
    );
    let imports = r#"(import "mud:pit/dig@0.1.0" "dig" (func $status (result i32)))"#;
    component(&world, &handler(imports, "(func $afterwards)"))
}

/// The interface that is asked, and another one like it.
const PIT: &str = "
    package mud:pit@0.1.0 {
        interface dig { dig: func() -> u32; }
        interface drill { dig: func() -> u32; }
    }";

/// Exports one of these interfaces, and returns 204.
fn pit(interface: &str) -> Vec<u8> {
    let world = format!(
        "package mud:digger;
        world digger {{ export mud:pit/{interface}@0.1.0; }}
        {PIT}"
    );
    let module = format!(
        r#"(module (func (export "mud:pit/{interface}@0.1.0#dig") (result i32) (i32.const 204)))"#
    );
    component(&world, &module)
}

fn folder(dependency: &str, pit: &[u8]) -> Folder {
    let manifest = format!("[component.handler.dependencies]\n{dependency}");
    let folder = Folder::new(&asking("mud:pit/dig@0.1.0;"), &manifest);
    folder.write("pit.wasm", pit);
    folder
}

#[tokio::test]
async fn a_dependency_satisfies_an_import() {
    for (dependency, interface) in [
        (r#""mud:pit/dig@0.1.0" = { path = "pit.wasm" }"#, "dig"),
        (r#""mud:pit/dig" = { path = "pit.wasm" }"#, "dig"),
        (r#""mud:pit@0.1.0" = { path = "pit.wasm" }"#, "dig"),
        (r#""mud:pit" = { path = "pit.wasm" }"#, "dig"),
        (
            r#""mud:pit/dig" = { path = "pit.wasm", export = "mud:pit/drill@0.1.0" }"#,
            "drill",
        ),
    ] {
        let server = Running::start(&folder(dependency, &pit(interface))).await;
        assert_eq!(server.get().await, 204, "{dependency}");
    }
}

#[test]
fn what_does_not_fit_says_why() {
    for (dependency, pit, complaint) in [
        (
            r#""mud:pit/drill" = { path = "pit.wasm" }"#,
            pit("drill"),
            "the component does not import it; it imports",
        ),
        (
            r#""mud:pit/dig" = { path = "pit.wasm" }"#,
            pit("drill"),
            "does not export mud:pit/dig@0.1.0; it exports mud:pit/drill@0.1.0",
        ),
        (
            "\"mud:pit\" = { path = \"pit.wasm\" }\n\"mud:pit/dig\" = { path = \"pit.wasm\" }",
            pit("dig"),
            "satisfies the import mud:pit/dig@0.1.0, too",
        ),
        (
            r#""mud:pit" = { path = "pit.wasm" }"#,
            b"mud".to_vec(),
            "pit.wasm cannot be composed",
        ),
        (
            r#""mud:pit" = { path = "elbonia.wasm" }"#,
            pit("dig"),
            "elbonia.wasm: build it",
        ),
    ] {
        let folder = folder(dependency, &pit);
        let app = folder.app().unwrap();
        let error = geo_host::Component::load(&app).err().expect(dependency);
        let error = format!("{error:#}");
        assert!(error.contains(complaint), "{error}");
    }
}

/// Exports the interface, and returns 200 and 1 where it can read a variable,
/// 2 where it can open a store, 4 where it can send a request.
fn curious_pit() -> Vec<u8> {
    let world = format!(
        "package mud:digger;
        world digger {{
            import fermyon:spin/variables@2.0.0;
            import fermyon:spin/key-value@2.0.0;
            import wasi:http/types@0.2.0;
            import wasi:http/outgoing-handler@0.2.0;
            import wasi:cli/environment@0.2.6;
            export mud:pit/dig@0.1.0;
        }}
        package wasi:cli@0.2.6 {{
            interface environment {{
                get-environment: func() -> list<tuple<string, string>>;
            }}
        }}
        {PIT}"
    );
    let module = format!(
        r#"(module
            (import "fermyon:spin/variables@2.0.0" "get" (func $get (param i32 i32 i32)))
            (import "fermyon:spin/key-value@2.0.0" "[static]store.open"
                (func $open (param i32 i32 i32)))
            (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
            (import "wasi:http/types@0.2.0" "[constructor]outgoing-request"
                (func $request (param i32) (result i32)))
            (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-authority"
                (func $set-authority (param i32 i32 i32 i32) (result i32)))
            (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-path-with-query"
                (func $set-path (param i32 i32 i32 i32) (result i32)))
            (import "wasi:http/outgoing-handler@0.2.0" "handle"
                (func $handle (param i32 i32 i32 i32)))
            (import "wasi:cli/environment@0.2.6" "get-environment" (func $environment (param i32)))
            {MEMORY}
            (data (i32.const 0) "default127.0.0.1/")
            ;; Whether the result at 64 is an error.
            (func $failed (result i32) (i32.load8_u (i32.const 64)))
            (func (export "mud:pit/dig@0.1.0#dig") (result i32)
                (local $status i32) (local $sent i32)
                (local.set $status (i32.const 207))
                (call $environment (i32.const 64))
                (call $get (i32.const 0) (i32.const 7) (i32.const 64))
                (if (call $failed) (then
                    (local.set $status (i32.sub (local.get $status) (i32.const 1)))))
                (call $open (i32.const 0) (i32.const 7) (i32.const 64))
                (if (call $failed) (then
                    (local.set $status (i32.sub (local.get $status) (i32.const 2)))))
                (local.set $sent (call $request (call $fields)))
                (drop (call $set-authority (local.get $sent)
                    (i32.const 1) (i32.const 7) (i32.const 9)))
                (drop (call $set-path (local.get $sent)
                    (i32.const 1) (i32.const 16) (i32.const 1)))
                (call $handle (local.get $sent) (i32.const 0) (i32.const 0) (i32.const 64))
                (if (call $failed) (then
                    (local.set $status (i32.sub (local.get $status) (i32.const 4)))))
                (local.get $status)))"#
    );
    component(&world, &module)
}

#[tokio::test]
async fn a_dependency_has_what_it_inherits() {
    let grants = "key_value_stores = [\"default\"]\n";
    let variables = "[component.handler.variables]\ndefault = \"mud\"\n";
    let plain = r#""mud:pit" = { path = "pit.wasm" }"#;
    let with = |inherit: &str| {
        format!(r#""mud:pit" = {{ path = "pit.wasm", inherit_configuration = {inherit} }}"#)
    };
    for (inherit_all, dependency, status) in [
        ("", plain.to_owned(), 200),
        (
            "dependencies_inherit_configuration = false\n",
            plain.to_owned(),
            200,
        ),
        (
            "dependencies_inherit_configuration = true\n",
            plain.to_owned(),
            207,
        ),
        ("", with("false"), 200),
        ("", with("true"), 207),
        ("", with("[]"), 200),
        ("", with(r#"["variables"]"#), 201),
        ("", with(r#"["key_value_stores"]"#), 202),
        (
            "",
            with(r#"["allowed_outbound_hosts", "environment"]"#),
            204,
        ),
    ] {
        let manifest = format!(
            "{grants}{inherit_all}{variables}[component.handler.dependencies]\n{dependency}"
        );
        let folder = Folder::new(&asking("mud:pit/dig@0.1.0;"), &manifest);
        folder.write("pit.wasm", &curious_pit());
        let server = Running::start(&folder).await;
        assert_eq!(server.get().await, status, "{manifest}");
        let log = server.log();
        let denied = log.matches("a dependency may not ").count();
        assert_eq!(denied as u32, 3 - (status - 200u16).count_ones(), "{log}");
    }
}

/// What a dependency may not use is still there for the component itself.
#[tokio::test]
async fn what_a_dependency_is_denied_the_component_has() {
    let world = format!(
        "package mud:handler;
        world handler {{
            import wasi:http/types@0.2.0;
            import fermyon:spin/key-value@2.0.0;
            import mud:pit/dig@0.1.0;
            export wasi:http/incoming-handler@0.2.0;
        }}
        {PIT}"
    );
    let imports = r#"
        (import "mud:pit/dig@0.1.0" "dig" (func $dig (result i32)))
        (import "fermyon:spin/key-value@2.0.0" "[static]store.open"
            (func $open (param i32 i32 i32)))"#;
    // The component's own failure adds 1 to what the dependency can.
    let functions = r#"
        (data (i32.const 0) "default")
        (func $status (result i32)
            (call $open (i32.const 0) (i32.const 7) (i32.const 64))
            (i32.add (call $dig) (i32.load8_u (i32.const 64))))
        (func $afterwards)"#;
    let folder = Folder::new(
        &component(&world, &handler(imports, functions)),
        "key_value_stores = [\"default\"]\n\
         [component.handler.dependencies]\n\"mud:pit\" = { path = \"pit.wasm\" }",
    );
    folder.write("pit.wasm", &curious_pit());
    let server = Running::start(&folder).await;
    assert_eq!(server.get().await, 200);
}
