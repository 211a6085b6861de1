//! Components composed with a dependency, as in `spin.toml`.

mod support;

use geo_host::Component;
use support::{Folder, MEMORY, Running, component, handler};

/// Returns a handler that answers with the status that `mud:pit/dig` returns.
fn importer() -> Vec<u8> {
    let world = format!(
        "package mud:handler;
        world handler {{
            import wasi:http/types@0.2.0;
            import mud:pit/dig@0.1.0;
            export wasi:http/incoming-handler@0.2.0;
        }}
        {PIT}"
    );
    let imports = r#"(import "mud:pit/dig@0.1.0" "dig" (func $status (result i32)))"#;
    component(&world, &handler(imports, "(func $afterwards)"))
}

/// The interface that the handler imports, and a similar one.
const PIT: &str = "
    package mud:pit@0.1.0 {
        interface dig { dig: func() -> u32; }
        interface drill { dig: func() -> u32; }
    }";

/// Returns a component that exports one of these interfaces, and returns 204. It
/// imports a function, given the names of interface and function and the parameters,
/// unless the first is empty.
fn pit(interface: &str, [import, function, params]: [&str; 3]) -> Vec<u8> {
    let (in_world, in_module) = match import {
        "" => Default::default(),
        _ => (
            format!("import {import};"),
            format!(r#"(import "{import}" "{function}" (func (param {params})))"#),
        ),
    };
    let world = format!(
        "package mud:digger;
        world digger {{ {in_world} export mud:pit/{interface}@0.1.0; }}
        {PIT}"
    );
    let module = format!(
        r#"(module {in_module} {MEMORY}
            (func (export "mud:pit/{interface}@0.1.0#dig") (result i32) (i32.const 204)))"#
    );
    component(&world, &module)
}

const NOTHING: [&str; 3] = [""; 3];

/// Writes an application whose component has these lines in the manifest.
fn folder(manifest: &str, pit: &[u8]) -> Folder {
    let folder = Folder::new(&importer(), manifest);
    folder.write("pit.wasm", pit);
    folder
}

#[tokio::test]
async fn a_dependency_satisfies_an_import() {
    for name in [
        "mud:pit/dig@0.1.0",
        "mud:pit/dig",
        "mud:pit@0.1.0",
        "mud:pit",
    ] {
        let manifest =
            format!("[component.handler.dependencies]\n\"{name}\" = {{ path = \"pit.wasm\" }}");
        let server = Running::start(&folder(&manifest, &pit("dig", NOTHING))).await;
        assert_eq!(server.get().await, 204, "{name}");
    }
}

#[test]
fn errors_of_composition_name_the_cause() {
    for (dependencies, pit, complaint) in [
        (
            r#""mud:pit/drill" = { path = "pit.wasm" }"#,
            pit("drill", NOTHING),
            "the component does not import it; it imports",
        ),
        (
            r#""mud:pit/dig" = { path = "pit.wasm" }"#,
            pit("drill", NOTHING),
            "does not have an export named `mud:pit/dig@0.1.0`",
        ),
        (
            "\"mud:pit\" = { path = \"pit.wasm\" }\n\"mud:pit/dig\" = { path = \"pit.wasm\" }",
            pit("dig", NOTHING),
            "`mud:pit/dig@0.1.0` has already been passed",
        ),
        (
            r#""mud:pit" = { path = "pit.wasm" }"#,
            b"mud".to_vec(),
            "pit.wasm cannot be composed",
        ),
        (
            r#""mud:pit" = { path = "elbonia.wasm" }"#,
            pit("dig", NOTHING),
            "elbonia.wasm: build it",
        ),
    ] {
        let manifest = format!("[component.handler.dependencies]\n{dependencies}");
        let error = load_error(&folder(&manifest, &pit));
        assert!(error.contains(complaint), "{error}");
    }
}

/// Returns why an application cannot be loaded.
fn load_error(folder: &Folder) -> String {
    let error = Component::load(&folder.app().unwrap()).err();
    format!("{:#}", error.expect("it cannot be served"))
}

#[tokio::test]
async fn a_dependency_imports_only_what_it_inherits() {
    for (import, field) in [
        (
            ["fermyon:spin/variables@2.0.0", "get", "i32 i32 i32"],
            "variables",
        ),
        (
            [
                "fermyon:spin/key-value@2.0.0",
                "[static]store.open",
                "i32 i32 i32",
            ],
            "key_value_stores",
        ),
        (
            [
                "wasi:http/outgoing-handler@0.2.0",
                "handle",
                "i32 i32 i32 i32",
            ],
            "allowed_outbound_hosts",
        ),
    ] {
        let only_this = format!("[\"{field}\"]");
        for (component, dependency, is_enough) in [
            (None, None, false),
            (Some("false"), None, false),
            (Some("true"), None, true),
            (None, Some("false"), false),
            (None, Some("true"), true),
            (None, Some("[\"environment\"]"), false),
            (None, Some(&*only_this), true),
        ] {
            let component = component.map_or(String::new(), |value| {
                format!("dependencies_inherit_configuration = {value}\n")
            });
            let dependency = dependency.map_or(String::new(), |value| {
                format!(", inherit_configuration = {value}")
            });
            let manifest = format!(
                "{component}[component.handler.dependencies]\n\
                 \"mud:pit\" = {{ path = \"pit.wasm\"{dependency} }}"
            );
            let folder = folder(&manifest, &pit("dig", import));
            if is_enough {
                let server = Running::start(&folder).await;
                assert_eq!(server.get().await, 204, "{manifest}");
            } else {
                let error = load_error(&folder);
                let complaint = format!("does not inherit {field}");
                assert!(error.contains(&complaint), "{manifest}: {error}");
            }
        }
    }
}
