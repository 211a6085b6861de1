//! The program `stand-in`, as `make run` and CI start it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn it_answers_until_its_input_ends() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stand-in"))
        .args(["--until-eof", "--key", "at_key"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let (origin, key) = (line(), line());
    assert_eq!(key, "at_key");

    let address = origin.strip_prefix("http://").expect(&origin);
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /api/v2/country?apiKey=at_key HTTP/1.0\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(r#"{"ip":"8.8.8.8","#), "{answer}");

    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
