//! A server whose replies are work for nothing: each as large as a client may be made to look at.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use miniz_oxide::deflate::compress_to_vec;

const MEGABYTE: usize = 1 << 20;
/// How much one reply has.
const SIZE: usize = 100 * MEGABYTE;

/// The replies there are, by the word that asks for them.
pub(crate) const ALL: [&str; 6] = ["line", "comments", "deltas", "calls", "refusal", "bomb"];

/// Serves them until this process ends; gives the base address.
pub(crate) fn serve() -> String {
    let listener = match TcpListener::bind("127.0.0.1:0") {
        Ok(listener) => listener,
        Err(error) => panic!("no port: {error}"),
    };
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let bomb = bomb();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let bomb = bomb.clone();
            // Whoever has heard enough goes: that is no fault.
            thread::spawn(move || answer(client, &bomb).ok());
        }
    });
    format!("http://{address}/v1")
}

fn answer(mut client: TcpStream, bomb: &[u8]) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        let mut part = [0; 4096];
        match client.read(&mut part)? {
            0 => return Ok(()),
            read => request.extend_from_slice(part.get(..read).unwrap_or_default()),
        }
    }
    let request = String::from_utf8_lossy(&request);
    let asked =
        ALL.iter().find(|name| request.contains(&format!("fault {name}"))).copied().unwrap_or_default();
    let head = |status: &str, labels: &str| {
        format!("HTTP/1.1 {status}\r\ncontent-type: text/event-stream\r\n{labels}connection: close\r\n\r\n")
    };
    let call = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"t\"}}]}}]}\n\n";
    let (head, line) = match asked {
        "line" => (head("200 OK", ""), "x".repeat(1000)),
        "comments" => (head("200 OK", ""), ": nothing\n".repeat(100)),
        "deltas" => (head("200 OK", ""), "data: {\"choices\":[{\"delta\":{}}]}\n\n".repeat(30)),
        "calls" => (head("200 OK", ""), call.repeat(10)),
        "refusal" => (head("500 No", ""), "zebra ".repeat(200)),
        "bomb" => {
            client.write_all(head("200 OK", "content-encoding: gzip\r\n").as_bytes())?;
            return client.write_all(bomb);
        }
        _unknown => (head("400 What", ""), String::new()),
    };
    client.write_all(head.as_bytes())?;
    for _ in 0..SIZE / line.len().max(1) {
        client.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// A hundred megabytes of lines that mean nothing, in a few hundred kilobytes of gzip.
fn bomb() -> Vec<u8> {
    let lines = ": nothing\n".repeat(SIZE / 10);
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    packed.extend(compress_to_vec(lines.as_bytes(), 6));
    // Nobody gets as far as its checksum.
    packed.extend([0; 8]);
    packed
}
